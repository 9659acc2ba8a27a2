"""The one way out: a message is queued in the transaction of the change it announces, or it is not sent at all.
What happens to it then is in `delivery`."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm.interfaces import LoaderOption

from bot.senders import sender
from models.context import Context, Runtime
from models.customer import Channel
from models.message import Direction, Message, MessageStatus, Route

INVOICE = "invoice"
CODES = frozenset({"code", "sign_in_code"})
"""The kinds of message that hold a one-time code. They may go twice rather than never; nothing else may."""

BACKOFF = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
)
MAX_ATTEMPTS = len(BACKOFF) + 1

ABANDONED_AFTER = timedelta(minutes=15)
"""A message in `sending` this long has no job any more: no vendor call takes a minute."""
CHUNK = 200
"""Rows per write transaction: enqueueing more at once holds SQLite's one write lock for too long (0.5 ms each)."""


def queue(ctx: Context, message: Message) -> Message:
    """Send after the caller's commit, not before `not_before_at`. The body may hold `{code}` and `{link}`."""
    write(ctx, message)
    enqueue(ctx, message)
    return message


def write(ctx: Context, message: Message) -> None:
    """Without a job: for whoever sends it, or queues it, in the same transaction."""
    message.direction, message.route, message.status = Direction.OUT, Route.MESSENGER, MessageStatus.QUEUED
    message.created_at = message.created_at or ctx.clock.now()
    ctx.session.add(message)
    ctx.session.flush()


def enqueue(ctx: Context, message: Message) -> None:
    """One job for each attempt, however often this is called."""
    waits = message.not_before_at - ctx.clock.now() if message.not_before_at else timedelta()
    ctx.ports.jobs.enqueue(
        ctx.session,
        "send_message",
        message.id,
        queue=_queue_of(message),
        job_id=_job_id(message),
        key=message.our_address,
        delay_s=max(0.0, waits.total_seconds()),
    )


def postpone(ctx: Context, message: Message) -> bool:
    """Plan the next attempt. False if this was the last."""
    if message.attempt >= MAX_ATTEMPTS:
        return False
    hold(ctx, message, ctx.clock.now() + BACKOFF[max(message.attempt, 1) - 1])
    return True


def hold(ctx: Context, message: Message, until: datetime) -> None:
    """Not before then, and no attempt the less."""
    message.not_before_at = until
    enqueue(ctx, message)


def sweep(runtime: Runtime) -> int:
    """Enqueue every message that is due, in case its job was lost or its delay was overtaken by the demo's clock.
    Harms nothing that has its job. Returns how many were due."""
    count = after = 0
    while True:
        with runtime.write() as ctx:
            due = list(ctx.session.scalars(_due(ctx.clock.now(), after).options(_to_enqueue())))
            for message in due:
                enqueue(ctx, message)
            delayed = [_job_id(message) for message in due if message.not_before_at is not None]
        runtime.ports.jobs.bring_forward(delayed)
        if not due:
            return count
        count, after = count + len(due), due[-1].id


def doubt(ctx: Context) -> int:
    """After a restore: what waits here may have left since the copy was made. Each is asked about before it is sent;
    an email, about which nobody can be asked, waits as unknown for a person. Returns how many are in doubt."""
    waiting = (
        Message.direction == Direction.OUT,
        Message.status == MessageStatus.QUEUED,
        Message.route == Route.MESSENGER,
        Message.not_before_at.is_(None) | (Message.not_before_at <= ctx.clock.now()),
    )
    asked_about = {"status": MessageStatus.SENDING, "claimed_at": Message.created_at, "not_before_at": None}
    changed = ctx.session.scalars(sa.update(Message).where(*waiting).values(asked_about).returning(Message.id))
    return len(changed.all())


def _to_enqueue() -> LoaderOption:
    """Not the words: a row whose words nobody can read must hold up its own job, and no other."""
    told = (Message.kind, Message.channel, Message.our_address, Message.attempt, Message.not_before_at)
    return sa.orm.load_only(*told, raiseload=True)


def _due(now: datetime, after_id: int) -> sa.Select[Message]:
    waiting = (Message.status == MessageStatus.QUEUED) & (
        Message.not_before_at.is_(None) | (Message.not_before_at <= now)
    )
    planned_again = Message.not_before_at <= now
    abandoned = Message.not_before_at.is_(None) & (Message.claimed_at < now - ABANDONED_AFTER)
    sending = (Message.status == MessageStatus.SENDING) & (planned_again | abandoned)
    return (
        sa.select(Message)
        .where(
            Message.direction == Direction.OUT,
            Message.status.in_([MessageStatus.QUEUED, MessageStatus.SENDING]),
            Message.route == Route.MESSENGER,
            waiting | sending,
            Message.id > after_id,
        )
        .order_by(Message.id)
        .limit(CHUNK)
    )


def _queue_of(message: Message) -> str:
    if message.kind in CODES:
        return "codes"
    return "email" if message.channel is Channel.EMAIL else sender(message.our_address).queue


def _job_id(message: Message) -> str:
    planned = f"-{int(message.not_before_at.timestamp())}" if message.not_before_at else ""
    return f"msg-{message.id}-{message.attempt}{planned}"
