"""What carriers say later about a message, and what follows from it. Reports come in any order, late and repeated."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import structlog

from bot import messenger, notices, optouts, outbox, pauses, recall, verifying, whatsapp
from bot.channels.twilio_errors import MEANINGS, Consequence, Meaning
from models import events
from models.context import Context
from models.conversation import Conversation, Proof
from models.customer import Channel, ContactPoint, Customer
from models.merchant import Merchant, Mode
from models.message import Direction, Failure, Message, MessageStatus
from models.ports import DeliveryReceipt
from models.sending_pause import Reach

log = structlog.get_logger()

SAME_TROUBLE = timedelta(days=2)
NIGHTS = 2
MORNING = time(10)
"""Twilio holds texts back in the recipient's night; ten in the merchant's zone is day in all of one country."""
REACHES = {
    Consequence.STOP_CAMPAIGN: Reach.CAMPAIGN,
    Consequence.STOP_US: Reach.US,
    Consequence.STOP_ALL: Reach.EVERYTHING,
}

COPIED = (
    *("merchant_id", "conversation_id", "customer_id", "channel", "kind", "our_address", "their_address"),
    *("subject", "body", "html", "locale", "slots", "pay_link_id", "payment_id", "invoice_id", "verification_id"),
    *("reminder_link_id", "reply_to_id", "headers"),
)
"""What a second try takes over from the first."""
SAME = ("merchant_id", "kind", "their_address", "body")
"""What makes two messages tries of one."""


DISCARDED = "discarded"
"""In place of its error code: a failed message that somebody has seen to."""


def is_put_aside() -> sa.ColumnElement[bool]:
    """Or nothing is left of it that could be sent."""
    return Message.error_code.is_not_distinct_from(DISCARDED) | Message.removed_at.is_not(None)


def apply_receipt(ctx: Context, merchant_id: int, receipt: DeliveryReceipt) -> None:
    """Record one delivery report. Unknown messages, unknown words and steps back change nothing."""
    message = _find(ctx, merchant_id, receipt)
    if message is None or receipt.status is None:
        return
    if message.provider_reference is None:
        outbox.name_as(ctx, message, receipt.provider_reference)
    if message.provider_reference != receipt.provider_reference and receipt.status is MessageStatus.FAILED:
        return  # an earlier copy of a code: the newest one decides
    final = receipt.status in (MessageStatus.DELIVERED, MessageStatus.FAILED)
    # Whatever else a carrier reports, it has the message: that is our "sent".
    if not message.move_to(receipt.status if final else MessageStatus.SENT):
        return
    message.finished_at = ctx.clock.now()
    if message.status is MessageStatus.FAILED:
        _failed(ctx, message, receipt)


def _find(ctx: Context, merchant_id: int, receipt: DeliveryReceipt) -> Message | None:
    ours = Message.public_id == receipt.reference
    which = ours if receipt.reference else Message.provider_reference == receipt.provider_reference
    statement = sa.select(Message).where(Message.merchant_id == merchant_id, Message.direction == Direction.OUT, which)
    return ctx.session.scalars(statement.with_for_update()).first()


def _failed(ctx: Context, message: Message, receipt: DeliveryReceipt) -> None:
    message.failure = receipt.failure or Failure.PERMANENT
    message.error_code = receipt.error_code
    events.message_failed(ctx, message)
    log.warning("message_not_delivered", reference=message.public_id, code=receipt.error_code)
    heed(ctx, message, receipt.error_code)
    meaning = _meaning(message, receipt.error_code)
    if meaning is not None and meaning.consequence in (Consequence.RETRY, Consequence.AFTER_THE_NIGHT):
        message.failure = Failure.TEMPORARY
        _send_again(ctx, message, meaning)


def heed(ctx: Context, message: Message, code: str | None) -> None:
    """What an error says beyond its own message: about the address, the person or our standing with the carrier."""
    meaning = _meaning(message, code)
    if meaning is None:
        return
    match meaning.consequence:
        case Consequence.BAD_ADDRESS:
            _give_up_address(ctx, message)
        case Consequence.OPTED_OUT:
            address = (message.merchant_id, message.channel, message.their_address)
            optouts.opt_out(ctx, *address, source="carrier", message_id=message.id)
            recall.take_back(ctx, message)
        case Consequence.OTHER_CHANNEL:
            go_elsewhere(ctx, message)
        case Consequence.STOP_CAMPAIGN | Consequence.STOP_US | Consequence.STOP_ALL:
            pauses.begin(ctx, message, REACHES[meaning.consequence], code or "", meaning.event)


def _meaning(message: Message, code: str | None) -> Meaning | None:
    """Nothing follows for a message whose words are removed: there is nothing to say again, and maybe nobody."""
    return MEANINGS.get(code or "") if message.removed_at is None else None


def go_elsewhere(ctx: Context, message: Message) -> None:
    """A reminder is decided anew: another channel has its own consent and hours."""
    recall.take_back(ctx, message)
    whatsapp.go_elsewhere(ctx, message)


def _give_up_address(ctx: Context, message: Message) -> None:
    """Whoever has the number next has proven nothing (rule A12), and only the merchant can ask for another one."""
    now = ctx.clock.now()
    points = ctx.session.scalars(
        sa.select(ContactPoint).where(
            ContactPoint.merchant_id == message.merchant_id,
            ContactPoint.channel == message.channel,
            ContactPoint.address == message.their_address,
            ContactPoint.mode == Mode.LIVE,
        )
    ).all()
    thread = (Conversation.merchant_id == message.merchant_id) & (Conversation.channel == message.channel)
    thread &= Conversation.address == message.their_address
    known = any(point.bad_since_at is not None for point in points)
    for point in points:
        point.bad_since_at = point.bad_since_at or now
    unreachable = sa.update(Conversation).where(thread).values(unreachable_since_at=now)
    ctx.session.execute(unreachable, execution_options={"synchronize_session": False})
    verifying.end_proofs(ctx, Proof.conversation_id.in_(sa.select(Conversation.id).where(thread)))
    if not recall.take_back(ctx, message) and message.channel is Channel.WHATSAPP:
        whatsapp.go_elsewhere(ctx, message)
    customer_id = points[0].customer_id if points else message.customer_id
    if customer_id is not None and not known:
        merchant = ctx.session.get_one(Merchant, message.merchant_id)
        name = ctx.session.get_one(Customer, customer_id).name
        notices.tell_unreachable(ctx, merchant, name, message.channel, message.their_address)


def _send_again(ctx: Context, failed: Message, meaning: Meaning) -> None:
    """As a new message: the failed one keeps its report, so that a repeat of the report starts nothing."""
    tries, now = _failures(ctx, failed), ctx.clock.now()
    waits = (_until_morning(ctx, failed),) * NIGHTS if meaning.consequence is Consequence.AFTER_THE_NIGHT else ()
    waits = waits or meaning.waits
    if tries <= len(waits):
        send_again(ctx, failed, now + waits[tries - 1])


def send_again(ctx: Context, failed: Message, not_before_at: datetime | None = None) -> Message:
    """The same words to the same address as a new message."""
    copied = {name: getattr(failed, name) for name in COPIED}
    return messenger.queue(ctx, Message(**copied, created_at=ctx.clock.now(), not_before_at=not_before_at))


def _until_morning(ctx: Context, message: Message) -> timedelta:
    zone = ZoneInfo(ctx.session.get_one(Merchant, message.merchant_id).timezone)
    now = ctx.clock.now().astimezone(zone)
    day = now.date() if now.time() < MORNING else now.date() + timedelta(days=1)
    return datetime.combine(day, MORNING, zone) - now


def _failures(ctx: Context, failed: Message) -> int:
    """How often these words have failed to reach this address lately, the latest failure included."""
    ctx.session.flush()
    same = [
        getattr(Message, name) == getattr(failed, name) for name in ("merchant_id", "kind", "their_address", "body")
    ]
    since = Message.created_at > ctx.clock.now() - SAME_TROUBLE
    count = sa.select(sa.func.count()).where(*same, since, Message.failure == Failure.TEMPORARY)
    return ctx.session.scalars(count).one()
