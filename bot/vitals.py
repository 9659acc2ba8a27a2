"""How the whole service is doing, over all merchants, as a handful of numbers; and which of them should wake somebody.
Counts only: no address, no body, no merchant's name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from models import limits
from models.consent import OptOut
from models.context import Context
from models.customer import Channel
from models.message import Direction, Message, MessageStatus, Route
from models.payment import OPEN_STATUSES, Payment, PaymentStatus
from models.received_text import ReceivedText
from models.verification import Verification, VerificationStatus

DAY, HOUR = timedelta(days=1), timedelta(hours=1)

BACKLOG_S = 15 * 60
"""The longest a due message may wait before somebody should look."""
LATE_S = 5 * 60
"""The longest an answer may wait for its turn: who texts waits for it."""
UNKNOWN_FOR = DAY
"""By then the janitor has asked the provider at 5 min, 1 h and 1 day."""
CODES_WORTH_JUDGING, CODES_CONVERSION = 50, 0.30
"""People type in the codes they asked for; where most do not, somebody pumps messages or mail does not arrive."""
TEXTS_WORTH_JUDGING, TEXTS_JUMP = 1_000, 5.0
"""Texts a day against the average of the week before."""
OPT_OUTS_WORTH_JUDGING, OPT_OUT_RATE = 20, 0.03
"""Carriers look at senders whom more than a few of a hundred recipients stop."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """Durations in seconds, counts otherwise. `…_day` and `…_hour`: of the last day or hour."""

    waiting: int
    oldest_waiting_s: float
    unconfirmed: int
    """Messages that a vendor may or may not have: nobody can be asked any more."""
    failed_day: int
    texts_day: int
    texts_week_before: int
    opt_outs_day: int
    codes_hour: int
    codes_approved_hour: int
    payments: Mapping[PaymentStatus, int]
    """The open ones."""
    payments_unknown_long: int
    jobs_failed: int
    """Given up, and waiting for a person."""
    strangers_left_alone: int
    """Texts of a day that got no answer, since so many came from those who have proven nothing (bot/strangers.py)."""
    texts_put_off: int
    """Taken, and not yet answered (bot/put_off.py)."""
    oldest_put_off_s: float
    texts_put_aside: int
    """Taken, and given up."""


def read(ctx: Context) -> Vitals:
    now, count = ctx.clock.now(), _counter(ctx)
    out = Message.direction == Direction.OUT
    arrived = sa.func.coalesce(Message.not_before_at, Message.created_at)
    due = out & (Message.status == MessageStatus.QUEUED) & (Message.route == Route.MESSENGER) & (arrived <= now)
    texts = out & (Message.channel != Channel.EMAIL)
    failed = out & (Message.status == MessageStatus.FAILED)
    asked = Verification.created_at > now - HOUR
    unknown = Payment.status == PaymentStatus.UNKNOWN
    put_off = ReceivedText.put_aside_at.is_(None)
    return Vitals(
        waiting=count(Message.id, due),
        oldest_waiting_s=_age(now, ctx.session.scalar(sa.select(sa.func.min(arrived)).where(due))),
        unconfirmed=count(Message.id, out & (Message.status == MessageStatus.UNKNOWN)),
        failed_day=count(Message.id, failed & (Message.created_at > now - DAY)),
        texts_day=count(Message.id, texts & (Message.created_at > now - DAY)),
        texts_week_before=count(Message.id, texts & Message.created_at.between(now - 8 * DAY, now - DAY)),
        opt_outs_day=count(OptOut.address, OptOut.opted_out_at > now - DAY),
        codes_hour=count(Verification.id, asked),
        codes_approved_hour=count(Verification.id, asked & (Verification.status == VerificationStatus.APPROVED)),
        payments=_payments(ctx),
        payments_unknown_long=count(Payment.id, unknown & (Payment.created_at < now - UNKNOWN_FOR)),
        jobs_failed=len(ctx.ports.jobs.failed()),
        strangers_left_alone=round(limits.used(ctx.session, limits.STRANGERS_LEFT_ALONE, "", now)),
        texts_put_off=count(ReceivedText.id, put_off),
        oldest_put_off_s=_age(now, ctx.session.scalar(sa.select(sa.func.min(ReceivedText.received_at)).where(put_off))),
        texts_put_aside=count(ReceivedText.id, ~put_off),
    )


ALARMS: dict[str, Callable[[Vitals], bool]] = {
    "messages_wait": lambda v: v.oldest_waiting_s > BACKLOG_S,
    "texts_wait": lambda v: v.oldest_put_off_s > LATE_S,
    "texts_put_aside": lambda v: v.texts_put_aside > 0,
    "payments_stay_unknown": lambda v: v.payments_unknown_long > 0,
    "jobs_failed": lambda v: v.jobs_failed > 0,
    "codes_are_not_used": lambda v: (
        v.codes_hour >= CODES_WORTH_JUDGING and v.codes_approved_hour < CODES_CONVERSION * v.codes_hour
    ),
    "texts_jump": lambda v: (
        v.texts_week_before > 0
        and v.texts_day >= TEXTS_WORTH_JUDGING
        and v.texts_day > TEXTS_JUMP * v.texts_week_before / 7
    ),
    "strangers_left_alone": lambda v: v.strangers_left_alone > 0,
    "opt_outs_rise": lambda v: (
        v.opt_outs_day >= OPT_OUTS_WORTH_JUDGING and v.opt_outs_day > OPT_OUT_RATE * max(v.texts_day, 1)
    ),
}


def ringing(vitals: Vitals) -> list[str]:
    return [name for name, rings in ALARMS.items() if rings(vitals)]


def _counter(ctx: Context) -> Callable[[sa.orm.InstrumentedAttribute[Any], sa.ColumnElement[bool]], int]:
    def count(column: sa.orm.InstrumentedAttribute[Any], where: sa.ColumnElement[bool]) -> int:
        return ctx.session.scalar(sa.select(sa.func.count(column)).where(where)) or 0

    return count


def _payments(ctx: Context) -> dict[PaymentStatus, int]:
    is_open = Payment.status.in_(OPEN_STATUSES)
    found = ctx.session.execute(sa.select(Payment.status, sa.func.count()).where(is_open).group_by(Payment.status))
    return dict.fromkeys(sorted(OPEN_STATUSES), 0) | {status: number for status, number in found}  # noqa: C416


def _age(now: datetime, since: datetime | None) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())
