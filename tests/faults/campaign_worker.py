"""A worker process to be killed in the middle of a campaign:
`python -m tests.faults.campaign_worker DATABASE_URL FILE NOW`.
FILE is its carrier; NOW the instant at which its clock stands."""

import sys
from datetime import datetime
from pathlib import Path

from models.clock import FrozenClock
from models.database import Database
from tests.faults.worker import QUICK, FileCarrier
from tests.support.mail_and_texts import Mailer
from tests.support.workers import runtime_on
from web import engine
from web.jobs import JOBS
from web.work import Work

NAMES = ("send_message", "fill_campaign", "release_reminders", "release_due", "sweep")


def main(url: str, file: str, now: str) -> None:
    database = Database(url)
    jobs = engine.DatabaseJobs(database, QUICK)
    clock = FrozenClock(datetime.fromisoformat(now))
    runtime = runtime_on(database, clock, jobs, FileCarrier(file=Path(file)), Mailer())
    work = Work({name: JOBS[name] for name in NAMES}, {"release_due": "* * * * * *"}, queues=QUICK)
    engine.run_worker(runtime, work)


if __name__ == "__main__":
    main(*sys.argv[1:])
