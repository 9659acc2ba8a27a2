"""Who agreed or refused, when and how: an append-only record, and the standing refusal that every send obeys."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, stored
from models.customer import Channel
from models.guards import append_only

GIVEN_BY_CHARS = 120


class ConsentAct(StrEnum):
    GRANTED = "granted"
    REVOKED = "revoked"


class Consent(Base):
    __tablename__ = "consent"
    __table_args__ = (sa.Index("ix_consent_address", "merchant_id", "channel", "address"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"))
    channel: Mapped[Channel] = mapped_column(stored(Channel))
    address: Mapped[str] = mapped_column(sa.String(254))
    act: Mapped[ConsentAct] = mapped_column(stored(ConsentAct))
    source: Mapped[str] = mapped_column(sa.String(32))
    """How we know: keyword, plain_words, carrier, merchant, import, seed."""
    message_id: Mapped[int | None] = mapped_column(sa.ForeignKey("message.id"))
    wording: Mapped[str | None] = mapped_column(sa.Text)
    """What was shown to whoever agreed, or what they said."""
    given_by: Mapped[str | None] = mapped_column(sa.String(GIVEN_BY_CHARS))
    """Who wrote it down for them, and from where: a member, a file, a network address."""
    created_at: Mapped[datetime]


append_only(Consent.__table__)


class OptOut(Base):
    """The standing refusal of one address at one merchant, over all its numbers. Only its owner lifts it."""

    __tablename__ = "opt_out"

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"), primary_key=True)
    channel: Mapped[Channel] = mapped_column(stored(Channel), primary_key=True)
    address: Mapped[str] = mapped_column(sa.String(254), primary_key=True)
    opted_out_at: Mapped[datetime]
