"""`flask db`: the schema."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask.cli import AppGroup

from models import migrations
from models.database import Database
from models.migrations import walls
from web import engine
from web.context import runtime

group = AppGroup("db", help="The database's schema.")


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except migrations.TableInUse:
        raise click.ClickException(
            "A long transaction has a table in use. Run it again: it goes on where it stopped."
        ) from None


@group.command("upgrade")
def upgrade() -> None:
    """Bring the schema (ours and the job engine's) to this release."""
    database = runtime().database
    with _told():
        migrations.upgrade(database.engine)
    engine.migrate(database)
    click.echo("The schema is up to date.")


@group.command("check")
def check() -> None:
    """Prove that the migrations make exactly the tables in models/: on a fresh database, from nothing."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'check.sqlite3'}")
        migrations.upgrade(database.engine)
        found = migrations.differences(database.engine)
        database.dispose()
    for difference in found:
        click.echo(str(difference))
    if found:
        sys.exit(1)
    click.echo("The migrations and the tables agree.")


@group.command("walls")
@click.argument("state", type=click.Choice(["up", "down"]))
def raise_walls(state: str) -> None:
    """Bind the tables' owner to PostgreSQL's walls between merchants, once only this release runs; or no longer, before
    an older release is started again."""
    with _told(), migrations.changing(), runtime().database.engine.begin() as connection:
        migrations.wait_briefly(connection)
        walls.force(connection, on=state == "up")
    click.echo(f"The walls are {state}.")


@group.command("revision")
@click.argument("message")
def revision(message: str) -> None:
    """Write a new revision from the difference between the database and models/."""
    migrations.new_revision(runtime().database.engine, message)
