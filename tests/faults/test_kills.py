"""Workers die without warning, in the middle of sending: nothing is lost and nothing is sent twice."""

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot import messenger
from models.clock import SystemClock
from models.customer import Channel
from models.database import Database
from models.message import Message, MessageStatus
from tests.faults.worker import QUICK
from tests.support.mail_and_texts import Carrier, Mailer
from tests.support.post import ALICE, empty_database, merchant
from tests.support.workers import eventually, runtime_on
from web import engine
from web.slots import LOST_SLOT_STATUS

MESSAGES = 60
NUMBERS = 30
PATIENCE_S = 60.0


@dataclass
class Storm:
    """Two workers on one database, and the file that says what the carrier took."""

    database: Database
    file: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_worker(self) -> subprocess.Popen[bytes]:
        url = self.database.url.render_as_string(hide_password=False)
        command = [sys.executable, "-m", "tests.faults.worker", url, str(self.file)]
        worker = subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.DEVNULL)
        self.workers.append(worker)
        return worker

    def taken(self) -> list[str]:
        return self.file.read_text().split()

    def has_sent(self, more: int) -> bool:
        """The carrier has taken so many more texts: others are under way."""
        target = len(self.taken()) + more
        return eventually(lambda: len(self.taken()) >= target, within_s=PATIENCE_S)

    def queue(self, count: int) -> None:
        runtime = runtime_on(
            self.database, SystemClock(), engine.DatabaseJobs(self.database, QUICK), Carrier(), Mailer()
        )
        with runtime.write() as ctx:
            acme = merchant("Acme")
            ctx.session.add(acme)
            ctx.session.flush()
        for n in range(count):
            with runtime.write() as ctx:
                number = f"+1555{n % NUMBERS:07}"
                row = Message(merchant_id=acme.id, channel=Channel.SMS, kind="remind_due", body="Acme: hello")
                row.our_address, row.their_address = number, ALICE
                messenger.queue(ctx, row)
                if n % 5 == 4:
                    ctx.session.rollback()  # a change that fails takes its message with it

    def statuses(self) -> Counter[MessageStatus]:
        with self.database.read() as session:
            return Counter(session.scalars(sa.select(Message.status)))

    def references(self) -> list[str]:
        with self.database.read() as session:
            return sorted(session.scalars(sa.select(Message.public_id)))

    def is_over(self) -> bool:
        return set(self.statuses()) == {MessageStatus.SENT}

    def stop(self) -> None:
        for worker in self.workers:
            worker.kill()
            worker.wait()


@pytest.fixture
def storm(database_url: str, tmp_path: Path) -> Iterator[Storm]:
    with ExitStack() as stack:
        database = stack.enter_context(empty_database(database_url, tmp_path, "storm"))
        storm = Storm(database, tmp_path / "carrier")
        storm.file.touch()
        stack.callback(storm.stop)
        yield storm


def test_it_loses_and_repeats_nothing_when_workers_are_killed(storm: Storm) -> None:
    storm.queue(MESSAGES)
    storm.start_worker()
    for place in range(3):
        storm.start_worker()  # on SQLite it waits for the file, on PostgreSQL it shares the work
        assert storm.has_sent(8)
        storm.workers[place].kill()

    assert eventually(storm.is_over, within_s=PATIENCE_S)
    assert sorted(storm.taken()) == storm.references()


@pytest.mark.prove
def test_it_takes_the_work_from_a_frozen_worker_which_then_ends(storm: Storm, database_url: str) -> None:
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite's lock is the process's own: a frozen one keeps it")
    storm.queue(MESSAGES)
    frozen = storm.start_worker()
    assert storm.has_sent(8)
    frozen.send_signal(signal.SIGSTOP)
    storm.start_worker()

    assert eventually(storm.is_over, within_s=60)
    frozen.send_signal(signal.SIGCONT)

    assert frozen.wait(timeout=20) == LOST_SLOT_STATUS
    assert sorted(storm.taken()) == storm.references()
