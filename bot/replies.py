"""Replies that left inside a webhook's response, and whose delivery nobody confirmed. The carrier is asked about each;
only one that it never had is sent again: silence alone proves nothing."""

from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from bot import messenger, outbox
from models.context import Context, Runtime
from models.errors import ProviderError
from models.message import Direction, Message, MessageStatus, Route
from models.ports import OutboundSms

log = structlog.get_logger()

CONFIRM_AFTER = timedelta(minutes=5)
"""A callback comes within seconds of the response."""
TOO_LATE_AFTER = timedelta(minutes=15)
"""An answer this old would only puzzle: it stays `unknown`."""
SAID_ONCE = frozenset({"opt_out", "opt_in"})
"""One confirmation at most (47 CFR 64.1200(a)(12)): rather none than two."""


def confirm_all(runtime: Runtime) -> int:
    """Enqueue the question about every unconfirmed reply, each as a job of its own. Returns how many."""
    count = after = 0
    while True:
        with runtime.write() as ctx:
            unconfirmed = list(ctx.session.scalars(_unconfirmed(ctx.clock.now(), after)))
            for message_id in unconfirmed:
                _enqueue(ctx, message_id)
        if not unconfirmed:
            return count
        count, after = count + len(unconfirmed), unconfirmed[-1]


def _unconfirmed(now: datetime, after_id: int) -> sa.Select[int]:
    return (
        sa.select(Message.id)
        .where(
            Message.direction == Direction.OUT,
            Message.status == MessageStatus.QUEUED,
            Message.route == Route.RESPONSE,
            Message.created_at < now - CONFIRM_AFTER,
            Message.id > after_id,
        )
        .order_by(Message.id)
        .limit(messenger.CHUNK)
    )


def _enqueue(ctx: Context, message_id: int) -> None:
    asked_in = int(ctx.clock.now().timestamp() // CONFIRM_AFTER.total_seconds())
    ctx.ports.jobs.enqueue(
        ctx.session, "confirm_reply", message_id, queue="jobs", job_id=f"reply-{message_id}-{asked_in}"
    )


def confirm(runtime: Runtime, message_id: int) -> str:
    """The job for one reply. Returns what was found, for the log. Raises DomainError."""
    with runtime.read() as ctx:
        message = ctx.session.get_one(Message, message_id)
        ctx.turn_to(message.merchant_id)
        sms = outbox.compose_for_question(ctx, message)
    if message.status is not MessageStatus.QUEUED or not isinstance(sms, OutboundSms):
        return "nothing to do"
    try:
        reference = runtime.ports.sms.find(sms)
    except ProviderError as error:
        log.warning("reply_not_confirmed", reference=sms.reference, code=error.code)
        return "asked again later"
    return _record(runtime.of(message.merchant_id), message_id, reference)


def _record(runtime: Runtime, message_id: int, reference: str | None) -> str:
    with runtime.write() as ctx:
        message = ctx.session.get_one(Message, message_id, with_for_update=True)
        if message.status is not MessageStatus.QUEUED:
            return "nothing to do"  # the callback came meanwhile
        if reference is None:
            return _send_by_request(ctx, message)
        message.provider_reference = reference
        message.move_to(MessageStatus.SENT)
        message.finished_at = ctx.clock.now()
        return "sent"


def _send_by_request(ctx: Context, message: Message) -> str:
    log.warning("reply_was_lost", reference=message.public_id)
    if _is_over(ctx, message):
        message.move_to(MessageStatus.UNKNOWN)
        message.finished_at = ctx.clock.now()
        return "too late"
    message.route = Route.MESSENGER
    messenger.enqueue(ctx, message)
    return "sent again"


def _is_over(ctx: Context, message: Message) -> bool:
    """Too old, said once, or overtaken: the customer has texted since and been answered."""
    later = sa.select(Message.id).where(
        Message.conversation_id == message.conversation_id,
        Message.direction == Direction.IN,
        Message.id > message.id,
    )
    overtaken = ctx.session.scalars(later.limit(1)).first() is not None
    too_old = message.created_at < ctx.clock.now() - TOO_LATE_AFTER
    return overtaken or too_old or message.kind in SAID_ONCE
