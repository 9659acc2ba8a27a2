"""What is known about some hundred customers at this moment, read in a few statements: enough to say for each of their
invoices who is reminded, or why nobody is."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot import cases, whatsapp
from bot.channels.twilio_errors import WORDS_REFUSED
from bot.reminders.selection import Candidate
from models.among import among
from models.cadence import CustomerCadence
from models.case import PAUSING, Case
from models.consent import Consent, ConsentAct, OptOut
from models.context import Context
from models.conversation import Conversation, Promise
from models.customer import APPS, Channel, ContactPoint
from models.merchant import Merchant
from models.message import Direction, Message, MessageStatus
from models.payment import UNDER_WAY_STATUSES, Allocation, Payment
from models.refund import Dispute, DisputeKind, DisputeStatus
from models.reminder import Reminder, ReminderStatus

CAP_DAYS = 7
LOOK_BACK = timedelta(days=CAP_DAYS + 1)
"""A local day may have begun before the UTC one."""

Address = tuple[Channel, str]


@dataclass(frozen=True, slots=True)
class Point:
    channel: Channel
    address: str
    is_bad: bool


@dataclass(frozen=True, slots=True)
class Past:
    """One reminder that was sent: several of one message count once."""

    message_id: int
    sent_at: datetime
    invoice_id: int
    customer_id: int


@dataclass(slots=True)
class Facts:
    points: dict[int, list[Point]] = field(default_factory=lambda: defaultdict(list))
    """By customer, the primary ones first."""
    opted_out: set[Address] = field(default_factory=set)
    consented: set[Address] = field(default_factory=set)
    free_until: dict[str, datetime] = field(default_factory=dict)
    """WhatsApp numbers that free words may go to."""
    refused: set[str] = field(default_factory=set)
    """WhatsApp numbers where neither words nor template were taken lately: another channel has its turn."""
    in_flight: set[int] = field(default_factory=set)
    disputed: set[int] = field(default_factory=set)
    questioned: set[tuple[int, int | None]] = field(default_factory=set)
    """Customer and invoice of an open case; None: all of them."""
    promised: dict[tuple[int, int | None], date] = field(default_factory=dict)
    by_customer: dict[int, list[Past]] = field(default_factory=lambda: defaultdict(list))
    by_address: dict[str, list[Past]] = field(default_factory=lambda: defaultdict(list))
    standing: dict[tuple[int, str, date], ReminderStatus] = field(default_factory=dict)
    own: dict[int, CustomerCadence] = field(default_factory=dict)


def read(ctx: Context, merchant: Merchant, candidates: Sequence[Candidate], besides_link: int | None = None) -> Facts:
    """`besides_link`: as if the message with this reminder link had not been queued yet."""
    facts = Facts()
    customers = sorted({candidate.customer_id for candidate in candidates})
    invoices = sorted({candidate.invoice_id for candidate in candidates})
    _read_points(ctx, facts, customers)
    addresses = sorted({point.address for points in facts.points.values() for point in points})
    _read_permissions(ctx, merchant, facts, addresses)
    _read_windows(ctx, merchant, facts)
    _read_money(ctx, facts, invoices)
    _read_words(ctx, merchant, facts, customers)
    others = sa.true() if besides_link is None else Reminder.link_id.is_distinct_from(besides_link)
    _read_past(ctx, merchant, facts, customers, addresses, others)
    _read_standing(ctx, facts, invoices, others)
    rules = sa.select(CustomerCadence).where(among(CustomerCadence.customer_id, customers))
    facts.own = {rule.customer_id: rule for rule in ctx.session.scalars(rules)}
    return facts


def _read_points(ctx: Context, facts: Facts, customers: Sequence[int]) -> None:
    rows = ctx.session.execute(
        sa.select(
            ContactPoint.customer_id,
            ContactPoint.channel,
            ContactPoint.address,
            ContactPoint.bad_since_at.is_not(None),
        )
        .where(among(ContactPoint.customer_id, customers))
        .order_by(ContactPoint.customer_id, ContactPoint.is_primary.desc(), ContactPoint.id)
    )
    for customer_id, channel, address, is_bad in rows:
        facts.points[customer_id].append(Point(channel, address, is_bad))


def _read_permissions(ctx: Context, merchant: Merchant, facts: Facts, addresses: Sequence[str]) -> None:
    """A refusal stands until its owner lifts it. Of agreements the newest word counts; emails need none."""
    refusals = sa.select(OptOut.channel, OptOut.address).where(
        OptOut.merchant_id == merchant.id, among(OptOut.address, addresses)
    )
    facts.opted_out = {(channel, address) for channel, address in ctx.session.execute(refusals)}
    phones = sorted({point.address for points in facts.points.values() for point in points if point.channel in APPS})
    words = (
        sa.select(Consent.channel, Consent.address, Consent.act)
        .where(Consent.merchant_id == merchant.id, Consent.channel.in_(APPS), among(Consent.address, phones))
        .order_by(Consent.id)
    )
    latest = {(channel, address): act for channel, address, act in ctx.session.execute(words)}
    facts.consented = {address for address, act in latest.items() if act is ConsentAct.GRANTED}


def _read_windows(ctx: Context, merchant: Merchant, facts: Facts) -> None:
    points = [point for points in facts.points.values() for point in points]
    addresses = sorted({point.address for point in points if point.channel is Channel.WHATSAPP})
    if not addresses:  # nearly always
        return
    since = ctx.clock.now() - whatsapp.WINDOW
    talking = sa.select(Conversation.address, Conversation.last_inbound_at).where(
        Conversation.merchant_id == merchant.id,
        Conversation.channel == Channel.WHATSAPP,
        among(Conversation.address, addresses),
        Conversation.last_inbound_at > since,
    )
    heard = {address: at for address, at in ctx.session.execute(talking) if at is not None}
    facts.free_until = {address: at + whatsapp.WINDOW for address, at in heard.items()}
    not_taken = sa.select(Message.their_address, Message.finished_at).where(
        Message.merchant_id == merchant.id,
        Message.channel == Channel.WHATSAPP,
        among(Message.their_address, addresses),
        Message.direction == Direction.OUT,
        Message.status == MessageStatus.FAILED,
        Message.error_code.in_(WORDS_REFUSED),
        Message.finished_at > since,
    )
    for address, at in ctx.session.execute(not_taken):
        if address not in heard or (at is not None and at >= heard[address]):
            facts.refused.add(address)


def _read_money(ctx: Context, facts: Facts, invoices: Sequence[int]) -> None:
    moving = (
        sa.select(Allocation.invoice_id)
        .join(Payment, Payment.id == Allocation.payment_id)
        .where(among(Allocation.invoice_id, invoices), Allocation.is_open, Payment.status.in_(UNDER_WAY_STATUSES))
    )
    facts.in_flight = set(ctx.session.scalars(moving))
    argued = (
        sa.select(Allocation.invoice_id)
        .join(Dispute, Dispute.payment_id == Allocation.payment_id)
        .where(
            among(Allocation.invoice_id, invoices),
            Dispute.kind == DisputeKind.DISPUTE,
            Dispute.status == DisputeStatus.OPEN,
        )
    )
    facts.disputed = set(ctx.session.scalars(argued))


def _read_words(ctx: Context, merchant: Merchant, facts: Facts, customers: Sequence[int]) -> None:
    """What customers have said: that the bill is wrong or paid, or when they will pay."""
    opened = (
        sa.select(Case.customer_id, Case.invoice_id, Conversation.channel, Conversation.address)
        .join(Conversation, Conversation.id == Case.conversation_id)
        .where(Case.merchant_id == merchant.id, Case.resolved_at.is_(None), Case.kind.in_(PAUSING))
    )
    found = ctx.session.execute(opened).all()
    at = _customers_at(facts) if found else {}
    for customer_id, invoice_id, channel, address in found:
        whose = [customer_id] if customer_id is not None else at.get((channel, address), ())
        facts.questioned.update((one, invoice_id) for one in whose)
    promises = sa.select(Promise).where(among(Promise.customer_id, customers), Promise.promised_on.is_not(None))
    for promise in ctx.session.scalars(promises.order_by(Promise.id)):
        if promise.promised_on is not None and cases.keeps_quiet(promise):
            facts.promised[promise.customer_id, promise.invoice_id] = promise.promised_on


def _customers_at(facts: Facts) -> dict[Address, list[int]]:
    found: dict[Address, list[int]] = defaultdict(list)
    for customer_id, points in facts.points.items():
        for point in points:
            found[point.channel, point.address].append(customer_id)
    return found


def _read_past(
    ctx: Context,
    merchant: Merchant,
    facts: Facts,
    customers: Sequence[int],
    addresses: Sequence[str],
    others: sa.ColumnElement[bool],
) -> None:
    """The status is looked at here: asked for in SQL, SQLite would walk through all that was ever sent."""
    since = ctx.clock.now() - LOOK_BACK
    columns = (Reminder.customer_id, Reminder.address, Reminder.message_id, Reminder.sent_at, Reminder.invoice_id)
    lately = sa.select(*columns, Reminder.status).where(Reminder.sent_at > since, others)
    for row in ctx.session.execute(lately.where(among(Reminder.customer_id, customers))):
        if row.status is ReminderStatus.SENT:
            facts.by_customer[row.customer_id].append(_past(row))
    at_them = lately.where(Reminder.merchant_id == merchant.id, among(Reminder.address, addresses))
    for row in ctx.session.execute(at_them):
        if row.status is ReminderStatus.SENT:
            facts.by_address[row.address].append(_past(row))


def _past(row: Any) -> Past:
    return Past(row.message_id, row.sent_at, row.invoice_id, row.customer_id)


def _read_standing(ctx: Context, facts: Facts, invoices: Sequence[int], others: sa.ColumnElement[bool]) -> None:
    rows = sa.select(Reminder.invoice_id, Reminder.step, Reminder.anchor_on, Reminder.status).where(
        among(Reminder.invoice_id, invoices), others
    )
    for invoice_id, step, anchor_on, status in ctx.session.execute(rows):
        facts.standing[invoice_id, step, anchor_on] = status


def is_questioned(facts: Facts, candidate: Candidate) -> bool:
    about_all, about_it = (candidate.customer_id, None), (candidate.customer_id, candidate.invoice_id)
    return about_all in facts.questioned or about_it in facts.questioned


def promised_until(facts: Facts, candidate: Candidate) -> date | None:
    keys = ((candidate.customer_id, candidate.invoice_id), (candidate.customer_id, None))
    return max((facts.promised[key] for key in keys if key in facts.promised), default=None)
