"""Money that leaves again after it was captured: refunds that the merchant makes, disputes and returns that it suffers.
What of each is booked is kept beside it; payments/takebacks.py is the only one to change that."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identified, partial, stored

NOTE_CHARS = 200
KEY_CHARS = 255


class RefundStatus(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """The money stays or comes back: also after it had succeeded, e.g. for a card that is closed."""


class Refund(Identified, Base):
    """One refund of a payment, the whole or a part. `public_id` is the idempotency key at the provider."""

    __tablename__ = "refund"
    __table_args__ = (
        sa.UniqueConstraint("payment_id", "key"),
        partial(
            *("uq_refund_provider_reference", "payment_id", "provider_reference"),
            where="provider_reference IS NOT NULL",
            unique=True,
        ),
        sa.Index("ix_refund_next_check", "next_check_at"),
        sa.CheckConstraint("amount_minor > 0", name="amount_positive"),
    )

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"), index=True)
    payment_id: Mapped[int] = mapped_column(sa.ForeignKey("payment.id"))
    key: Mapped[str] = mapped_column(sa.String(KEY_CHARS))
    """The caller's idempotency key; for one made at the provider its own reference."""
    provider_reference: Mapped[str | None] = mapped_column(sa.String(255))
    amount_minor: Mapped[int]
    """In the payment's currency."""
    reopens: Mapped[bool] = mapped_column(default=False)
    """The invoices are owed again. Otherwise they stay paid: the goods came back, too."""
    note: Mapped[str] = mapped_column(sa.String(NOTE_CHARS), default="")
    status: Mapped[RefundStatus] = mapped_column(stored(RefundStatus), default=RefundStatus.PENDING)
    failure_code: Mapped[str | None] = mapped_column(sa.String(64))
    booked_minor: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    next_check_at: Mapped[datetime | None]
    checks: Mapped[int] = mapped_column(sa.SmallInteger, default=0)


class DisputeKind(StrEnum):
    RETURN = "return"
    """A bank debit that came back: final from the first word."""
    DISPUTE = "dispute"
    """A card holder's, argued about first; the provider withholds the money meanwhile."""


class DisputeStatus(StrEnum):
    OPEN = "open"
    WON = "won"
    LOST = "lost"


class Dispute(Identified, Base):
    """`reason` is the provider's code: R01, fraudulent, ..."""

    __tablename__ = "dispute"
    __table_args__ = (
        sa.UniqueConstraint("payment_id", "provider_reference"),
        sa.CheckConstraint("amount_minor > 0", name="amount_positive"),
    )

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"), index=True)
    payment_id: Mapped[int] = mapped_column(sa.ForeignKey("payment.id"))
    kind: Mapped[DisputeKind] = mapped_column(stored(DisputeKind))
    provider_reference: Mapped[str] = mapped_column(sa.String(255))
    reason: Mapped[str | None] = mapped_column(sa.String(64))
    amount_minor: Mapped[int]
    status: Mapped[DisputeStatus] = mapped_column(stored(DisputeStatus), default=DisputeStatus.OPEN)
    withheld_minor: Mapped[int] = mapped_column(default=0)
    taken_minor: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
