"""The numbers of the overview, each from one statement that an index answers. Live rows of one merchant only."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from models.context import Context
from models.customer import Channel
from models.invoice import Invoice, InvoiceStatus
from models.merchant import Merchant, Mode
from models.message import Direction, Message, MessageStatus
from models.money import Money
from models.payment import Payment, PaymentStatus
from models.reminder import Reminder, ReminderStatus

DAYS = 14
MONTH = timedelta(days=30)
PROMPT = timedelta(hours=48)
"""So soon after a reminder a payment counts as its doing."""
LATE_DAYS = (0, 30, 60, 90)
"""Where each bucket of what is overdue ends; the last one is open."""
COMING_SHOWN = 3
SAMPLE = 2_000
"""Reminders looked at for the share that was paid: the newest ones."""


@dataclass(frozen=True, slots=True)
class Day:
    on: date
    amount: Money
    count: int


@dataclass(frozen=True, slots=True)
class Owed:
    """By age: not due, 1 to 30 days late, 31 to 60, 61 to 90, more. `elsewhere`: in other currencies."""

    buckets: tuple[Money, ...]
    invoices: tuple[int, ...]
    customers: int
    elsewhere: tuple[Money, ...]

    @property
    def total(self) -> Money:
        return Money(sum(bucket.minor for bucket in self.buckets), self.buckets[0].currency)

    @property
    def overdue(self) -> Money:
        return Money(sum(bucket.minor for bucket in self.buckets[1:]), self.buckets[0].currency)

    @property
    def overdue_count(self) -> int:
        return sum(self.invoices[1:])


@dataclass(frozen=True, slots=True)
class Texts:
    delivered: int
    on_the_way: int
    failed: int
    stopped: int

    @property
    def total(self) -> int:
        return self.delivered + self.on_the_way + self.failed + self.stopped


@dataclass(frozen=True, slots=True)
class Coming:
    step: str
    at: datetime
    count: int
    amount: Money


@dataclass(frozen=True, slots=True)
class Prompted:
    """Reminders of the last month, and how many were followed by a payment within two days."""

    reminded: int
    paid: int

    @property
    def percent(self) -> int:
        return round(100 * self.paid / self.reminded) if self.reminded else 0


def collected(ctx: Context, merchant: Merchant, today: date) -> list[Day]:
    """What arrived on each of the last days, in the merchant's own currency and zone, the oldest first."""
    days = [today - timedelta(days=DAYS - 1 - n) for n in range(DAYS)]
    starts = [_midnight(day, merchant) for day in days]
    place = sa.case(*((Payment.finished_at >= start, n) for n, start in reversed(list(enumerate(starts)))))
    rows = ctx.session.execute(
        sa.select(place.label("place"), sa.func.sum(Payment.amount_minor), sa.func.count())
        .where(
            Payment.merchant_id == merchant.id,
            Payment.status == PaymentStatus.SUCCEEDED,
            Payment.finished_at >= starts[0],
            Payment.finished_at < _midnight(today + timedelta(days=1), merchant),
            Payment.mode == Mode.LIVE,
            Payment.currency == merchant.currency,
        )
        .group_by("place")
    )
    found = {int(n): (int(total), int(count)) for n, total, count in rows}
    nothing = (0, 0)
    return [
        Day(day, Money(found.get(n, nothing)[0], merchant.currency), found.get(n, nothing)[1])
        for n, day in enumerate(days)
    ]


def owed(ctx: Context, merchant: Merchant, today: date) -> Owed:
    ends = [today - timedelta(days=days) for days in LATE_DAYS]
    age = sa.case(*((Invoice.due_on >= end, n) for n, end in enumerate(ends)), else_=len(ends))
    rows = ctx.session.execute(
        sa.select(Invoice.currency, age.label("age"), sa.func.sum(Invoice.balance_minor), sa.func.count())
        .where(*_open_and_live(merchant))
        .group_by(Invoice.currency, "age")
    ).all()
    sums, counts, others = Counter[int](), Counter[int](), Counter[str]()
    for currency, bucket, minor, count in rows:
        if currency == merchant.currency:
            sums[int(bucket)] += int(minor)
            counts[int(bucket)] += int(count)
        else:
            others[currency] += int(minor)
    places = range(len(ends) + 1)
    return Owed(
        buckets=tuple(Money(sums[n], merchant.currency) for n in places),
        invoices=tuple(counts[n] for n in places),
        customers=_debtors(ctx, merchant),
        elsewhere=tuple(Money(minor, currency) for currency, minor in sorted(others.items()) if minor),
    )


