"""A campaign whose workers die without warning while it is written, released and sent: each customer gets one text."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot import reminders
from bot.reminders import Selection
from models.clock import FrozenClock
from models.consent import Consent, ConsentAct
from models.customer import Channel, ContactPoint, Customer
from models.database import Database
from models.invoice import Invoice, InvoiceStatus
from models.message import Message, MessageStatus
from models.reminder import CampaignSource, Reminder, ReminderStatus
from tests.faults.worker import QUICK
from tests.support.mail_and_texts import Carrier, Mailer
from tests.support.post import empty_database, merchant
from tests.support.workers import eventually, runtime_on
from web import engine

NOON = datetime(2026, 6, 19, 18, tzinfo=UTC)  # a Friday
CUSTOMERS = 24


@dataclass
class Storm:
    database: Database
    file: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_worker(self) -> subprocess.Popen[bytes]:
        url = self.database.url.render_as_string(hide_password=False)
        command = [sys.executable, "-m", "tests.faults.campaign_worker", url, str(self.file), NOON.isoformat()]
        worker = subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.DEVNULL)
        self.workers.append(worker)
        return worker

    def taken(self) -> list[str]:
        return self.file.read_text().split()

    def press(self) -> None:
        jobs = engine.DatabaseJobs(self.database, QUICK)
        runtime = runtime_on(self.database, FrozenClock(NOON), jobs, Carrier(), Mailer())
        with runtime.write() as ctx:
            acme = merchant("Acme", "+12065550199")
            ctx.session.add(acme)
            ctx.session.flush()
            for n in range(CUSTOMERS):
                for row in _customer(acme.id, n):
                    ctx.session.add(row)
                    ctx.session.flush()
            everyone = Selection(everyone_overdue=True)
            reminders.launch(ctx, acme, everyone, by="office", source=CampaignSource.CLI, key="storm")

    def statuses(self) -> set[tuple[ReminderStatus, MessageStatus | None]]:
        rows = sa.select(Reminder.status, Message.status).outerjoin(Message, Message.id == Reminder.message_id)
        with self.database.read() as session:
            return {(row[0], row[1]) for row in session.execute(rows)}

    def references(self) -> list[str]:
        sent = sa.select(Message.public_id).join(Reminder, Reminder.message_id == Message.id)
        with self.database.read() as session:
            return sorted(session.scalars(sent))

    def is_over(self) -> bool:
        return self.statuses() == {(ReminderStatus.SENT, MessageStatus.SENT)}

    def stop(self) -> None:
        for worker in self.workers:
            worker.kill()
            worker.wait()


def _customer(merchant_id: int, n: int) -> Iterator[object]:
    customer = Customer(merchant_id=merchant_id, name=f"Customer {n}", created_at=NOON)
    yield customer
    phone = f"+1305555{n:04}"
    mine = {"merchant_id": merchant_id, "channel": Channel.SMS, "address": phone, "created_at": NOON}
    yield ContactPoint(customer_id=customer.id, **mine)
    yield Consent(act=ConsentAct.GRANTED, source="test", **mine)
    yield Invoice(
        merchant_id=merchant_id,
        customer_id=customer.id,
        number=f"INV-{n}",
        status=InvoiceStatus.OPEN,
        currency="USD",
        total_minor=5_000,
        balance_minor=5_000,
        issued_on=date(2026, 5, 1),
        due_on=date(2026, 6, 1),
        created_at=NOON,
    )


@pytest.fixture
def storm(database_url: str, tmp_path: Path) -> Iterator[Storm]:
    with ExitStack() as stack:
        database = stack.enter_context(empty_database(database_url, tmp_path, "campaign"))
        storm = Storm(database, tmp_path / "carrier")
        storm.file.touch()
        stack.callback(storm.stop)
        yield storm


def test_it_texts_each_customer_once_when_workers_are_killed(storm: Storm) -> None:
    storm.press()
    storm.start_worker()
    for place, sent in enumerate((1, 6, 12)):
        storm.start_worker()  # on SQLite it waits for the file, on PostgreSQL it shares the work
        assert eventually(lambda least=sent: len(storm.taken()) >= least, within_s=150)  # type: ignore[misc]
        storm.workers[place].kill()

    assert eventually(storm.is_over, within_s=150)
    assert sorted(storm.taken()) == storm.references()
    assert len(storm.references()) == CUSTOMERS
