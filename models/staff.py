"""What a merchant's own phone has asked for and not confirmed yet."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

CONFIRM_WITHIN = timedelta(minutes=10)
MOST_TRIES = 3
"""Of ten thousand numbers: a stranger who writes from this phone's number never sees the one we sent to it."""


class StaffCommand(Base):
    """One for each phone: a new command takes the place of the last one."""

    __tablename__ = "staff_command"

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"), primary_key=True, autoincrement=False)
    phone: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(16))
    asked: Mapped[dict[str, Any]]
    """What is to happen, by ids."""
    number: Mapped[str] = mapped_column(sa.String(4))
    key: Mapped[str] = mapped_column(sa.String(32))
    """Makes a second OK the same act."""
    tries: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    created_at: Mapped[datetime]

    def is_live(self, now: datetime) -> bool:
        return self.tries < MOST_TRIES and now < self.created_at + CONFIRM_WITHIN
