"""Bounces and complaints that come as mail. One counts only if it names a mail that we sent: then nothing more is sent
to that address, and the merchant is told once."""

from collections.abc import Sequence

import sqlalchemy as sa
import structlog

from bot import notices, optouts
from models.context import Context
from models.customer import Channel, ContactPoint, Customer
from models.merchant import Merchant
from models.message import Direction, Failure, Message, MessageStatus
from models.ports import DeliveryReport

log = structlog.get_logger()


def heed(ctx: Context, merchant: Merchant, reports: Sequence[DeliveryReport]) -> None:
    for report in reports:
        message = _sent(ctx, merchant, report.message_id)
        if message is not None and report.is_permanent:
            _suppress(ctx, merchant, message, is_complaint=report.is_complaint)


def _sent(ctx: Context, merchant: Merchant, message_id: str | None) -> Message | None:
    """Ours, by its Message-ID, which nobody guesses. The address is the one we wrote to, whatever the report says."""
    if message_id is None:
        return None
    statement = sa.select(Message).where(
        Message.merchant_id == merchant.id,
        Message.direction == Direction.OUT,
        Message.channel == Channel.EMAIL,
        Message.provider_reference == message_id,
    )
    return ctx.session.scalars(statement.with_for_update()).first()


def _suppress(ctx: Context, merchant: Merchant, message: Message, *, is_complaint: bool) -> None:
    now = ctx.clock.now()
    if not is_complaint and message.move_to(MessageStatus.FAILED):
        message.failure, message.error_code, message.finished_at = Failure.PERMANENT, "bounced", now
    points = ctx.session.scalars(
        sa.select(ContactPoint).where(
            ContactPoint.merchant_id == merchant.id,
            ContactPoint.channel == Channel.EMAIL,
            ContactPoint.address == message.their_address,
            ContactPoint.bad_since_at.is_(None),
        )
    ).all()
    for point in points:
        point.bad_since_at = now
    if is_complaint:
        optouts.opt_out(ctx, merchant.id, Channel.EMAIL, message.their_address, "complaint")
    log.warning("email_suppressed", reference=message.public_id, is_complaint=is_complaint)
    if points:
        name = ctx.session.get_one(Customer, points[0].customer_id).name
        notices.tell_undeliverable(ctx, merchant, name, is_complaint=is_complaint)
