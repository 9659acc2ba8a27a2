"""Whatever happens in whatever order, at any hour of the year and with crashes in between: no reminder is sent twice,
in quiet hours, without a consent, after a refusal, or the second on one day."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import hypothesis
import pytest
import sqlalchemy as sa
from hypothesis import strategies as st

from bot import messenger, optouts, reminders
from bot.reminders import Selection, releasing, scanning
from models.base import new_public_id
from models.cadence import Cadence
from models.clock import FrozenClock
from models.consent import Consent, ConsentAct
from models.context import Runtime
from models.customer import Channel, ContactPoint, Customer
from models.database import Database
from models.invoice import Invoice, InvoiceStatus
from models.merchant import Merchant
from models.message import Message
from models.ports import OutboundSms
from models.reminder import Campaign, CampaignSource, Reminder, ReminderStatus
from tests.support.jobs import RecordingJobs
from tests.support.mail_and_texts import Carrier, Mailer
from tests.support.post import empty_database, merchant
from tests.support.workers import runtime_on

WINDOWS = {
    "305": (("America/New_York",), 9, 20),
    "206": (("America/Los_Angeles",), 9, 20),
    "850": (("America/New_York", "America/Chicago"), 9, 20),
    "606": (("America/New_York", "America/Chicago"), 10, 20),
    "401": (("America/New_York",), 9, 18),
    "808": (("Pacific/Honolulu",), 9, 20),
}
"""Written down once more, apart from the product's own tables. Nobody is texted on Sundays."""
RHODE_ISLAND, SATURDAY, SUNDAY = "401", 5, 6
CLOCK_CHANGES = (datetime(2026, 3, 7, 20, tzinfo=UTC), datetime(2026, 10, 31, 20, tzinfo=UTC))


class Killed(Exception):
    """The process is gone in the middle of things."""


@dataclass
class Witness(Carrier):
    """A carrier that looks at each text the moment it takes it, and may take its sender's life right after."""

    clock: FrozenClock = field(default_factory=lambda: FrozenClock(CLOCK_CHANGES[0]))
    refused: set[str] = field(default_factory=set)
    agreed: set[str] = field(default_factory=set)
    kills: int = 0
    wrongs: list[str] = field(default_factory=list)
    days: Counter[tuple[str, date]] = field(default_factory=Counter)

    def send(self, sms: OutboundSms) -> str:
        self.sent.append(sms)
        local = self.clock.now().astimezone(ZoneInfo(WINDOWS[sms.to[2:5]][0][0]))
        self.days[sms.to, local.date()] += 1
        if sms.to in self.refused:
            self.wrongs.append("after a refusal")
        if sms.to not in self.agreed:
            self.wrongs.append("without a consent")
        if is_quiet(sms.to, self.clock.now()):
            self.wrongs.append(f"to {sms.to[:5]} at {self.clock.now()}")
        if self.kills:
            self.kills -= 1
            raise Killed
        return f"SM{new_public_id()}"


def is_quiet(phone: str, at: datetime) -> bool:
    zones, opens, closes = WINDOWS[phone[2:5]]
    for zone in zones:
        local = at.astimezone(ZoneInfo(zone))
        from_, until = opens, closes
        if phone[2:5] == RHODE_ISLAND and local.weekday() == SATURDAY:
            from_, until = 10, 17
        if local.weekday() == SUNDAY or not from_ <= local.hour < until:
            return True
    return False


@dataclass
class Mortal(RecordingJobs):
    """`fuse`: after so many more enqueues the process dies, and its transaction with it."""

    fuse: int | None = None

    def enqueue(self, *args: Any, **options: Any) -> None:
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse < 0:
                self.fuse = None
                raise Killed
        super().enqueue(*args, **options)


@dataclass
class Town:
    """One merchant of its own for each story, in a database that all stories share."""

    runtime: Runtime
    jobs: Mortal
    carrier: Witness
    merchant_id: int
    phones: list[str]
    invoices: list[int]

    def act(self, name: str, number: int) -> None:
        try:
            getattr(self, name)(number)
        except Killed:
            return

    def advance(self, hours: int) -> None:
        self.carrier.clock.advance(timedelta(hours=hours % 30 + 1))

    def press(self, number: int) -> None:
        with self.runtime.write() as ctx:
            owner = ctx.session.get_one(Merchant, self.merchant_id)
            key, chosen = f"press-{number % 4}", Selection(everyone_overdue=True)
            reminders.launch(ctx, owner, chosen, by="office", source=CampaignSource.CLI, key=key)

    def scan(self, _: int) -> None:
        scanning.scan(self.runtime, self.merchant_id)

    def release(self, _: int) -> None:
        releasing.release(self.runtime, self.merchant_id)

    def work(self, _: int) -> None:
        self.jobs.run(self.runtime)

    def sweep(self, _: int) -> None:
        messenger.sweep(self.runtime)

    def kill_at_carrier(self, _: int) -> None:
        self.carrier.kills = 1

    def kill_at_enqueue(self, number: int) -> None:
        self.jobs.fuse = number % 5

    def stop(self, number: int) -> None:
        phone = self.phones[number % len(self.phones)]
        with self.runtime.write() as ctx:
            optouts.opt_out(ctx, self.merchant_id, Channel.SMS, phone, "keyword")
        self.carrier.refused.add(phone)

    def pay(self, number: int) -> None:
        with self.runtime.write() as ctx:
            invoice = ctx.session.get_one(Invoice, self.invoices[number % len(self.invoices)])
            invoice.status, invoice.balance_minor = InvoiceStatus.PAID, 0

    def pause(self, number: int) -> None:
        with self.runtime.write() as ctx:
            for campaign in ctx.session.scalars(sa.select(Campaign).where(Campaign.merchant_id == self.merchant_id)):
                if campaign.cancelled_at is None:
                    (reminders.pause if number % 2 else reminders.resume)(ctx, campaign)

    def finish(self) -> None:
        self.jobs.fuse, self.carrier.kills = None, 0
        self.act("pause", 0)
        for _ in range(3):
            for name in ("scan", "release", "work", "sweep", "work"):
                self.act(name, 0)
            self.advance(13)


