"""A worker one of whose jobs kills it: `python -m tests.faults.lethal_worker DATABASE_URL CARRIER_FILE`."""

import os
import signal
import sys
from pathlib import Path

from bot import delivery
from models.clock import SystemClock
from models.context import Runtime
from models.database import Database
from tests.faults.worker import QUICK, FileCarrier
from tests.support.mail_and_texts import Mailer
from tests.support.workers import runtime_on
from web import engine
from web.work import Job, Work

MOST_DEATHS = 2


def die(_runtime: Runtime) -> None:
    """As of a fault in a library, or of too little memory."""
    os.kill(os.getpid(), signal.SIGKILL)


def main(url: str, file: str) -> None:
    database = Database(url)
    runtime = runtime_on(
        database, SystemClock(), engine.DatabaseJobs(database, QUICK), FileCarrier(file=Path(file)), Mailer()
    )
    jobs: dict[str, Job] = {"send_message": delivery.send, "die": die}
    engine.run_worker(runtime, Work(jobs, queues=QUICK, most_deaths=MOST_DEATHS))


if __name__ == "__main__":
    main(*sys.argv[1:])
