"""WhatsApp's rule: free words only within a day of the customer's last message. After that an approved template says
it, or a text or an email of the same customer, or nobody does, and the row says why. Knows no vendor."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from bot import email_answers, invoicing, letters, messenger, notices, optouts, pauses, rendering
from bot.turn import Reply
from models.context import Context
from models.conversation import PROOF_IDLE_LIFETIME, Conversation, Proof
from models.customer import Channel, ContactPoint
from models.merchant import Merchant
from models.message import Direction, Message, MessageStatus
from models.payment import Payment

WINDOW = timedelta(hours=24) - timedelta(minutes=2)
"""Twilio counts on its own clock, and from when WhatsApp had the message: the last minutes are not worth a refusal."""
OUTSIDE_WINDOW = "outside_window"
"""Why a message went no further on this channel. What went instead names it in `instead_of_id`."""

VARIABLES: dict[str, tuple[str, ...]] = {
    "receipt": ("amt", "inv", "ref", "link"),
    "bank_started": ("amt", "inv"),
    "deposits_sent": ("amt", "inv"),
    "deposits_here": ("amt", "inv", "url"),
    "bank_returned": ("amt", "inv", "link"),
    "pay_failed": ("amt", "inv", "link"),
    "pay_link": ("inv", "amt", "link"),
    "pay_all": ("n", "total", "link"),
    "remind_before": ("inv", "amt", "date", "link"),
    "remind_due": ("inv", "amt", "link"),
    "remind_after": ("inv", "amt", "date", "link"),
    "remind_several": ("n", "amt", "date", "link"),
    "remind_before_unpriced": ("inv", "date", "link"),
    "remind_due_unpriced": ("inv", "link"),
    "remind_after_unpriced": ("inv", "date", "link"),
    "remind_several_unpriced": ("n", "date", "link"),
}
"""By kind, what {{1}}, {{2}}, ... of its approved template stand for. README lists them for merchants."""
UNPRICED = "_unpriced"
"""Of reminders of a merchant that shows no amounts in them: WhatsApp takes no empty place."""

KEPT = (
    *("merchant_id", "customer_id", "kind", "locale", "slots"),
    *("pay_link_id", "payment_id", "invoice_id", "reminder_link_id"),
)
"""What a message on another channel takes over."""


@dataclass(frozen=True, slots=True)
class Template:
    content_sid: str
    variables: Mapping[str, str]
    """By number; `{link}` still in place."""
    words: str
    """The text that Till hands merchants for approval, filled: what theirs says they alone know."""


def is_open(ctx: Context, message: Message) -> bool:
    """May free words go to this address now?"""
    last = sa.select(Conversation.last_inbound_at).where(
        Conversation.merchant_id == message.merchant_id,
        Conversation.channel == Channel.WHATSAPP,
        Conversation.address == message.their_address,
    )
    at = ctx.session.scalars(last).first()
    return at is not None and ctx.clock.now() - at < WINDOW


def template_for(ctx: Context, message: Message) -> Template | None:
    """The merchant's approved one for this kind, in the reader's language or else the merchant's own."""
    merchant = ctx.session.get_one(Merchant, message.merchant_id)
    return template(merchant, message.kind, message.locale or merchant.locale, message.slots or {})


def template(merchant: Merchant, kind: str, locale: str, slots: Mapping[str, Any]) -> Template | None:
    if slots.get("amt") is None and kind + UNPRICED in VARIABLES:
        kind += UNPRICED
    by_language = (merchant.whatsapp_templates or {}).get(kind) or {}
    wanted = (rendering.language_of(locale), rendering.language_of(merchant.locale))
    language = next((language for language in wanted if by_language.get(language)), None)
    values = {**slots, "link": "{link}"}
    names = VARIABLES.get(kind, ())
    if language is None or not names or any(values.get(name) is None for name in names):
        return None
    variables = {str(n): str(values[name]) for n, name in enumerate(names, 1)}
    words = handed_in(kind, language)
    for n, value in variables.items():
        words = words.replace(f"{{{{{n}}}}}", value)
    return Template(by_language[language], variables, words)


@cache
def handed_in(kind: str, language: str) -> str:
    """What merchants have approved, with its numbered places."""
    return (rendering.TEMPLATES / "whatsapp" / language / f"{kind}.txt").read_text(encoding="utf-8").strip()


