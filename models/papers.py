"""What belongs to an invoice as paper: its line items and its files. Lines that do not add up to the total are refused
by payments/papers.py; files are kept as bytes and never opened."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identified, stored
from models.money import Money

QUANTITY_DIGITS = 3
MAX_ATTACHMENT_BYTES = 5 * 1024 * 1024
MAX_ATTACHMENTS = 10
"""Per invoice."""


class InvoiceLine(Base):
    """One line of an invoice. `amount_minor` is what it adds to the total; negative for a discount."""

    __tablename__ = "invoice_line"

    invoice_id: Mapped[int] = mapped_column(sa.ForeignKey("invoice.id"), primary_key=True)
    position: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    """From 0."""
    description: Mapped[str] = mapped_column(sa.String(200))
    quantity_milli: Mapped[int]
    """In thousandths: 2.5 hours are 2500."""
    unit_price_minor: Mapped[int]
    amount_minor: Mapped[int]

    @property
    def quantity(self) -> Decimal:
        """Without needless zeros: 2.5, 60."""
        exact = Decimal(self.quantity_milli).scaleb(-QUANTITY_DIGITS).normalize()
        return exact if exact != exact.to_integral_value() else exact.quantize(Decimal(1))

    def unit_price(self, currency: str) -> Money:
        return Money(self.unit_price_minor, currency)

    def amount(self, currency: str) -> Money:
        return Money(self.amount_minor, currency)


class ContentType(StrEnum):
    """The only kinds of file that are kept and handed out. No SVG, no HTML: nothing that a browser runs."""

    PDF = "application/pdf"
    PNG = "image/png"
    JPEG = "image/jpeg"


class Attachment(Identified, Base):
    """A file of an invoice. `name` is shown and never used as a path."""

    __tablename__ = "attachment"
    __table_args__ = (sa.CheckConstraint(f"size > 0 AND size <= {MAX_ATTACHMENT_BYTES}", name="size_in_range"),)

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"))
    invoice_id: Mapped[int] = mapped_column(sa.ForeignKey("invoice.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    content_type: Mapped[ContentType] = mapped_column(stored(ContentType))
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)
    """Loaded only when asked for."""
    created_at: Mapped[datetime]
