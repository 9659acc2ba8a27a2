"""What comparing our books with a provider's has found: one row per run, one per difference, healed or not."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identified, stored


class DifferenceKind(StrEnum):
    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    AMOUNT = "amount"
    STATE = "state"
    REFUND = "refund"
    FEE = "fee"


class Reconciliation(Identified, Base):
    """`since_at`: payments started from then on were compared. `finished_at` None: the provider broke off."""

    __tablename__ = "reconciliation"

    provider: Mapped[str] = mapped_column(sa.String(16))
    since_at: Mapped[datetime]
    started_at: Mapped[datetime] = mapped_column(index=True)
    finished_at: Mapped[datetime | None]
    compared: Mapped[int] = mapped_column(default=0)


class Difference(Base):
    """`reference` is ours, also where only the provider knows it; `ours` and `theirs` are figures or states as
    words."""

    __tablename__ = "difference"

    id: Mapped[int] = mapped_column(primary_key=True)
    reconciliation_id: Mapped[int] = mapped_column(sa.ForeignKey("reconciliation.id"), index=True)
    merchant_id: Mapped[int | None] = mapped_column(sa.ForeignKey("merchant.id"), index=True)
    payment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("payment.id"))
    kind: Mapped[DifferenceKind] = mapped_column(stored(DifferenceKind))
    reference: Mapped[str] = mapped_column(sa.String(255))
    provider_reference: Mapped[str | None] = mapped_column(sa.String(255))
    ours: Mapped[str] = mapped_column(sa.String(64), default="")
    theirs: Mapped[str] = mapped_column(sa.String(64), default="")
    is_healed: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """Settled by the provider's own word, as an event would have."""
