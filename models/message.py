"""Every text and email in or out. The outbox and the transcript are these same rows."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identified, partial, stored
from models.customer import Channel
from models.merchant import LiveOnly
from models.retention import months_between


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


class MessageStatus(StrEnum):
    RECEIVED = "received"
    QUEUED = "queued"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Failure(StrEnum):
    TEMPORARY = "temporary"
    PERMANENT = "permanent"


class Route(StrEnum):
    """How an outgoing message leaves: in the webhook's own response, or by the messenger."""

    RESPONSE = "response"
    MESSENGER = "messenger"


class RemovedWhy(StrEnum):
    """Why the words of a message are gone. That it was sent, when, over which channel and how it ended stays."""

    AGE = "age"
    ERASURE = "erasure"


TRANSITIONS: dict[MessageStatus, frozenset[MessageStatus]] = {
    MessageStatus.RECEIVED: frozenset(),
    MessageStatus.QUEUED: frozenset(
        {MessageStatus.SENDING, MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.FAILED}
        | {MessageStatus.CANCELLED, MessageStatus.UNKNOWN}
    ),
    MessageStatus.SENDING: frozenset(
        {
            MessageStatus.QUEUED,
            MessageStatus.SENT,
            MessageStatus.DELIVERED,
            MessageStatus.FAILED,
            MessageStatus.UNKNOWN,
        }
    ),
    MessageStatus.UNKNOWN: frozenset({MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.FAILED}),
    MessageStatus.SENT: frozenset({MessageStatus.DELIVERED, MessageStatus.FAILED}),
    MessageStatus.DELIVERED: frozenset(),
    MessageStatus.FAILED: frozenset(),
    MessageStatus.CANCELLED: frozenset(),
}
"""Monotonic: carriers report in any order, and a late "sent" never undoes "delivered"."""


def _where_any(column: str) -> sa.Index:
    """Most rows have none: they cost the index nothing."""
    return partial(f"ix_message_{column}", column, where=f"{column} IS NOT NULL")


class Message(LiveOnly, Identified, Base):
    """`body` never holds a secret: `{code}` and `{link}` stand in it and are filled in on the way out."""

    __tablename__ = "message"
    __table_args__ = (
        sa.UniqueConstraint("merchant_id", "provider_reference", "direction"),
        sa.Index("ix_message_conversation_id_id", "conversation_id", "id"),
        sa.Index("ix_message_merchant", "merchant_id", "direction", "channel", "created_at"),
        sa.Index("ix_message_customer", "customer_id", "id"),
        sa.Index("ix_message_status", "merchant_id", "status", "id"),
        sa.Index("ix_message_created_at", "created_at"),  # in order of arrival, so it costs the writer next to nothing
        partial("ix_message_outbox", "status", "not_before_at", where="direction = 'out'"),
        *map(_where_any, ("reminder_link_id", "reply_to_id", "instead_of_id")),
    )

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"))
    conversation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("conversation.id"))
    customer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("customer.id"))
    direction: Mapped[Direction] = mapped_column(stored(Direction))
    channel: Mapped[Channel] = mapped_column(stored(Channel))
    kind: Mapped[str] = mapped_column(sa.String(32))
    """The template's name for what we send; the intent we read for what we receive."""
    our_address: Mapped[str] = mapped_column(sa.String(254))
    their_address: Mapped[str] = mapped_column(sa.String(254))
    subject: Mapped[str | None] = mapped_column(sa.String(200))
    body: Mapped[str] = mapped_column(sa.Text)
    html: Mapped[str | None] = mapped_column(sa.Text)
    locale: Mapped[str | None] = mapped_column(sa.String(8))
    pay_link_id: Mapped[int | None] = mapped_column(sa.ForeignKey("pay_link.id"))
    payment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("payment.id"))
    """`{link}` is the receipt of this payment, where no pay link is named."""
    invoice_id: Mapped[int | None] = mapped_column(sa.ForeignKey("invoice.id"))
    """What an invoice or a reminder that we send is about: "I paid this" in answer to it means that one."""
    verification_id: Mapped[int | None] = mapped_column(sa.ForeignKey("verification.id"))
    reminder_link_id: Mapped[int | None] = mapped_column(sa.ForeignKey("reminder_link.id"))
    """`{link}` of a reminder; what it reminds of has the same one."""
    reply_to_id: Mapped[int | None] = mapped_column(sa.ForeignKey("message.id"))
    status: Mapped[MessageStatus] = mapped_column(stored(MessageStatus))
    failure: Mapped[Failure | None] = mapped_column(stored(Failure))
    error_code: Mapped[str | None] = mapped_column(sa.String(64))
    route: Mapped[Route | None] = mapped_column(stored(Route))
    provider_reference: Mapped[str | None] = mapped_column(sa.String(255))
    attempt: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    claimed_at: Mapped[datetime | None]
    not_before_at: Mapped[datetime | None]
    headers: Mapped[dict[str, Any] | None]
    slots: Mapped[dict[str, Any] | None]
    """What filled the template, for an approved template that says the same where free words may not go."""
    instead_of_id: Mapped[int | None] = mapped_column(sa.ForeignKey("message.id"))
    """The message that could not go on its own channel, and that this one replaces."""
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    """Since when its words are gone: the body is empty, and nothing of it may be sent again."""
    removed_why: Mapped[RemovedWhy | None] = mapped_column(stored(RemovedWhy))

    def move_to(self, status: MessageStatus) -> bool:
        """Take the step if it is one forward. False, and no change, for a repeated or overtaken report."""
        if status not in TRANSITIONS[self.status]:
            return False
        self.status = status
        return True

    @property
    def months_kept(self) -> int:
        """How long its words were there. 0 while they are."""
        return months_between(self.created_at, self.removed_at) if self.removed_at is not None else 0
