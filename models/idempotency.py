"""A money request that was answered once is answered the same again."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, stored
from models.merchant import Mode

KEY_MAX_CHARS = 255  # Stripe
ANSWERS_KEPT = timedelta(hours=48)
"""GOV.UK Pay and Stripe keep theirs for 24."""


class IdempotencyKey(Base):
    """Scope is merchant + key. `fingerprint`: SHA-256 of what was asked; the same key for something else is refused."""

    __tablename__ = "idempotency_key"

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"), primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(KEY_MAX_CHARS), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    payment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("payment.id"))
    error_code: Mapped[str | None] = mapped_column(sa.String(64))
    created_at: Mapped[datetime]


class ApiAnswer(Base):
    """What a program's POST was answered, refusals included. Scope is merchant + mode + key."""

    __tablename__ = "api_answer"

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"), primary_key=True)
    mode: Mapped[Mode] = mapped_column(stored(Mode), primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(KEY_MAX_CHARS), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    status: Mapped[int | None] = mapped_column(sa.SmallInteger)
    """None only inside the transaction that is still working on it."""
    body: Mapped[str | None] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(index=True)
