"""One attempt to pay, the invoices it covers, and its append-only history."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identified, partial, stored
from models.errors import DomainError
from models.guards import append_only
from models.merchant import Mode
from models.money import Money


class PaymentStatus(StrEnum):
    CREATED = "created"
    SUBMITTED = "submitted"
    VERIFYING = "verifying"
    """Its owner has to confirm small deposits first: no money moves until then."""
    PROCESSING = "processing"
    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    REFUNDED = "refunded"
    DISPUTED = "disputed"


class Method(StrEnum):
    NETWORK = "network"
    BANK = "bank"
    CARD = "card"
    CASH = "cash"
    CHECK = "check"
    OTHER = "other"


ONLINE_METHODS = frozenset({Method.NETWORK, Method.BANK, Method.CARD})
"""Those that a provider takes. The others are recorded by the merchant, who has the money already."""
DESCRIPTION_CHARS = 200
PAYER_CHARS = 120


_S = PaymentStatus
TRANSITIONS: dict[PaymentStatus, frozenset[PaymentStatus]] = {
    _S.CREATED: frozenset({_S.SUBMITTED, _S.CANCELLED}),
    # RETURNED from anywhere: providers send their events in any order, and a return may be the first we hear.
    _S.SUBMITTED: frozenset(
        {_S.VERIFYING, _S.PROCESSING, _S.UNKNOWN, _S.SUCCEEDED, _S.FAILED, _S.CANCELLED, _S.RETURNED}
    ),
    _S.VERIFYING: frozenset({_S.PROCESSING, _S.SUCCEEDED, _S.FAILED, _S.CANCELLED, _S.RETURNED}),
    _S.PROCESSING: frozenset({_S.SUCCEEDED, _S.FAILED, _S.CANCELLED, _S.RETURNED}),
    _S.UNKNOWN: frozenset(
        {_S.SUBMITTED, _S.VERIFYING, _S.PROCESSING, _S.SUCCEEDED, _S.FAILED, _S.CANCELLED, _S.RETURNED}
    ),
    _S.SUCCEEDED: frozenset({_S.RETURNED, _S.REFUNDED, _S.DISPUTED}),
    # Money that arrives after we gave up is still money: it is booked, never lost.
    _S.FAILED: frozenset({_S.SUCCEEDED, _S.RETURNED}),
    _S.CANCELLED: frozenset({_S.SUCCEEDED, _S.RETURNED}),
    _S.RETURNED: frozenset(),
    # A refund can fail after it succeeded; a dispute can be won.
    _S.REFUNDED: frozenset({_S.SUCCEEDED, _S.DISPUTED, _S.RETURNED}),
    _S.DISPUTED: frozenset({_S.SUCCEEDED, _S.REFUNDED, _S.RETURNED}),
}
PAID_STATUSES = frozenset({_S.SUCCEEDED, _S.REFUNDED, _S.DISPUTED})
"""It has brought money and has a receipt."""
OPEN_STATUSES = frozenset({_S.CREATED, _S.SUBMITTED, _S.VERIFYING, _S.PROCESSING, _S.UNKNOWN})
"""While a payment is in one of these, its invoices cannot be paid a second time."""
UNCONFIRMED_STATUSES = frozenset({_S.SUBMITTED, _S.VERIFYING})
"""Its owner has still something to say, and no money moves: the provider may be asked to close it."""
UNDER_WAY_STATUSES = frozenset({_S.VERIFYING, _S.PROCESSING, _S.UNKNOWN})
"""Its owner has approved it and waits: nobody is reminded, and no other attempt takes its place."""


class Payment(Identified, Base):
    __tablename__ = "payment"
    __table_args__ = (
        sa.UniqueConstraint("merchant_id", "reference"),
        # Partial, so that PostgreSQL does not count it as a key: setting the reference would block every foreign key.
        partial(
            *("uq_payment_provider_reference", "provider", "provider_reference"),
            where="provider_reference IS NOT NULL",
            unique=True,
        ),
        sa.Index("ix_payment_customer", "customer_id", "id"),
        sa.Index("ix_payment_pay_link", "pay_link_id"),
        sa.Index("ix_payment_next_check", "next_check_at"),
        sa.Index("ix_payment_finished", "merchant_id", "status", "finished_at"),
        sa.CheckConstraint("amount_minor > 0", name="amount_positive"),
    )

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    pay_link_id: Mapped[int | None] = mapped_column(sa.ForeignKey("pay_link.id"))
    conversation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("conversation.id"))
    mode: Mapped[Mode] = mapped_column(stored(Mode), default=Mode.LIVE)
    reference: Mapped[str] = mapped_column(sa.String(12))
    """What people read out: short, never a lookup key without authority."""
    method: Mapped[Method] = mapped_column(stored(Method))
    method_label: Mapped[str | None] = mapped_column(sa.String(40))
    """Kind and last digits as the provider told them, e.g. "Visa 4242"."""
    currency: Mapped[str] = mapped_column(sa.String(3))
    amount_minor: Mapped[int]
    """What the provider is to take, the fee included."""
    fee_minor: Mapped[int] = mapped_column(default=0, server_default="0")
    is_custom: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """Without an invoice: lands where the merchant chose."""
    description: Mapped[str | None] = mapped_column(sa.String(DESCRIPTION_CHARS))
    payer_name: Mapped[str | None] = mapped_column(sa.String(PAYER_CHARS))
    return_url: Mapped[str | None] = mapped_column(sa.Text)
    """Where the provider sends people back to, for a payment without a link."""
    saves_account: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """The customer wants to use the account again."""
    saved_account_id: Mapped[int | None]
    """The one that it is paid with, or that was kept from it. No foreign key: SQLite adds none to a table that is
    there."""
    terms_version: Mapped[int | None]
    """Which of the merchant's terms were accepted with it."""
    status: Mapped[PaymentStatus] = mapped_column(stored(PaymentStatus), default=PaymentStatus.CREATED)
    provider: Mapped[str] = mapped_column(sa.String(16))
    provider_reference: Mapped[str | None] = mapped_column(sa.String(255))
    redirect_url: Mapped[str | None] = mapped_column(sa.Text)
    """The provider's page: to approve on, later to confirm small deposits on."""
    deposits: Mapped[int | None] = mapped_column(sa.SmallInteger)
    """How many small deposits its owner has to confirm: two by their amounts, one by its code."""
    deposits_at: Mapped[datetime | None]
    """When they are in the account."""
    failure_code: Mapped[str | None] = mapped_column(sa.String(64))
    created_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    next_check_at: Mapped[datetime | None]
    """When the janitor asks the provider, if no event has come by then."""
    checks: Mapped[int] = mapped_column(sa.SmallInteger, default=0)

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def fee(self) -> Money:
        return Money(self.fee_minor, self.currency)

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES

    def move_to(self, status: PaymentStatus) -> None:
        """Raises DomainError("payment_state") for a step that the table does not have."""
        if status not in TRANSITIONS[self.status]:
            raise DomainError("payment_state")
        self.status = status


