"""A person of the merchant answers in a customer's thread: on the thread's own channel, by the same messenger and rules
as the bot. The bot keeps quiet there until the thread is handed back."""

import re

import sqlalchemy as sa

from bot import cases, gsm, letters, messenger, optouts, rendering, shorteners
from bot.letters import Words
from models.case import Case, CaseKind
from models.context import Context
from models.conversation import Conversation, ConversationState
from models.customer import Channel, Customer
from models.errors import DomainError
from models.merchant import Merchant
from models.message import Direction, Message, MessageStatus, Route
from models.received_mail import ReceivedMail

KIND = "person"
MAX_SEGMENTS = 4
MAX_EMAIL_CHARS = 4_000


def reply(ctx: Context, merchant: Merchant, thread: Conversation, words: str) -> Message:
    """Queue what the person wrote, and keep the bot out. Raises DomainError: "reply_empty", "reply_too_long",
    "shortened_link", "opted_out", "thread_erased", "not_attested"."""
    if thread.is_erased:
        raise DomainError("thread_erased")
    words = "\n".join(line.rstrip() for line in words.replace("{", "(").replace("}", ")").splitlines()).strip()
    if not words:
        raise DomainError("reply_empty")
    if shorteners.named(words):
        raise DomainError("shortened_link")
    if optouts.is_opted_out(ctx, merchant.id, thread.channel, thread.address):
        raise DomainError("opted_out")
    if thread.channel is not Channel.EMAIL and thread.last_inbound_at is None and not merchant.is_attested:
        raise DomainError("not_attested")  # nobody has written: this would be the merchant's first word
    message = (
        _email(ctx, merchant, thread, words) if thread.channel is Channel.EMAIL else _text(merchant, thread, words)
    )
    thread.state = ConversationState.HUMAN
    message.created_at = ctx.clock.now()
    return messenger.queue(ctx, message)


def hand_back(ctx: Context, thread: Conversation) -> None:
    """The bot answers again; whoever wanted a person has had one."""
    thread.state, thread.misses = ConversationState.IDLE, 0
    wanted = sa.select(Case).where(
        Case.conversation_id == thread.id, Case.kind == CaseKind.PERSON_WANTED, Case.resolved_at.is_(None)
    )
    cases.resolve_all(ctx, ctx.session.scalars(wanted).all())


def _text(merchant: Merchant, thread: Conversation, words: str) -> Message:
    body = gsm.to_gsm(f"{rendering.clean(merchant.name)}: {words}")
    if gsm.segments(body).count > MAX_SEGMENTS:
        raise DomainError("reply_too_long")
    return _message(merchant, thread, body=body)


def _email(ctx: Context, merchant: Merchant, thread: Conversation, words: str) -> Message:
    if len(words) > MAX_EMAIL_CHARS:
        raise DomainError("reply_too_long")
    customer = ctx.session.get(Customer, thread.customer_id) if thread.customer_id is not None else None
    locale = thread.locale or (customer.locale if customer else merchant.locale)
    notes = [Words(part) for part in re.split(r"\n\s*\n", words)]
    parts = letters.letter("answer", locale, merchant=merchant, about=KIND, notes=notes, button="")
    answered = _newest_mail(ctx, thread)
    message = _message(merchant, thread, body=parts.text, html=parts.html, subject=parts.subject, locale=locale)
    if answered is not None:
        message.reply_to_id, message.headers = answered.id, _threading(ctx, answered)
        message.subject = _again(answered.subject) or parts.subject
    return message


def _message(merchant: Merchant, thread: Conversation, **fields: object) -> Message:
    return Message(
        merchant_id=merchant.id,
        conversation_id=thread.id,
        customer_id=thread.customer_id,
        direction=Direction.OUT,
        channel=thread.channel,
        kind=KIND,
        our_address=thread.our_address,
        their_address=thread.address,
        status=MessageStatus.QUEUED,
        route=Route.MESSENGER,
        **fields,
    )


def _newest_mail(ctx: Context, thread: Conversation) -> Message | None:
    received = sa.select(Message).where(Message.conversation_id == thread.id, Message.direction == Direction.IN)
    return ctx.session.scalars(received.order_by(Message.id.desc()).limit(1)).first()


def _threading(ctx: Context, answered: Message) -> dict[str, str] | None:
    mail = ctx.session.get(ReceivedMail, answered.id)
    identifier = mail.identifier if mail is not None else ""
    return {"In-Reply-To": identifier, "References": identifier} if identifier.startswith("<") else None


def _again(subject: str | None) -> str | None:
    kept = " ".join((subject or "").replace("{", "").replace("}", "").split())
    if not kept:
        return None
    return (kept if kept.casefold().startswith("re:") else f"Re: {kept}")[:200]
