"""Which terms a customer accepted, when and from where: append-only, with the very words that were accepted."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.guards import append_only

ADDRESS_CHARS = 45
"""The longest way to write an IPv6 address."""


class TermsText(Base):
    """One version of a merchant's terms, kept from the first time that somebody accepted it."""

    __tablename__ = "terms_text"

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    text: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime]


class TermsAcceptance(Base):
    """`pay_link_id` None: accepted in the portal, for a payment without an invoice."""

    __tablename__ = "terms_acceptance"
    __table_args__ = (
        sa.ForeignKeyConstraint(["merchant_id", "version"], ["terms_text.merchant_id", "terms_text.version"]),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[int]
    version: Mapped[int]
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"), index=True)
    pay_link_id: Mapped[int | None] = mapped_column(sa.ForeignKey("pay_link.id"))
    ip_address: Mapped[str] = mapped_column(sa.String(ADDRESS_CHARS))
    accepted_at: Mapped[datetime]


append_only(TermsText.__table__)
append_only(TermsAcceptance.__table__)
