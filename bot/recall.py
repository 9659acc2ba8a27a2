"""What becomes of reminders whose message does not leave after all: back to be decided anew, or skipped for good.
Never where a part of it has left: nobody is reminded twice."""

from collections.abc import Sequence

import sqlalchemy as sa

from models.context import Context
from models.customer import Channel
from models.message import Message, MessageStatus
from models.reminder import Campaign, Reminder, ReminderStatus, SkipReason

UNREAD = frozenset({MessageStatus.QUEUED, MessageStatus.CANCELLED, MessageStatus.FAILED})
"""Of these nobody has read anything. `unknown` is not one of them."""


def take_back(ctx: Context, message: Message) -> bool:
    """Its reminders are due again at once, and every other message of theirs is withdrawn. False, and no change, where
    one of those has left."""
    if message.reminder_link_id is None:
        return False
    siblings = _siblings(ctx, message)
    if any(sibling.status not in UNREAD for sibling in siblings):
        return False
    now = ctx.clock.now()
    for sibling in siblings:
        if sibling.status is MessageStatus.QUEUED:
            sibling.move_to(MessageStatus.CANCELLED)
            sibling.finished_at = now
    for reminder in _reminders(ctx, message.reminder_link_id):
        if reminder.status is ReminderStatus.SENT:
            _reopen(ctx, reminder)
    return True


def skip(ctx: Context, message: Message, reason: SkipReason) -> None:
    """It went nowhere and would again: its reminders say why, unless the same has reached them by email."""
    if message.reminder_link_id is None or any(one.status not in UNREAD for one in _siblings(ctx, message)):
        return
    for reminder in _reminders(ctx, message.reminder_link_id):
        if reminder.status is ReminderStatus.SENT and reminder.move_to(ReminderStatus.SKIPPED):
            reminder.reason, reminder.sent_at = reason, None


def refuse(ctx: Context, merchant_id: int, channel: Channel, address: str) -> None:
    """Whoever has just said stop gets no email instead this time."""
    withdrawn = sa.select(Message.id).where(
        Message.id == Reminder.message_id,
        Message.channel == channel,
        Message.status == MessageStatus.CANCELLED,
        Reminder.copy_id.is_(None),
    )
    ctx.session.execute(
        sa.update(Reminder)
        .where(
            Reminder.merchant_id == merchant_id,
            Reminder.address == address,
            Reminder.status == ReminderStatus.SENT,
            withdrawn.exists(),
        )
        .values(status=ReminderStatus.SKIPPED, reason=SkipReason.OPTED_OUT, sent_at=None)
        .execution_options(synchronize_session=False)
    )


def _reopen(ctx: Context, reminder: Reminder) -> None:
    over = ctx.session.get_one(Campaign, reminder.campaign_id).cancelled_at is not None
    reminder.move_to(ReminderStatus.CANCELLED if over else ReminderStatus.SCHEDULED)
    reminder.sent_at = reminder.message_id = reminder.copy_id = reminder.link_id = None
    reminder.due_at = ctx.clock.now()


def _siblings(ctx: Context, message: Message) -> Sequence[Message]:
    same = (Message.reminder_link_id == message.reminder_link_id) & (Message.id != message.id)
    return ctx.session.scalars(sa.select(Message).where(same).order_by(Message.id).with_for_update()).all()


def _reminders(ctx: Context, link_id: int) -> Sequence[Reminder]:
    mine = sa.select(Reminder).where(Reminder.link_id == link_id).order_by(Reminder.id)
    return ctx.session.scalars(mine.with_for_update()).all()
