"""Double entry, append-only, integer minor units. The database itself refuses to update or delete a row."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, partial, stored
from models.guards import append_only


class Account(StrEnum):
    RECEIVABLE = "receivable"
    """What customers owe, per invoice."""
    CLEARING = "clearing"
    """Captured by the provider, on its way to the merchant."""
    CREDIT = "credit"
    """Money received that no invoice takes: a customer's unapplied credit."""
    FEES = "fees"
    """What customers paid on top for paying by card."""
    PROVIDER_FEES = "provider_fees"
    """What the provider keeps for itself of what it captured: an expense of the merchant's."""
    CASH = "cash"
    """Taken by the merchant itself: cash, checks, transfers."""
    DISPUTED = "disputed"
    """Withheld by the provider while a dispute is argued about."""
    REFUNDED = "refunded"
    """Given back to customers who do not owe it again."""
    REVENUE = "revenue"
    """The other side of an issued or voided invoice."""


class LedgerEntry(Base):
    """One line; the lines that share a `journal` add up to zero per currency. Debits are positive, credits negative."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        sa.Index("ix_ledger_entry_invoice", "invoice_id"),
        sa.Index("ix_ledger_entry_payment", "payment_id"),
        # Few entries are credit: the portal asks for a customer's on every visit, among millions of others.
        partial("ix_ledger_entry_credit", "customer_id", where="account = 'credit'"),
        sa.CheckConstraint("amount_minor <> 0", name="amount_not_zero"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"), index=True)
    journal: Mapped[str] = mapped_column(sa.String(32), index=True)
    account: Mapped[Account] = mapped_column(stored(Account))
    customer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("customer.id"))
    invoice_id: Mapped[int | None] = mapped_column(sa.ForeignKey("invoice.id"))
    payment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("payment.id"))
    currency: Mapped[str] = mapped_column(sa.String(3))
    amount_minor: Mapped[int]
    created_at: Mapped[datetime]


append_only(LedgerEntry.__table__)
