"""One address's thread with one merchant, and the proofs of who is behind that address."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identified, stored
from models.customer import Channel
from models.merchant import LiveOnly

PROOF_IDLE_LIFETIME = timedelta(days=90)
"""A number unused this long may have a new owner (35 million US numbers change hands a year): prove again."""

CHOICE_LIFETIME = timedelta(minutes=30)
"""How long numbers stay bound to the list last shown, and a shared phone to the account last chosen."""


ERASED = "erased:"
"""How the address of a thread and its messages begins whose owner was erased: no phone and no mailbox has a colon."""


class ConversationState(StrEnum):
    IDLE = "idle"
    ASKING_EMAIL = "asking_email"
    VERIFYING = "verifying"
    CHOOSING = "choosing"
    """Asked which account; the answer is a number. (A number after a list of invoices needs no state: see `shown`.)"""
    HUMAN = "human"


class Conversation(LiveOnly, Identified, Base):
    __tablename__ = "conversation"
    __table_args__ = (
        sa.UniqueConstraint("merchant_id", "channel", "address"),
        sa.Index("ix_conversation_recent", "merchant_id", "state", "last_inbound_at"),
    )

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"))
    channel: Mapped[Channel] = mapped_column(stored(Channel))
    address: Mapped[str] = mapped_column(sa.String(254))
    our_address: Mapped[str] = mapped_column(sa.String(254))
    state: Mapped[ConversationState] = mapped_column(stored(ConversationState), default=ConversationState.IDLE)
    locale: Mapped[str | None] = mapped_column(sa.String(8))
    customer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("customer.id"))
    """The account this thread speaks for; only ever set together with a live Proof."""
    chosen_at: Mapped[datetime | None]
    shown: Mapped[dict[str, Any] | None] = mapped_column()
    """What numbers mean: {"kind": "invoices"|"accounts", "ids": [...], "next": int, "at": epoch seconds}."""
    misses: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    in_a_row: Mapped[int] = mapped_column(sa.SmallInteger, default=0, server_default="0")
    """Texts without a long pause between them: a few are not looked at closer (bot/looping.py)."""
    last_inbound_at: Mapped[datetime | None]
    unreachable_since_at: Mapped[datetime | None]
    """Set when the carrier says that this address cannot be reached; a text from it proves the contrary."""
    created_at: Mapped[datetime]

    @property
    def is_erased(self) -> bool:
        return self.address.startswith(ERASED)


class Proof(LiveOnly, Base):
    """Someone at this address has shown that they read the customer's mail. Ended by STOP, by an edit of the
    address or the email on file, by idleness; never shared between merchants or addresses."""

    __tablename__ = "proof"
    __table_args__ = (sa.UniqueConstraint("conversation_id", "customer_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"))
    conversation_id: Mapped[int] = mapped_column(sa.ForeignKey("conversation.id"))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"), index=True)
    contact_point_id: Mapped[int] = mapped_column(sa.ForeignKey("contact_point.id"))
    proven_at: Mapped[datetime]
    used_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Promise(LiveOnly, Base):
    """ "I'll pay Friday": what a customer said, and when."""

    __tablename__ = "promise"

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"), index=True)
    message_id: Mapped[int] = mapped_column(sa.ForeignKey("message.id"))
    invoice_id: Mapped[int | None] = mapped_column(sa.ForeignKey("invoice.id"))
    """None: no invoice was named."""
    promised_on: Mapped[date | None]
    created_at: Mapped[datetime]
