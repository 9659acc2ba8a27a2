"""The demo's clock: moved forward, with everything that falls due on the way done before anyone is answered."""

import re
import time
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import current_app

from models.clock import FrozenClock, MovableClock
from models.errors import DomainError
from models.message import Direction, Message, MessageStatus, Route
from models.reminder import Reminder, ReminderStatus
from web import jobs
from web.context import runtime
from web.services import sandbox

FURTHEST = timedelta(days=366)
DAY_BY_DAY = timedelta(days=8)
"""Of a longer jump only the end is lived through; the rest is skipped."""
OTHER_ZONES = timedelta(hours=4)
"""One stop for the same morning from coast to coast."""
PATIENCE_S = 10.0
POLL_S = 0.05
_SPAN = re.compile(r"(?:(\d{1,3})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?")


def read_span(text: str) -> timedelta:
    """ "7d", "90m", "1d12h". Raises DomainError("bad_span") for anything else, for nothing, and beyond a year."""
    found = _SPAN.fullmatch(text.strip().lower())
    parts = [int(part or 0) for part in found.groups()] if found else []
    span = timedelta(days=parts[0], hours=parts[1], minutes=parts[2], seconds=parts[3]) if parts else timedelta()
    if not timedelta() < span <= FURTHEST:
        raise DomainError("bad_span")
    return span


def advance(by: timedelta) -> None:
    """Forward only. The bank acts first, then Till, then the carrier; returns when all that was due has been sent."""
    clock = runtime().clock
    if not isinstance(clock, MovableClock | FrozenClock):
        raise DomainError("not_found")
    until = clock.now() + by
    clock.advance(max(timedelta(), by - DAY_BY_DAY))
    _catch_up()
    while (now := clock.now()) < until:
        clock.advance(_next_stop(now, until) - now)
        _catch_up()


def _next_stop(now: datetime, until: datetime) -> datetime:
    """When reminders fall due: each is sent on its own day, at an hour when people are up."""
    ahead = sa.select(Reminder.due_at).where(
        Reminder.status == ReminderStatus.SCHEDULED, Reminder.due_at > now, Reminder.due_at <= now + timedelta(days=1)
    )
    with runtime().read() as ctx:
        due = sorted(at for at in ctx.session.scalars(ahead) if at is not None)
    together = [at for at in due if at <= due[0] + OTHER_ZONES]
    return min(until, together[-1] if together else now + timedelta(days=1))


def _catch_up() -> None:
    sandbox().bank.settle_due()
    while sandbox().bank_post.flush():
        pass
    jobs.run_due(runtime())
    _wait_for_messages()
    sandbox().carrier.flush()


def _wait_for_messages() -> None:
    """The worker sends them; where this process has none, nobody would."""
    give_up_at = time.monotonic() + (PATIENCE_S if "till.worker" in current_app.extensions else 0.0)
    while _are_due() and time.monotonic() < give_up_at:
        time.sleep(POLL_S)


def _are_due() -> bool:
    now = runtime().clock.now()
    due = (
        sa.select(Message.id)
        .where(
            Message.direction == Direction.OUT,
            Message.route == Route.MESSENGER,
            Message.status.in_([MessageStatus.QUEUED, MessageStatus.SENDING]),
            Message.not_before_at.is_(None) | (Message.not_before_at <= now),
        )
        .limit(1)
    )
    with runtime().read() as ctx:
        return ctx.session.scalars(due).first() is not None
