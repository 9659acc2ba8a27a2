"""A money request that was answered once is answered the same again."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

KEY_MAX_CHARS = 255  # Stripe


class IdempotencyKey(Base):
    """Scope is merchant + key. `fingerprint`: SHA-256 of what was asked; the same key for something else is refused."""

    __tablename__ = "idempotency_key"

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"), primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(KEY_MAX_CHARS), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    payment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("payment.id"))
    error_code: Mapped[str | None] = mapped_column(sa.String(64))
    created_at: Mapped[datetime]
