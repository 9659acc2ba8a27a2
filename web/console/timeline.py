"""One customer's story over all channels, the newest first: messages both ways, payments, invoices, what members did.
Codes and links are never in it: rows hold only their placeholders."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from bot import messenger
from bot.channels.quoting_words import BOUNDARIES
from models.audit import AuditEntry
from models.context import Context
from models.conversation import Conversation
from models.customer import Channel, ContactPoint, Customer
from models.message import Direction, Message, MessageStatus, RemovedWhy
from models.money import Money
from models.payment import Payment, PaymentStatus

SHOWN = 60
PREVIEW_CHARS = 280
FOOTER = "\n--\n"


class Story(StrEnum):
    SAID = "said"
    """By the customer."""
    TOLD = "told"
    """To the customer."""
    PAID = "paid"
    DONE = "done"
    """By a member."""


@dataclass(frozen=True, slots=True)
class Happening:
    story: Story
    at: datetime
    channel: Channel | None = None
    words: str = ""
    kind: str = ""
    """Which rule said it, or what was understood."""
    status: str = ""
    amount: Money | None = None
    who: str = ""


def of(ctx: Context, customer: Customer) -> list[Happening]:
    found = [*_messages(ctx, customer), *_payments(ctx, customer), *_deeds(ctx, customer)]
    return sorted(found, key=lambda one: one.at, reverse=True)[:SHOWN]


def wording(message: Message) -> str:
    """What was said, without what every letter of ours begins and ends with. Subjects stand in for codes' letters, and
    what is removed says so."""
    if message.removed_at is not None:
        return _removed(message)
    if message.kind in messenger.CODES:
        return "A one-time code"
    text = message.body
    if message.channel is Channel.EMAIL and message.direction is Direction.OUT:
        for line in BOUNDARIES.values():
            text = text.removeprefix(line)
        text = text.partition(FOOTER)[0]
    return text.replace("{link}", "[link]").replace("{code}", "[code]").strip()


def _removed(message: Message) -> str:
    if message.removed_why is RemovedWhy.ERASURE:
        return "Removed: their data was erased"
    months = message.months_kept
    return f"Removed after {months} month{'' if months == 1 else 's'}"


def preview(message: Message) -> str:
    words = " ".join(wording(message).split())
    return words if len(words) <= PREVIEW_CHARS else f"{words[:PREVIEW_CHARS].rstrip()}..."


def _messages(ctx: Context, customer: Customer) -> Iterator[Happening]:
    """Theirs, and what was said at their addresses before anybody had shown who they are."""
    own = ContactPoint.customer_id == customer.id
    same = (ContactPoint.channel == Conversation.channel) & (ContactPoint.address == Conversation.address)
    there = sa.select(Conversation.id).join(ContactPoint, same & (ContactPoint.merchant_id == Conversation.merchant_id))
    unproven = Message.conversation_id.in_(there.where(own)) & Message.customer_id.is_(None)
    query = sa.select(Message).where((Message.customer_id == customer.id) | unproven)
    for message in ctx.session.scalars(query.order_by(Message.id.desc()).limit(SHOWN)):
        story = Story.SAID if message.direction is Direction.IN else Story.TOLD
        status = message.status.value if story is Story.TOLD else ""
        shown = status if message.status is not MessageStatus.DELIVERED else "delivered"
        yield Happening(story, message.created_at, message.channel, preview(message), message.kind, shown)


def _payments(ctx: Context, customer: Customer) -> Iterator[Happening]:
    told = (PaymentStatus.SUCCEEDED, PaymentStatus.RETURNED, PaymentStatus.REFUNDED, PaymentStatus.PROCESSING)
    query = sa.select(Payment).where(Payment.customer_id == customer.id, Payment.status.in_(told))
    for payment in ctx.session.scalars(query.order_by(Payment.id.desc()).limit(SHOWN)):
        at = payment.finished_at or payment.created_at
        words = f"{payment.method_label or payment.method.value.capitalize()}, {payment.reference}"
        yield Happening(Story.PAID, at, words=words, status=payment.status.value, amount=payment.amount)


def _deeds(ctx: Context, customer: Customer) -> Iterator[Happening]:
    about = (AuditEntry.subject == "customer") & (AuditEntry.subject_id == customer.public_id)
    query = sa.select(AuditEntry).where(AuditEntry.merchant_id == customer.merchant_id, about)
    for entry in ctx.session.scalars(query.order_by(AuditEntry.id.desc()).limit(SHOWN)):
        told = ", ".join(str(value) for value in (entry.after or {}).values() if value not in (None, ""))
        yield Happening(Story.DONE, entry.created_at, words=told, kind=entry.action, who=entry.actor)
