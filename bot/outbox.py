"""From a row to what goes over the wire. Secrets are put in here, in memory, and stored nowhere."""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

import sqlalchemy as sa

from bot import links, messenger, reminder_links, reply_tags, unsubscribing, whatsapp
from models.context import Context
from models.conversation import Conversation
from models.customer import Channel, ContactPoint
from models.errors import DomainError
from models.invoice import Invoice
from models.merchant import Merchant
from models.message import Direction, Message
from models.ports import OutboundEmail, OutboundFile, OutboundSms, SmsAccount
from models.reminder import ReminderLink
from models.verification import Verification
from payments import papers

Outbound = OutboundSms | OutboundEmail

STOP_LINK = "stop_link"
"""The kind of email whose `{link}` ends emails."""
LOOK_BACK = 100_000
"""Rows: a carrier lists texts by time, so that only recent ones can be taken for each other."""


def compose(ctx: Context, message: Message) -> Outbound:
    """With its link and a new code in place. A code drawn before stops working: only the last one sent is good."""
    code = _draw_code(ctx, message) if message.verification_id is not None else None
    return _wire(ctx, message, lambda text: _reveal(ctx, message, text).replace("{code}", code or "{code}"))


def compose_for_question(ctx: Context, message: Message) -> Outbound:
    """To ask the carrier whether it has the message: the same, but no code is drawn for it."""
    outbound = _wire(ctx, message, lambda text: _reveal(ctx, message, text))
    return replace(outbound, not_these=_others(ctx, message)) if isinstance(outbound, OutboundSms) else outbound


def _others(ctx: Context, message: Message) -> frozenset[str]:
    """What the carrier called our other texts to this number: a repeat of its words is not this message."""
    others = sa.select(Message.provider_reference).where(
        Message.merchant_id == message.merchant_id,
        Message.their_address == message.their_address,
        Message.direction == Direction.OUT,
        Message.provider_reference.is_not(None),
        Message.id > message.id - LOOK_BACK,
        Message.id != message.id,
    )
    return frozenset(reference for reference in ctx.session.scalars(others) if reference is not None)


def name_as(ctx: Context, message: Message, reference: str) -> None:
    """What the carrier itself calls this message. What was taken for it before, by the same words, was not it."""
    mistaken = sa.update(Message).where(
        Message.merchant_id == message.merchant_id,
        Message.direction == Direction.OUT,
        Message.provider_reference == reference,
        Message.id != message.id,
    )
    ctx.session.execute(mistaken.values(provider_reference=None), execution_options={"synchronize_session": "fetch"})
    message.provider_reference = reference


def _draw_code(ctx: Context, message: Message) -> str:
    verification = ctx.session.get_one(Verification, message.verification_id, with_for_update=True)
    verification.sent_at = ctx.clock.now()
    return verification.set_code()


def _reveal(ctx: Context, message: Message, text: str) -> str:
    if message.kind == STOP_LINK:
        return text.replace("{link}", unsubscribing.url(ctx, _recipient(ctx, message)))
    if message.channel is Channel.EMAIL and message.kind in unsubscribing.MERCHANT_STARTED:
        text = text.replace("{stop}", unsubscribing.url(ctx, _recipient(ctx, message)))
    if message.reminder_link_id is not None:
        link = ctx.session.get_one(ReminderLink, message.reminder_link_id)
        return text.replace("{link}", reminder_links.url(ctx, link))
    return links.fill(ctx, text, message.pay_link_id, message.payment_id)


def _recipient(ctx: Context, message: Message) -> ContactPoint:
    points = sa.select(ContactPoint).where(
        ContactPoint.merchant_id == message.merchant_id,
        ContactPoint.channel == message.channel,
        ContactPoint.address == message.their_address,
    )
    point = ctx.session.scalars(points.order_by(ContactPoint.id).limit(1)).first()
    if point is None:
        raise DomainError("not_found")
    return point


def _wire(ctx: Context, message: Message, fill: Callable[[str], str]) -> Outbound:
    merchant = ctx.session.get_one(Merchant, message.merchant_id)
    if message.channel is Channel.EMAIL:
        return _email(ctx, message, merchant, fill)
    template = _template(ctx, message)
    return OutboundSms(
        account=sms_account(ctx, merchant),
        reference=message.public_id,
        sender=message.our_address,
        to=message.their_address,
        body=fill(message.body),
        status_callback=f"{ctx.site.base_url}/webhooks/twilio/status?ref={message.public_id}",
        claimed_at=message.claimed_at or message.created_at,
        channel=message.channel,
        content_sid=template.content_sid if template else None,
        content_variables=tuple((n, fill(value)) for n, value in template.variables.items()) if template else (),
    )


def _template(ctx: Context, message: Message) -> whatsapp.Template | None:
    if message.channel is not Channel.WHATSAPP or whatsapp.is_open(ctx, message):
        return None
    return whatsapp.template_for(ctx, message)


def _email(ctx: Context, message: Message, merchant: Merchant, fill: Callable[[str], str]) -> OutboundEmail:
    why = "auto-replied" if message.reply_to_id is not None else "auto-generated"  # RFC 3834: nobody answers these
    headers = {**(message.headers or {}), "Auto-Submitted": why, "X-Auto-Response-Suppress": "All"}
    if message.kind in unsubscribing.MERCHANT_STARTED:
        headers |= unsubscribing.headers(ctx, _recipient(ctx, message))
    if reply_to := _reply_to(ctx, message, merchant):
        headers["Reply-To"] = reply_to
    return OutboundEmail(
        message_id=f"<{message.public_id}@{urlsplit(ctx.site.base_url).hostname}>",
        sender_name=merchant.name,
        sender=merchant.inbound_email or merchant.email,
        to=message.their_address,
        subject=fill(message.subject or ""),
        text=fill(message.body),
        html=fill(message.html) if message.html is not None else None,
        headers=headers,
        files=_files(ctx, message) if message.kind == messenger.INVOICE else (),
    )


def _files(ctx: Context, message: Message) -> tuple[OutboundFile, ...]:
    if message.invoice_id is None:
        return ()
    enclosed = papers.enclosed(ctx, ctx.session.get_one(Invoice, message.invoice_id))
    return tuple(OutboundFile(file.name, file.content_type.value, file.content) for file in enclosed)


def _reply_to(ctx: Context, message: Message, merchant: Merchant) -> str | None:
    if message.conversation_id is None:
        return None
    return reply_tags.reply_to(ctx, merchant, ctx.session.get_one(Conversation, message.conversation_id))


def sms_account(ctx: Context, merchant: Merchant) -> SmsAccount:
    """The merchant's own account where it has one, else ours. Raises DomainError."""
    if merchant.twilio_account_sid and merchant.twilio_auth_token:
        return SmsAccount(merchant.twilio_account_sid, merchant.twilio_auth_token)
    if ctx.site.sms_account is None:
        raise DomainError("no_sms_account")
    return ctx.site.sms_account