ACTIONS = (
    *("advance", "press", "scan", "release", "work", "sweep", "kill_at_carrier", "kill_at_enqueue"),
    *("stop", "pay", "pause", "advance", "work"),
)
people = st.lists(
    st.tuples(
        st.sampled_from(sorted(WINDOWS)),
        st.integers(0, 2),  # few lines: some share a phone
        st.booleans(),
        st.lists(st.integers(-9, 9), min_size=1, max_size=3),
    ),
    min_size=1,
    max_size=4,
)
starts = st.one_of(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.builds(lambda at, hours: at + timedelta(hours=hours), st.sampled_from(CLOCK_CHANGES), st.integers(0, 30)),
)
stories = st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 60)), min_size=5, max_size=25)


@pytest.fixture(scope="module")
def database(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    folder: Path = tmp_path_factory.mktemp("never")
    with empty_database(database_url, folder, "never") as found:
        yield found


@pytest.mark.fuzz
def test_it_never_sends_what_it_must_not(database: Database) -> None:
    most = hypothesis.settings.default.max_examples if hypothesis.settings.default else 100

    @hypothesis.settings(max_examples=most // 2 if database.is_sqlite else most // 8)
    @hypothesis.given(start=starts, crowd=people, story=stories)
    def tell(start: datetime, crowd: list[Any], story: list[tuple[str, int]]) -> None:
        town = found(database, start, crowd)
        for name, number in story:
            town.act(name, number)
        town.finish()
        assert town.carrier.wrongs == []
        assert repeats(town) == []
        assert max(town.carrier.days.values(), default=0) <= 1

    tell()


def repeats(town: Town) -> list[str]:
    """Texts that the carrier took and that no standing reminder is behind, twice for one, or too many a day."""
    texts = town.carrier.sent
    wrongs = [f"twice: {ref}" for ref, n in Counter(text.reference for text in texts).items() if n > 1]
    with town.runtime.read() as ctx:
        rows = ctx.session.execute(sa.select(Message.public_id, Message.reminder_link_id))
        links = {row.public_id: row.reminder_link_id for row in rows}
        standing = set(ctx.session.scalars(sa.select(Reminder.link_id).where(Reminder.status == ReminderStatus.SENT)))
    behind = Counter(links[text.reference] for text in texts)
    wrongs += [f"nobody's or twice: {link}" for link, n in behind.items() if n > 1 or link not in standing]
    return wrongs


def found(database: Database, start: datetime, crowd: list[Any]) -> Town:
    clock = FrozenClock(start)
    jobs, carrier = Mortal(clock), Witness(clock=clock)
    runtime = runtime_on(database, clock, jobs, carrier, Mailer())
    with runtime.write() as ctx:
        acme = merchant("Acme", f"+1212{int(new_public_id()[:6], 16):08}"[:12])
        acme.created_at = start
        ctx.session.add(acme)
        ctx.session.flush()
        ctx.session.add(Cadence(merchant_id=acme.id, steps=[-3, 0, 2]))
    town = Town(runtime, jobs, carrier, acme.id, [], [])
    for area, line, agrees, dues in crowd:
        _settle(town, f"+1{area}55501{line:02}", agrees, start.date(), dues)
    return town


def _settle(town: Town, phone: str, agrees: bool, today: date, dues: list[int]) -> None:
    now = town.carrier.clock.now()
    with town.runtime.write() as ctx:
        mine = {"merchant_id": town.merchant_id, "created_at": now}
        customer = Customer(name="Somebody", **mine)
        ctx.session.add(customer)
        ctx.session.flush()
        mine["customer_id"] = customer.id
        ctx.session.add(ContactPoint(channel=Channel.SMS, address=phone, **mine))
        if agrees:
            town.carrier.agreed.add(phone)
            word = {"channel": Channel.SMS, "address": phone, "act": ConsentAct.GRANTED, "source": "test"}
            ctx.session.add(Consent(merchant_id=town.merchant_id, created_at=now, **word))
        for due in dues:
            invoice = _invoice(today + timedelta(days=due), mine)
            ctx.session.add(invoice)
            ctx.session.flush()
            town.invoices.append(invoice.id)
    town.phones.append(phone)


def _invoice(due_on: date, mine: dict[str, Any]) -> Invoice:
    return Invoice(
        number=new_public_id()[:12],
        status=InvoiceStatus.OPEN,
        currency="USD",
        total_minor=5_000,
        balance_minor=5_000,
        issued_on=due_on - timedelta(days=30),
        due_on=due_on,
        **mine,
    )
