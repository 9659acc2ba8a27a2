"""The product's own work at a pace that a test can wait for, and gunicorn's settings for a process to be killed."""

import os
import runpy
from dataclasses import replace
from typing import Any

from web import engine, jobs
from web.assembly import Assembly
from web.crowd import MANY, Crowd
from web.queues import QUEUES
from web.work import Work

BEHIND = "PROVE_BEHIND"
"""Set: a web process takes itself to be behind, and puts off what it may."""
IDLE = "PROVE_IDLE"
"""Set: a web process on SQLite does no work beside."""
EACH_SECOND = ("release_due", "confirm_replies")
PACE = {
    name: replace(queue, poll_s=0.1, embedded_poll_s=0.2, per_second=None if queue.per_second is None else 20.0)
    for name, queue in QUEUES.items()
}
WORK: Work = replace(jobs.WORK, schedules=dict.fromkeys(EACH_SECOND, "* * * * * *"), queues=PACE)

SETTINGS = runpy.run_path("gunicorn.conf.py")
globals().update({name: value for name, value in SETTINGS.items() if not name.startswith("_")})


def post_worker_init(worker: Any) -> None:
    """As in gunicorn.conf.py, but for the pace. TILL_WORKER=false keeps the usual worker out of the way."""
    SETTINGS["post_worker_init"](worker)
    app = worker.app.callable
    assembly: Assembly = app.extensions["till.assembly"]
    if BEHIND in os.environ:
        app.extensions["till.crowd"] = Crowd(lambda: MANY)
    if assembly.runtime.database.is_sqlite and IDLE not in os.environ:
        app.extensions["till.worker"] = engine.start_embedded(assembly.runtime, WORK)
