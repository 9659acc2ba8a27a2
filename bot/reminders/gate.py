"""The last look at a reminder, at the moment it leaves: all that was decided when it was queued is decided again. What
no longer holds is called back; the next release says what becomes of it."""

from collections.abc import Sequence

import sqlalchemy as sa

from bot import recall
from bot.own_words import book as books
from bot.reminders import assess, facts, outgoing, planning, rows
from bot.reminders.assess import Desk
from models.context import Context
from models.customer import Channel
from models.merchant import Merchant
from models.message import Message
from models.reminder import Campaign, Reminder, ReminderStatus

CALLED_BACK = "called_back"


def refusal(ctx: Context, message: Message) -> str | None:
    """Why it must not leave as it is. None for a message that is no reminder."""
    if message.reminder_link_id is None:
        return None
    mine = sa.select(Reminder).where(Reminder.link_id == message.reminder_link_id).order_by(Reminder.id)
    reminders = ctx.session.scalars(mine.with_for_update()).all()
    if _still_holds(ctx, message, reminders):
        return None
    recall.take_back(ctx, message)
    return CALLED_BACK


def _still_holds(ctx: Context, message: Message, reminders: Sequence[Reminder]) -> bool:
    if not reminders or any(reminder.status is not ReminderStatus.SENT for reminder in reminders):
        return False
    if not all(_runs(ctx, reminder.campaign_id) for reminder in reminders):
        return False
    merchant = ctx.session.get_one(Merchant, message.merchant_id)
    cadence = planning.cadence_of(ctx, merchant)
    found = rows.candidates(ctx, merchant, reminders)
    desk = Desk(merchant, cadence, ctx.clock.now(), ways=rows.ways(ctx, reminders[0]))
    desk.learn(facts.read(ctx, merchant, found, besides_link=message.reminder_link_id))
    verdicts, skips = assess.customer(desk, found)
    if skips or len(verdicts) != 1 or len(verdicts[0].going) != len(reminders):
        return False
    if verdicts[0].due_at > desk.now:
        return False
    now_said = outgoing.compose(ctx, merchant, cadence, verdicts[0], books.load(ctx, merchant.id))
    return any(_words(said) == _words(message) for said in now_said)


def _words(message: Message) -> tuple[object, ...]:
    by_template = message.slots if message.channel is Channel.WHATSAPP else None
    return message.channel, message.their_address, message.subject, message.body, by_template


def _runs(ctx: Context, campaign_id: int) -> bool:
    return ctx.session.get_one(Campaign, campaign_id).is_running
