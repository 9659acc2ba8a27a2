"""A stop that a carrier's error calls for: which of a merchant's texts wait, since when, and how long."""

from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, stored


class Reach(StrEnum):
    """What waits. Answers in a webhook's own response are never held back: the customer is there and asking."""

    CAMPAIGN = "campaign"
    """What the merchant starts: reminders."""
    US = "us"
    EVERYTHING = "everything"


PAUSES: dict[Reach, timedelta] = {
    Reach.CAMPAIGN: timedelta(days=1),
    Reach.US: timedelta(days=1),
    Reach.EVERYTHING: timedelta(minutes=15),
}
"""Then one text tries again; met with the same error, the pause begins anew. Mended trouble ends by itself."""


class SendingPause(Base):
    __tablename__ = "sending_pause"

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"), primary_key=True)
    reach: Mapped[Reach] = mapped_column(stored(Reach), primary_key=True)
    error_code: Mapped[str] = mapped_column(sa.String(64))
    since_at: Mapped[datetime]
    until_at: Mapped[datetime]
