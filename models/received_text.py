"""A text that was taken and not yet answered: its turn was put off. The row goes with the turn, its words with it."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, stored
from models.customer import Channel


class ReceivedText(Base):
    __tablename__ = "received_text"
    __table_args__ = (
        sa.UniqueConstraint("merchant_id", "provider_reference"),
        sa.Index("ix_received_text_sender", "merchant_id", "channel", "their_address"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"))
    channel: Mapped[Channel] = mapped_column(stored(Channel))
    their_address: Mapped[str] = mapped_column(sa.String(254))
    our_address: Mapped[str] = mapped_column(sa.String(254))
    provider_reference: Mapped[str] = mapped_column(sa.String(255))
    hidden_body: Mapped[str] = mapped_column(sa.Text)
    """It may hold a code or a card's number: see models/signing.py."""
    received_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    """When a worker last took it in hand."""
    tries: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    put_aside_at: Mapped[datetime | None]
    """Given up, for a person to look at: it stands in no other text's way."""
