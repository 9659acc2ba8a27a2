"""Hands reminders that are due to the messenger, some hundred in a transaction. Everything is checked again here, and
once more when each leaves. One at a time for each merchant, so that no two see the same phone free."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
import structlog

from bot import messenger, reminder_links
from bot.own_words import book as books
from bot.own_words.book import Book
from bot.reminders import assess, facts, outgoing, planning, rows
from bot.reminders.assess import Desk, Skip, Verdict
from bot.reminders.selection import Candidate
from bot.reminders.texts import KINDS
from bot.senders import sender
from models import events
from models.cadence import Cadence
from models.context import Context, Runtime
from models.customer import Channel
from models.isolation import each
from models.merchant import Merchant, MerchantStatus
from models.message import Message, MessageStatus
from models.reminder import Campaign, Reminder, ReminderStatus, SkipReason
from models.sending_pause import Reach, SendingPause

log = structlog.get_logger()

CHUNK = 200
BACKLOG = timedelta(seconds=90)
"""Of texts, at the number's own rate: a receipt must not wait behind a whole campaign."""
FILTERED = "carrier_filtered"

Key = tuple[int, str, object]


@dataclass(slots=True)
class Round:
    """One chunk at work. `room`: how many texts may still be queued."""

    merchant: Merchant
    cadence: Cadence
    book: Book
    reminders: dict[Key, Reminder]
    room: int
    done: int = 0


def release_all(runtime: Runtime) -> int:
    """For the clock, each minute. Returns how many reminders have been decided."""
    with runtime.read() as ctx:
        due = sa.select(Reminder.merchant_id).where(*_due(ctx)).distinct()
        merchants = list(ctx.session.scalars(due))
    return sum(each(merchants, lambda merchant_id: release(runtime, merchant_id)))


def release(runtime: Runtime, merchant_id: int) -> int:
    count = 0
    while done := _release_some(runtime.of(merchant_id), merchant_id):
        count += done
    return count


def _release_some(runtime: Runtime, merchant_id: int) -> int:
    with runtime.write() as ctx:
        merchant = _lock(ctx, merchant_id)
        if merchant is None:
            return 0
        room = 0 if _is_stopped(ctx, merchant) else _room(ctx, merchant)
        reminders = _take(ctx, merchant)
        if not reminders:
            return 0
        cadence = planning.cadence_of(ctx, merchant)
        by_key: dict[Key, Reminder] = {(one.invoice_id, one.step, one.anchor_on): one for one in reminders}
        round_ = Round(merchant, cadence, books.load(ctx, merchant.id), by_key, room)
        found = rows.candidates(ctx, merchant, reminders)
        desk = Desk(merchant, cadence, ctx.clock.now(), releasing=True)
        desk.learn(facts.read(ctx, merchant, found))
        _drop_unknown(round_, found)
        for one in _by_customer(found):
            desk.ways = rows.ways(ctx, by_key[one[0].key])
            _decide(ctx, round_, *assess.customer(desk, one))
        return round_.done


def _lock(ctx: Context, merchant_id: int) -> Merchant | None:
    """None while another worker releases for the same merchant, and for one that is suspended."""
    mine = sa.select(Merchant).where(Merchant.id == merchant_id, Merchant.status == MerchantStatus.ACTIVE)
    return ctx.session.scalars(mine.with_for_update(key_share=True, skip_locked=True)).one_or_none()


def _is_stopped(ctx: Context, merchant: Merchant) -> bool:
    """The carrier takes no texts. Where it filters a campaign, that one waits for its merchant to look at it."""
    now = ctx.clock.now()
    pauses = sa.select(SendingPause).where(SendingPause.merchant_id == merchant.id, SendingPause.until_at > now)
    found = ctx.session.scalars(pauses).all()
    if any(pause.reach is Reach.CAMPAIGN for pause in found):
        running = (Campaign.merchant_id == merchant.id) & Campaign.paused_at.is_(None) & Campaign.cancelled_at.is_(None)
        with_work = sa.select(Reminder.campaign_id).where(Reminder.status == ReminderStatus.SCHEDULED)
        stop = sa.update(Campaign).where(running, Campaign.id.in_(with_work))
        ctx.session.execute(stop.values(paused_at=now, pause_reason=FILTERED))
    return bool(found)


