"""A merchant's town in which anything may happen to its reminders, and a carrier that watches what leaves."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot import messenger, optouts, reminders
from bot.reminders import Selection, filling, releasing, scanning
from models.base import new_public_id
from models.cadence import Cadence
from models.clock import FrozenClock
from models.consent import Consent, ConsentAct
from models.context import Context, Runtime
from models.customer import Channel, ContactPoint, Customer
from models.database import Database
from models.invoice import Invoice, InvoiceStatus
from models.merchant import Merchant
from models.message import Message
from models.ports import OutboundSms
from models.reminder import Campaign, CampaignSource, Reminder
from tests.support.jobs import RecordingJobs
from tests.support.mail_and_texts import Carrier, Mailer
from tests.support.post import merchant
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
    runtime: Runtime | None = None
    """To look up what a text is about, as things stand when it comes."""
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
        self._look(sms.reference)
        if self.kills:
            self.kills -= 1
            raise Killed
        return f"SM{new_public_id()}"

    def _look(self, reference: str) -> None:
        assert self.runtime is not None
        about = (
            sa.select(Invoice.balance_minor, Campaign)
            .join(Reminder, Reminder.invoice_id == Invoice.id)
            .join(Campaign, Campaign.id == Reminder.campaign_id)
            .join(Message, Message.reminder_link_id == Reminder.link_id)
            .where(Message.public_id == reference)
        )
        with self.runtime.read() as ctx:
            for balance, campaign in ctx.session.execute(about):
                if balance == 0:
                    self.wrongs.append("for what was paid")
                if not campaign.is_running:
                    self.wrongs.append("of what was paused or cancelled")


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

    def queue(self, number: int) -> None:
        """A press and a scan as far as the messenger, and no further: what happens next happens in between."""
        self.press(number)
        with self.runtime.read() as ctx:
            mine = sa.select(Campaign.id).where(Campaign.merchant_id == self.merchant_id, Campaign.filled_at.is_(None))
            pressed = ctx.session.scalars(mine).all()
        for campaign_id in pressed:
            filling.fill(self.runtime, campaign_id)
        self.scan(number)
        self.release(number)

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

    def start_again(self, number: int) -> None:
        """START: the owner of the phone lifts the refusal, which is an agreement of its own."""
        phone = self.phones[number % len(self.phones)]
        with self.runtime.write() as ctx:
            optouts.opt_in(ctx, self.merchant_id, Channel.SMS, phone, "keyword")
        self.carrier.refused.discard(phone)
        self.carrier.agreed.add(phone)

    def withdraw(self, number: int) -> None:
        """The merchant writes down that somebody takes back their agreement, without a STOP."""
        phone = self.phones[number % len(self.phones)]
        with self.runtime.write() as ctx:
            ctx.session.add(_word(ctx, self.merchant_id, phone, ConsentAct.REVOKED))
        self.carrier.agreed.discard(phone)

    def agree(self, number: int) -> None:
        phone = self.phones[number % len(self.phones)]
        with self.runtime.write() as ctx:
            ctx.session.add(_word(ctx, self.merchant_id, phone, ConsentAct.GRANTED))
        self.carrier.agreed.add(phone)

    def pay(self, number: int) -> None:
        with self.runtime.write() as ctx:
            invoice = ctx.session.get_one(Invoice, self.invoices[number % len(self.invoices)])
            invoice.status, invoice.balance_minor = InvoiceStatus.PAID, 0

    def cancel(self, number: int) -> None:
        """One of the presses and days, and what it has not sent."""
        with self.runtime.write() as ctx:
            found = reminders.recent(ctx, ctx.session.get_one(Merchant, self.merchant_id))
            if found:
                reminders.cancel(ctx, found[number % len(found)])

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


def found(database: Database, start: datetime, crowd: list[Any]) -> Town:
    clock = FrozenClock(start)
    jobs, carrier = Mortal(clock), Witness(clock=clock)
    runtime = carrier.runtime = runtime_on(database, clock, jobs, carrier, Mailer())
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
            ctx.session.add(_word(ctx, town.merchant_id, phone, ConsentAct.GRANTED))
        for due in dues:
            invoice = _invoice(today + timedelta(days=due), mine)
            ctx.session.add(invoice)
            ctx.session.flush()
            town.invoices.append(invoice.id)
    town.phones.append(phone)


def _word(ctx: Context, merchant_id: int, phone: str, act: ConsentAct) -> Consent:
    said = {"channel": Channel.SMS, "address": phone, "act": act, "source": "test"}
    return Consent(merchant_id=merchant_id, created_at=ctx.clock.now(), **said)


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
