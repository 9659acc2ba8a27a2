"""What an email gets whose sender is not proven, or is on nobody's file: a link, at most once a week, or nothing.
Names nobody, changes nothing, and never writes to an address that only the mail itself names."""

import sqlalchemy as sa

from bot import email_answers, letters, messenger, outbox
from bot.intents import Intent, Understanding
from models import limits
from models.context import Context
from models.customer import Channel, ContactPoint, Customer
from models.merchant import Merchant, Mode
from models.message import Direction, Message, MessageStatus, Route
from models.ports import InboundEmail


def answer(
    ctx: Context,
    merchant: Merchant,
    mail: InboundEmail,
    sender: str,
    message_id: int,
    heard: Understanding,
    *,
    is_on_file: bool,
) -> str:
    """A word for the log. A sender on file who is not proven is written to all the same: their address is ours to
    know. One on nobody's file must be proven, or strangers could make us write to anyone."""
    if not sender or not (is_on_file or mail.is_authenticated):
        return "unproven"
    if not _may_write(ctx, merchant, sender):
        return "told before"
    asks_to_stop = is_on_file and heard.intent is Intent.STOP
    locale = _locale(ctx, merchant, sender) or heard.language or merchant.locale
    _queue(ctx, merchant, mail, sender, message_id, locale, outbox.STOP_LINK if asks_to_stop else "portal_link")
    return "link only"


def _may_write(ctx: Context, merchant: Merchant, sender: str) -> bool:
    now, who = ctx.clock.now(), f"{merchant.id}/{sender}"
    if not limits.within(ctx.session, limits.GENERIC_PER_SENDER, who, now):
        return False
    allowed = [
        limits.hit(ctx.session, limits.GENERIC_PER_SENDER, who, now),
        limits.hit(ctx.session, limits.GENERIC_PER_MERCHANT, str(merchant.id), now),
    ]
    return all(allowed)


def _locale(ctx: Context, merchant: Merchant, sender: str) -> str | None:
    return ctx.session.scalars(
        sa.select(Customer.locale)
        .join(ContactPoint, ContactPoint.customer_id == Customer.id)
        .where(
            ContactPoint.merchant_id == merchant.id,
            ContactPoint.channel == Channel.EMAIL,
            ContactPoint.address == sender,
            ContactPoint.mode == Mode.LIVE,
        )
        .order_by(Customer.id)
        .limit(1)
    ).first()


def _queue(
    ctx: Context, merchant: Merchant, mail: InboundEmail, to: str, message_id: int, locale: str, kind: str
) -> None:
    """Under a subject of ours: someone else's words must not reach a customer in our name."""
    parts = letters.letter(kind, locale, merchant=merchant)
    link = "{link}" if kind == outbox.STOP_LINK else f"{ctx.site.base_url}/m/{merchant.slug}"
    messenger.queue(
        ctx,
        Message(
            merchant_id=merchant.id,
            direction=Direction.OUT,
            channel=Channel.EMAIL,
            kind=kind,
            our_address=merchant.inbound_email or merchant.email,
            their_address=to,
            subject=parts.subject,
            body=parts.text.replace("{link}", link),
            html=parts.html.replace("{link}", link),
            headers=email_answers.thread_of(mail).headers or None,
            locale=locale,
            reply_to_id=message_id,
            status=MessageStatus.QUEUED,
            route=Route.MESSENGER,
            created_at=ctx.clock.now(),
        ),
    )
