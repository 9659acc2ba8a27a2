"""What carriers say later about a message, and what follows from it. Reports come in any order, late and repeated."""

from datetime import timedelta
from enum import StrEnum

import sqlalchemy as sa
import structlog

from bot import messenger, optouts
from models.context import Context
from models.customer import ContactPoint
from models.message import Direction, Failure, Message, MessageStatus
from models.ports import DeliveryReceipt

log = structlog.get_logger()


class Consequence(StrEnum):
    BAD_ADDRESS = "bad_address"
    OPTED_OUT = "opted_out"
    RETRY = "retry"
    ALERT = "alert"


CONSEQUENCES: dict[str, tuple[Consequence, str]] = {
    "21211": (Consequence.BAD_ADDRESS, "invalid_number"),
    "21614": (Consequence.BAD_ADDRESS, "not_a_mobile_number"),
    "21635": (Consequence.BAD_ADDRESS, "landline"),
    "30005": (Consequence.BAD_ADDRESS, "unknown_handset"),
    "30006": (Consequence.BAD_ADDRESS, "landline_or_unreachable_carrier"),
    "21610": (Consequence.OPTED_OUT, "recipient_opted_out"),
    "30004": (Consequence.OPTED_OUT, "recipient_blocked_us"),
    "30003": (Consequence.RETRY, "handset_unreachable"),
    "30008": (Consequence.RETRY, "unknown_carrier_error"),
    "30007": (Consequence.ALERT, "carrier_filtered_us"),
    "30034": (Consequence.ALERT, "sender_not_registered"),
    "20003": (Consequence.ALERT, "account_refused"),
    "63016": (Consequence.ALERT, "outside_whatsapp_window"),
}
"""The carrier's error codes (Twilio's numbers). One that is not here fails its message and nothing else."""

RETRIES = 2
RETRY_AFTER = {"30003": timedelta(minutes=45), "30008": timedelta(minutes=2)}
"""A phone that is off comes back within the hour (Twilio advises 30 to 60 min); a hiccup passes in minutes."""
SAME_TROUBLE = timedelta(days=1)

COPIED = (
    *("merchant_id", "conversation_id", "customer_id", "channel", "kind", "our_address", "their_address"),
    *("subject", "body", "html", "locale", "pay_link_id", "payment_id", "invoice_id", "verification_id"),
    *("reply_to_id", "headers"),
)
"""What a second try takes over from the first."""
SAME = ("merchant_id", "kind", "their_address", "body")
"""What makes two messages tries of one."""


def apply_receipt(ctx: Context, merchant_id: int, receipt: DeliveryReceipt) -> None:
    """Record one delivery report. Unknown messages, unknown words and steps back change nothing."""
    message = _find(ctx, merchant_id, receipt)
    if message is None or receipt.status is None:
        return
    if message.provider_reference is None:
        message.provider_reference = receipt.provider_reference
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
    log.warning("message_not_delivered", reference=message.public_id, code=receipt.error_code)
    heed(ctx, message, receipt.error_code)
    consequence, _ = CONSEQUENCES.get(receipt.error_code or "", (None, ""))
    if consequence is Consequence.RETRY:
        message.failure = Failure.TEMPORARY
        _send_again(ctx, message, RETRY_AFTER[receipt.error_code or ""])


def heed(ctx: Context, message: Message, code: str | None) -> None:
    """What an error says beyond its own message: about the address, the person or our standing with the carrier."""
    consequence, event = CONSEQUENCES.get(code or "", (None, ""))
    address = (message.merchant_id, message.channel, message.their_address)
    if consequence is Consequence.BAD_ADDRESS:
        ctx.session.execute(
            sa.update(ContactPoint)
            .where(
                ContactPoint.merchant_id == message.merchant_id,
                ContactPoint.channel == message.channel,
                ContactPoint.address == message.their_address,
                ContactPoint.bad_since_at.is_(None),
            )
            .values(bad_since_at=ctx.clock.now())
        )
    elif consequence is Consequence.OPTED_OUT:
        optouts.opt_out(ctx, *address, source="carrier", message_id=message.id)
    elif consequence is Consequence.ALERT:
        log.error(event, reference=message.public_id, merchant_id=message.merchant_id, code=code)


def _send_again(ctx: Context, failed: Message, after: timedelta) -> None:
    """As a new message: the failed one keeps its report, so that a repeat of the report starts nothing."""
    if _failures(ctx, failed) > RETRIES:
        return
    copied = {name: getattr(failed, name) for name in COPIED}
    now = ctx.clock.now()
    messenger.queue(ctx, Message(**copied, created_at=now, not_before_at=now + after))


def _failures(ctx: Context, failed: Message) -> int:
    """How often these words have failed to reach this address lately, the latest failure included."""
    ctx.session.flush()
    same = [
        getattr(Message, name) == getattr(failed, name) for name in ("merchant_id", "kind", "their_address", "body")
    ]
    since = Message.created_at > ctx.clock.now() - SAME_TROUBLE
    count = sa.select(sa.func.count()).where(*same, since, Message.failure == Failure.TEMPORARY)
    return ctx.session.scalars(count).one()