def coming(ctx: Context, merchant: Merchant) -> list[Coming]:
    """The next steps of the plan, one line for each."""
    first = sa.func.min(Reminder.due_at)
    rows = ctx.session.execute(
        sa.select(Reminder.step, first, sa.func.count(), sa.func.sum(Invoice.balance_minor))
        .join(Invoice, Invoice.id == Reminder.invoice_id)
        .where(
            Reminder.merchant_id == merchant.id,
            Reminder.status == ReminderStatus.SCHEDULED,
            Invoice.currency == merchant.currency,
        )
        .group_by(Reminder.step)
        .order_by(first)
        .limit(COMING_SHOWN)
    )
    return [
        Coming(step, at, int(count), Money(int(minor), merchant.currency))
        for step, at, count, minor in rows
        if at is not None
    ]


def texts(ctx: Context, merchant: Merchant, since: datetime) -> Texts:
    rows = ctx.session.execute(
        sa.select(Message.status, sa.func.count())
        .where(
            Message.merchant_id == merchant.id,
            Message.direction == Direction.OUT,
            Message.channel == Channel.SMS,
            Message.created_at >= since,
        )
        .group_by(Message.status)
    )
    count = {status: int(n) for status, n in rows}
    known = {s: count.get(s, 0) for s in (MessageStatus.DELIVERED, MessageStatus.FAILED, MessageStatus.CANCELLED)}
    return Texts(
        delivered=known[MessageStatus.DELIVERED],
        failed=known[MessageStatus.FAILED],
        stopped=known[MessageStatus.CANCELLED],
        on_the_way=sum(count.values()) - sum(known.values()),
    )


def prompted(ctx: Context, merchant: Merchant) -> Prompted:
    """Over the newest reminders of the last month that have had their two days."""
    now = ctx.clock.now()
    reminded = ctx.session.execute(
        sa.select(Message.customer_id, Message.created_at)
        .where(
            Message.merchant_id == merchant.id,
            Message.direction == Direction.OUT,
            Message.channel == Channel.SMS,
            Message.created_at >= now - MONTH,
            Message.created_at < now - PROMPT,
            Message.kind.startswith("remind"),
            Message.customer_id.is_not(None),
        )
        .order_by(Message.created_at.desc())
        .limit(SAMPLE)
    ).all()
    payments = _payments_of(ctx, merchant, {customer for customer, _ in reminded}, now - MONTH)
    paid = sum(any(at <= when <= at + PROMPT for when in payments.get(customer, ())) for customer, at in reminded)
    return Prompted(len(reminded), paid)


def _payments_of(
    ctx: Context, merchant: Merchant, customers: set[int | None], since: datetime
) -> dict[int | None, list[datetime]]:
    found: dict[int | None, list[datetime]] = {}
    if not customers:
        return found
    rows: Sequence[tuple[int, datetime]] = ctx.session.execute(  # type: ignore[assignment]
        sa.select(Payment.customer_id, Payment.finished_at).where(
            Payment.merchant_id == merchant.id,
            Payment.status == PaymentStatus.SUCCEEDED,
            Payment.finished_at >= since,
            Payment.mode == Mode.LIVE,
        )
    ).all()
    for customer, at in rows:
        found.setdefault(customer, []).append(at)
    return found


def _debtors(ctx: Context, merchant: Merchant) -> int:
    distinct = sa.select(sa.func.count(sa.distinct(Invoice.customer_id))).where(*_open_and_live(merchant))
    return ctx.session.scalars(distinct).one()


def _open_and_live(merchant: Merchant) -> tuple[sa.ColumnElement[bool], ...]:
    return (Invoice.merchant_id == merchant.id, Invoice.mode == Mode.LIVE, Invoice.status == InvoiceStatus.OPEN)


def _midnight(day: date, merchant: Merchant) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(merchant.timezone))