class Allocation(Base):
    """A payment's share for one invoice. `is_open` follows the payment: the partial unique index
    lets the database itself refuse a second open attempt on one invoice."""

    __tablename__ = "allocation"
    __table_args__ = (
        partial("uq_allocation_open", "invoice_id", where="is_open", unique=True),
        sa.CheckConstraint("amount_minor > 0", name="amount_positive"),
    )

    payment_id: Mapped[int] = mapped_column(sa.ForeignKey("payment.id"), primary_key=True)
    invoice_id: Mapped[int] = mapped_column(sa.ForeignKey("invoice.id"), primary_key=True, index=True)
    merchant_id: Mapped[int]
    mode: Mapped[Mode] = mapped_column(stored(Mode))
    amount_minor: Mapped[int]
    is_open: Mapped[bool] = mapped_column(default=True)


class PaymentEvent(Base):
    """What happened, when, by whose word. One row per provider event and per effect: a repeat changes nothing."""

    __tablename__ = "payment_event"
    __table_args__ = (
        sa.UniqueConstraint("payment_id", "effect"),
        sa.UniqueConstraint("provider", "provider_event_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    payment_id: Mapped[int] = mapped_column(sa.ForeignKey("payment.id"))
    provider: Mapped[str] = mapped_column(sa.String(16))
    provider_event_id: Mapped[str | None] = mapped_column(sa.String(255))
    effect: Mapped[str] = mapped_column(sa.String(96))
    """The kind and, where it moves money, the amount: "succeeded:128450:USD"."""
    detail: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]


append_only(PaymentEvent.__table__)