def _due(ctx: Context) -> tuple[sa.ColumnElement[bool], ...]:
    running = sa.select(Campaign.id).where(Campaign.paused_at.is_(None), Campaign.cancelled_at.is_(None))
    now = ctx.clock.now()
    return Reminder.status == ReminderStatus.SCHEDULED, Reminder.due_at <= now, Reminder.campaign_id.in_(running)


def _take(ctx: Context, merchant: Merchant) -> Sequence[Reminder]:
    """The first ones due, and whatever else is due of the same customers: that goes in the same message."""
    mine = sa.select(Reminder).where(Reminder.merchant_id == merchant.id, *_due(ctx))
    first = ctx.session.scalars(mine.order_by(Reminder.due_at, Reminder.id).limit(CHUNK)).all()
    theirs = mine.where(Reminder.customer_id.in_({one.customer_id for one in first}))
    return ctx.session.scalars(theirs.order_by(Reminder.id).with_for_update()).all() if first else []


def _room(ctx: Context, merchant: Merchant) -> int:
    waiting = sa.select(sa.func.count()).where(
        Message.merchant_id == merchant.id,
        Message.status.in_([MessageStatus.QUEUED, MessageStatus.SENDING]),
        Message.kind.in_(KINDS),
        Message.channel != Channel.EMAIL,
    )
    most = int(sender(merchant.number or "").per_second * BACKLOG.total_seconds())
    return most - ctx.session.scalars(waiting).one()


def _by_customer(found: Sequence[Candidate]) -> list[list[Candidate]]:
    groups: dict[int, list[Candidate]] = defaultdict(list)
    for candidate in found:
        groups[candidate.customer_id].append(candidate)
    return list(groups.values())


# --- what becomes of each --------------------------------------------------------------------------------------------
def _decide(ctx: Context, round_: Round, verdicts: Sequence[Verdict], skips: Sequence[Skip]) -> None:
    for skip in skips:
        reminder = round_.reminders[skip.candidate.key]
        reminder.move_to(ReminderStatus.SKIPPED)
        reminder.reason, reminder.detail = skip.reason, skip.detail
        round_.done += 1
    for verdict in verdicts:
        if verdict.due_at > ctx.clock.now():
            _postpone(round_, verdict)
        elif verdict.chosen.text is None or round_.room > 0:
            _send(ctx, round_, verdict)


def _drop_unknown(round_: Round, found: Sequence[Candidate]) -> None:
    """Of invoices that are no longer live ones."""
    for key in round_.reminders.keys() - {candidate.key for candidate in found}:
        round_.reminders[key].move_to(ReminderStatus.SKIPPED)
        round_.reminders[key].reason = SkipReason.NOT_OPEN
        round_.done += 1


def _postpone(round_: Round, verdict: Verdict) -> None:
    for candidate in verdict.going:
        round_.reminders[candidate.key].due_at = verdict.due_at
        round_.done += 1


def _send(ctx: Context, round_: Round, verdict: Verdict) -> None:
    link = reminder_links.mint(ctx, round_.merchant.id, verdict.customer_id)
    ctx.session.flush()
    messages = list(outgoing.compose(ctx, round_.merchant, round_.cadence, verdict, round_.book))
    for message in messages:
        message.reminder_link_id = link.id
        outgoing.put_in_thread(ctx, message)
        messenger.queue(ctx, message)
    for candidate in verdict.going:
        _mark(ctx, round_.reminders[candidate.key], link.id, messages)
        round_.done += 1
    round_.room -= any(message.channel is not Channel.EMAIL for message in messages)


def _mark(ctx: Context, reminder: Reminder, link_id: int, messages: Sequence[Message]) -> None:
    first = messages[0]
    reminder.move_to(ReminderStatus.SENT)
    reminder.sent_at = ctx.clock.now()
    reminder.channel, reminder.address, reminder.link_id = first.channel, first.their_address, link_id
    reminder.message_id = first.id
    reminder.copy_id = messages[1].id if len(messages) > 1 else None
    events.reminder_sent(ctx, reminder)
