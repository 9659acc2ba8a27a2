"""A post office for tests: Acme's outgoing messages on a real database, jobs by hand, and a clock that stands still."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot import messenger
from models.base import Base, new_public_id
from models.clock import FrozenClock
from models.context import Runtime
from models.customer import Channel, ContactPoint, Customer
from models.database import Database
from models.merchant import Merchant
from models.message import Direction, Message, MessageStatus, Route
from models.verification import CODE_LIFETIME, Verification
from tests.support.jobs import RecordingJobs
from tests.support.mail_and_texts import Carrier, Mailer
from tests.support.workers import runtime_on, sibling_url
from web import engine

NOW = datetime(2026, 6, 19, 14, 0, tzinfo=UTC)
ALICE, ALICE_EMAIL, ACME = "+15550142", "alice@example.com", "+15550199"


def merchant(name: str, number: str | None = None) -> Merchant:
    return Merchant(
        slug=f"{name.lower()}-{new_public_id()[:8]}",
        name=name,
        legal_name=f"{name} Inc.",
        number=number,
        email=f"billing@{name.lower()}.example",
        phone="+15550100",
        address="1 Main St",
        hours="9-5",
        country="US",
        timezone="America/New_York",
        currency="USD",
        attested_at=NOW,
        created_at=NOW,
    )


@contextmanager
def empty_database(database_url: str, folder: Path, name: str) -> Iterator[Database]:
    """All of our tables and the job engine's, and nothing in them."""
    with sibling_url(database_url, folder, name) as url:
        database = Database(url)
        engine.migrate(database)
        Base.metadata.create_all(database.engine)
        yield database
        database.dispose()


@dataclass
class Post:
    database: Database
    clock: FrozenClock = field(default_factory=lambda: FrozenClock(NOW))
    carrier: Carrier = field(default_factory=Carrier)
    mailer: Mailer = field(default_factory=Mailer)
    jobs: RecordingJobs = field(init=False)
    runtime: Runtime = field(init=False)
    merchant_id: int = field(init=False)
    customer_id: int = field(init=False)

    def __post_init__(self) -> None:
        self.jobs = RecordingJobs(self.clock)
        self.runtime = runtime_on(self.database, self.clock, self.jobs, self.carrier, self.mailer)
        with self.runtime.write() as ctx:
            acme = merchant("Acme")
            ctx.session.add(acme)
            ctx.session.flush()
            alice = Customer(merchant_id=acme.id, name="Alice", created_at=NOW)
            ctx.session.add(alice)
            ctx.session.flush()
            self.merchant_id, self.customer_id = acme.id, alice.id

    def text(self, body: str = "Acme: hello", **fields: Any) -> int:
        return self.queue(channel=Channel.SMS, our_address=ACME, their_address=ALICE, body=body, **fields)

    def email(self, body: str = "Hello", **fields: Any) -> int:
        address = {"our_address": "billing@acme.example", "their_address": ALICE_EMAIL}
        return self.queue(channel=Channel.EMAIL, subject="Hello", body=body, **{"kind": "answer", **address, **fields})

    def queue(self, *, kind: str = "remind_due", **fields: Any) -> int:
        with self.runtime.write() as ctx:
            about: dict[str, Any] = {"merchant_id": self.merchant_id, "customer_id": self.customer_id}
            row = Message(kind=kind, **(about | fields))
            return messenger.queue(ctx, row).id

    def code(self, **fields: Any) -> int:
        """An email with a one-time code, as a verification asks for it."""
        with self.runtime.write() as ctx:
            asked = Verification(
                merchant_id=self.merchant_id,
                email=ALICE_EMAIL,
                salt="00",
                code_hash="",
                created_at=self.clock.now(),
                expires_at=self.clock.now() + CODE_LIFETIME,
            )
            ctx.session.add(asked)
            ctx.session.flush()
        body = "Your code is {code}"
        return self.email(body, kind="code", html=f"<b>{body}</b>", verification_id=asked.id, **fields)

    def reply(self, **fields: Any) -> int:
        """A text that left inside a webhook's response."""
        with self.runtime.write() as ctx:
            row = Message(
                merchant_id=self.merchant_id,
                direction=Direction.OUT,
                channel=Channel.SMS,
                kind="list",
                our_address=ACME,
                their_address=ALICE,
                body="Acme: 3 invoices",
                status=MessageStatus.QUEUED,
                route=Route.RESPONSE,
                created_at=self.clock.now(),
                **fields,
            )
            ctx.session.add(row)
            ctx.session.flush()
            return row.id

    def on_file(self, channel: Channel, address: str) -> int:
        with self.runtime.write() as ctx:
            point = ContactPoint(
                merchant_id=self.merchant_id,
                customer_id=self.customer_id,
                channel=channel,
                address=address,
                created_at=NOW,
            )
            ctx.session.add(point)
            ctx.session.flush()
            return point.id

    def discard_mail(self) -> None:
        """A sweep looks at every merchant's mail: what one test leaves is not for the next one."""
        with self.runtime.write() as ctx:
            ctx.session.execute(sa.update(Message).values(status=MessageStatus.CANCELLED))

    def run(self) -> int:
        return self.jobs.run(self.runtime)

    def later(self, by: timedelta) -> int:
        self.clock.advance(by)
        return self.run()

    def message(self, message_id: int) -> Message:
        with self.runtime.read() as ctx:
            return ctx.session.get_one(Message, message_id)

    def status(self, message_id: int) -> MessageStatus:
        return self.message(message_id).status
