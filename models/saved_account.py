"""A bank account or card that a customer wants to use again. The account itself is at the provider only: here is the
provider's name for it, which is of no use to anybody else, and what people know it by."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identified, stored
from models.merchant import Mode
from models.payment import Method


class SavedAccount(Identified, Base):
    __tablename__ = "saved_account"
    __table_args__ = (sa.UniqueConstraint("customer_id", "provider", "token"),)

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    mode: Mapped[Mode] = mapped_column(stored(Mode))
    provider: Mapped[str] = mapped_column(sa.String(16))
    token: Mapped[str] = mapped_column(sa.String(255))
    method: Mapped[Method] = mapped_column(stored(Method))
    name: Mapped[str] = mapped_column(sa.String(40))
    """The institution, or the card's brand."""
    last4: Mapped[str] = mapped_column(sa.String(4))
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    blocked_at: Mapped[datetime | None]
    blocked_code: Mapped[str | None] = mapped_column(sa.String(64))
    """Why it may not be used again: a return code, or "disputed"."""

    @property
    def is_usable(self) -> bool:
        return self.removed_at is None and self.blocked_at is None
