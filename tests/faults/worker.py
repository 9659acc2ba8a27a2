"""A worker process to be killed: `python -m tests.faults.worker DATABASE_URL FILE`. FILE is its carrier: a line for
each text taken, written before the answer, as a real carrier would have it."""

import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

from bot import delivery
from models.clock import SystemClock
from models.database import Database
from models.ports import OutboundSms
from tests.support.mail_and_texts import Carrier, Mailer
from tests.support.workers import runtime_on
from web import engine
from web.queues import QUEUES
from web.work import Work

QUICK = {**QUEUES, "sms": replace(QUEUES["sms"], poll_s=0.1, embedded_poll_s=0.2, per_second=20.0)}
ANSWER_S = 0.1
"""Between taking a text and saying so: where a kill hurts most."""


@dataclass
class FileCarrier(Carrier):
    file: Path = Path()

    def send(self, sms: OutboundSms) -> str:
        with self.file.open("a") as taken:
            taken.write(f"{sms.reference}\n")
        time.sleep(ANSWER_S)
        return f"SM{sms.reference}"

    def find(self, sms: OutboundSms) -> str | None:
        return f"SM{sms.reference}" if sms.reference in self.file.read_text().split() else None


def main(url: str, file: str) -> None:
    database = Database(url)
    jobs = engine.DatabaseJobs(database, QUICK)
    runtime = runtime_on(database, SystemClock(), jobs, FileCarrier(file=Path(file)), Mailer())
    engine.run_worker(runtime, Work({"send_message": delivery.send}, queues=QUICK))


if __name__ == "__main__":
    main(*sys.argv[1:])