def go_elsewhere(ctx: Context, message: Message) -> Message | None:
    """Queue the same for the customer by text or by email; once, however often it is refused here."""
    replaced = sa.select(Message.id).where(Message.instead_of_id == message.id)
    if message.reminder_link_id is not None:
        return None  # whoever plans it looks for the next channel
    if message.customer_id is None or ctx.session.scalars(replaced.limit(1)).first() is not None:
        return None
    return _by_text(ctx, message) or _by_email(ctx, message)


def _by_text(ctx: Context, message: Message) -> Message | None:
    """To a phone on which this customer has shown who they are. Never what the merchant starts: that asks for the
    phone's own consent and hours, which is for whoever plans it."""
    thread = _proven_phone(ctx, message)
    if thread is None or message.kind.startswith(pauses.CAMPAIGN_KINDS):
        return None
    return messenger.queue(
        ctx,
        _copy(message, Channel.SMS, thread.our_address, thread.address, body=message.body, conversation_id=thread.id),
    )


def _proven_phone(ctx: Context, message: Message) -> Conversation | None:
    threads = (
        sa.select(Conversation)
        .join(Proof, Proof.conversation_id == Conversation.id)
        .where(
            Conversation.merchant_id == message.merchant_id,
            Conversation.channel == Channel.SMS,
            Conversation.unreachable_since_at.is_(None),
            Conversation.last_inbound_at > ctx.clock.now() - PROOF_IDLE_LIFETIME,
            Proof.customer_id == message.customer_id,
            Proof.ended_at.is_(None),
        )
        .order_by(Conversation.last_inbound_at.desc())
    )
    return next(
        (
            thread
            for thread in ctx.session.scalars(threads)
            if not optouts.is_opted_out(ctx, message.merchant_id, Channel.SMS, thread.address)
        ),
        None,
    )


def _by_email(ctx: Context, message: Message) -> Message | None:
    point = invoicing.email_on_file(ctx, message.customer_id or 0)
    if point is None or _was_mailed(ctx, message) or not _may_mail(ctx, message, point):
        return None
    merchant = ctx.session.get_one(Merchant, message.merchant_id)
    parts = _letter(ctx, message, merchant)
    words = {"subject": parts.subject, "body": parts.text, "html": parts.html}
    return messenger.queue(
        ctx, _copy(message, Channel.EMAIL, merchant.inbound_email or merchant.email, point.address, **words)
    )


def _may_mail(ctx: Context, message: Message, point: ContactPoint) -> bool:
    refused = optouts.is_opted_out(ctx, message.merchant_id, Channel.EMAIL, point.address)
    return message.kind in optouts.EMAILED_ANYWAY or not refused


def _was_mailed(ctx: Context, message: Message) -> bool:
    """Receipts and their like go by email in any case."""
    same = sa.select(Message.id).where(
        Message.merchant_id == message.merchant_id,
        Message.channel == Channel.EMAIL,
        Message.direction == Direction.OUT,
        Message.payment_id == message.payment_id,
        Message.kind == message.kind,
        Message.status.not_in([MessageStatus.FAILED, MessageStatus.CANCELLED]),
    )
    return message.payment_id is not None and ctx.session.scalars(same.limit(1)).first() is not None


def _letter(ctx: Context, message: Message, merchant: Merchant) -> letters.Letter:
    locale = message.locale or merchant.locale
    if message.payment_id is not None and message.kind in notices.KINDS.values():
        return notices.payment_letter(ctx, merchant, ctx.session.get_one(Payment, message.payment_id), message.kind)
    if message.slots is not None and message.kind in email_answers.LETTERS:
        return email_answers.letter_of(Reply(message.kind, message.slots), locale, merchant)
    said = letters.Words(message.body.removeprefix(f"{rendering.clean(merchant.name)}: "))
    return letters.letter("answer", locale, merchant=merchant, about=message.kind, notes=[said], button="")


def _copy(message: Message, channel: Channel, our_address: str, their_address: str, **fields: object) -> Message:
    return Message(
        **{name: getattr(message, name) for name in KEPT},
        channel=channel,
        our_address=our_address,
        their_address=their_address,
        instead_of_id=message.id,
        **fields,
    )
