"""What is owed. The balance is changed only together with ledger entries, by payments/ledger.py."""

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identified, stored
from models.errors import DomainError
from models.merchant import Mode
from models.money import Money


class InvoiceStatus(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    PAID = "paid"
    VOID = "void"
    UNCOLLECTIBLE = "uncollectible"


TRANSITIONS: dict[InvoiceStatus, frozenset[InvoiceStatus]] = {
    InvoiceStatus.DRAFT: frozenset({InvoiceStatus.OPEN, InvoiceStatus.VOID}),
    InvoiceStatus.OPEN: frozenset({InvoiceStatus.PAID, InvoiceStatus.VOID, InvoiceStatus.UNCOLLECTIBLE}),
    InvoiceStatus.PAID: frozenset({InvoiceStatus.OPEN}),  # a returned bank payment reopens it
    InvoiceStatus.VOID: frozenset(),
    InvoiceStatus.UNCOLLECTIBLE: frozenset({InvoiceStatus.OPEN, InvoiceStatus.PAID, InvoiceStatus.VOID}),
}


class Invoice(Identified, Base):
    __tablename__ = "invoice"
    __table_args__ = (
        sa.UniqueConstraint("merchant_id", "mode", "number"),
        sa.Index("ix_invoice_customer", "customer_id", "status", "due_on", "id"),
        # What a merchant's lists are sorted by. The first one also holds all that sums over a million rows need.
        sa.Index(
            "ix_invoice_due",
            *("merchant_id", "mode", "status", "due_on", "id", "customer_id", "currency", "balance_minor"),
        ),
        sa.Index("ix_invoice_balance", "merchant_id", "mode", "status", "balance_minor", "id"),
        sa.Index("ix_invoice_newest", "merchant_id", "mode", "status", "id"),
        sa.CheckConstraint("total_minor > 0", name="total_positive"),
        sa.CheckConstraint("balance_minor >= 0 AND balance_minor <= total_minor", name="balance_in_range"),
    )

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    mode: Mapped[Mode] = mapped_column(stored(Mode), default=Mode.LIVE)
    number: Mapped[str] = mapped_column(sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql"))
    """Compared byte by byte on both databases, so that an index finds all numbers that begin alike."""
    description: Mapped[str] = mapped_column(sa.String(200), default="")
    status: Mapped[InvoiceStatus] = mapped_column(stored(InvoiceStatus), default=InvoiceStatus.DRAFT)
    currency: Mapped[str] = mapped_column(sa.String(3))
    total_minor: Mapped[int]
    balance_minor: Mapped[int]
    issued_on: Mapped[date]
    due_on: Mapped[date]
    version: Mapped[int] = mapped_column(default=1)
    """Goes up with every edit of what is owed: a page that shows an older one must be confirmed afresh."""
    paid_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)

    @property
    def balance(self) -> Money:
        return Money(self.balance_minor, self.currency)

    @property
    def is_payable(self) -> bool:
        return self.status is InvoiceStatus.OPEN and self.balance_minor > 0

    def move_to(self, status: InvoiceStatus) -> None:
        """Raises DomainError("invoice_state") for a step that the table does not have."""
        if status not in TRANSITIONS[self.status]:
            raise DomainError("invoice_state")
        self.status = status
