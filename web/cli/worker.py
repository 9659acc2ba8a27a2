"""`flask worker`: a process that runs jobs, as many as wanted on PostgreSQL."""

import click
from flask.cli import with_appcontext

from web import engine, jobs
from web.context import runtime


@click.command("worker")
@with_appcontext
def command() -> None:
    """Run jobs until told to stop (SIGTERM). Web processes on PostgreSQL only enqueue."""
    engine.run_worker(runtime(), jobs.WORK)
