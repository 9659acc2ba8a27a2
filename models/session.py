"""A signed-in browser: a random id in a cookie, its hash in this row. Revocable at once; ends idle and absolutely."""

import hashlib
import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.merchant import LiveOnly

IDLE_LIFETIME = timedelta(minutes=15)
ABSOLUTE_LIFETIME = timedelta(hours=4)


def session_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class WebSession(LiveOnly, Base):
    """A customer's portal session at one merchant, for exactly one customer."""

    __tablename__ = "web_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"), index=True)
    contact_point_id: Mapped[int] = mapped_column(sa.ForeignKey("contact_point.id"))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    @staticmethod
    def new_token() -> str:
        """256 bits; ASVS 7.2.3 asks for 128."""
        return secrets.token_urlsafe(32)

    def is_live(self, now: datetime) -> bool:
        fresh = now < self.seen_at + IDLE_LIFETIME and now < self.created_at + ABSOLUTE_LIFETIME
        return fresh and self.revoked_at is None
