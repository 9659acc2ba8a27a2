"""Who owes, and the addresses a merchant has on file for them."""

import secrets
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identified, only_on, partial, stored
from models.merchant import Mode

PSEUDONYM_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without those that are taken for one another when read out."""
PSEUDONYM_CHARS = 4


class Channel(StrEnum):
    SMS = "sms"
    EMAIL = "email"
    WHATSAPP = "whatsapp"


APPS = (Channel.SMS, Channel.WHATSAPP)
"""Two ways to the same number, texts first (decision 8)."""


class Customer(Identified, Base):
    __tablename__ = "customer"
    __table_args__ = (
        partial(
            *("uq_customer_reference", "merchant_id", "mode", "reference"), where="reference IS NOT NULL", unique=True
        ),
        sa.Index("ix_customer_name", "merchant_id", "name", "id"),
    )

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"), index=True)
    mode: Mapped[Mode] = mapped_column(stored(Mode), default=Mode.LIVE, server_default=Mode.LIVE.value)
    reference: Mapped[str | None] = mapped_column(sa.String(64))
    """What the merchant's own books call them."""
    name: Mapped[str] = mapped_column(sa.String(120))
    locale: Mapped[str] = mapped_column(sa.String(8), default="en")
    timezone: Mapped[str | None] = mapped_column(sa.String(64))
    postal_code: Mapped[str | None] = mapped_column(sa.String(12))
    """Tells the time zone before the phone's area code does."""
    created_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]
    """Nobody is behind this row any more: it is there for the money that it explains, under a pseudonym."""


ENDING_CHARS = 4


class ContactPoint(Identified, Base):
    """One address of one customer. The same address may be on file for several customers, never merged."""

    __tablename__ = "contact_point"
    __table_args__ = (
        sa.UniqueConstraint("customer_id", "channel", "address"),
        sa.Index(
            "ix_contact_point_address",
            "merchant_id",
            "channel",
            "address",
            **only_on(postgresql_ops={"address": "varchar_pattern_ops"}),  # serves equality and how an address begins
        ),
        sa.Index("ix_contact_point_ending", "merchant_id", "ending"),
    )

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    mode: Mapped[Mode] = mapped_column(stored(Mode), default=Mode.LIVE, server_default=Mode.LIVE.value)
    """The customer's. Whoever looks up an address to write to, or to believe, asks for LIVE."""
    channel: Mapped[Channel] = mapped_column(stored(Channel))
    address: Mapped[str] = mapped_column(sa.String(254))
    ending: Mapped[str | None] = mapped_column(
        sa.String(ENDING_CHARS), sa.Computed(f"substr(address, length(address) - {ENDING_CHARS - 1})", persisted=True)
    )
    """What people know of a phone. The database writes it. A column, as row-level security looks first whose a row is:
    an index over an expression is not used there."""
    is_primary: Mapped[bool] = mapped_column(default=True)
    bad_since_at: Mapped[datetime | None]
    """Set when the carrier says that the address cannot be reached; nothing is sent to it any more."""
    created_at: Mapped[datetime]


def pseudonym() -> str:
    """`Erased customer 7F3K`: drawn, so that nothing leads from it to whom it stands for."""
    return "Erased customer " + "".join(secrets.choice(PSEUDONYM_LETTERS) for _ in range(PSEUDONYM_CHARS))


def normalise_email(address: str) -> str:
    """The spelling that addresses are stored and compared in."""
    return address.strip().casefold()
