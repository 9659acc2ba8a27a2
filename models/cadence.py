"""When a merchant reminds by itself, and what a customer has instead: steps counted in days from the due date."""

from datetime import date, time
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, stored
from models.merchant import LiveOnly

USUAL_STEPS = (-3, 0, 7)
"""Three days before, on the day, a week after."""
MOST_STEPS = 12
FURTHEST_STEP = 180


class Ways(StrEnum):
    """By which of a customer's channels. TEXT is WhatsApp for a customer who has that and no phone for texts; whoever
    cannot be texted is mailed instead."""

    TEXT = "text"
    EMAIL = "email"
    BOTH = "both"


class Cadence(Base):
    """One per merchant that has said something about reminders; without a row nothing goes by itself."""

    __tablename__ = "cadence"

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"), primary_key=True, autoincrement=False)
    is_on: Mapped[bool] = mapped_column(default=True)
    starts_on: Mapped[date | None]
    """What fell on a day before it is left out: switching on reminds nobody of the past."""
    steps: Mapped[list[Any]] = mapped_column(default=lambda: list(USUAL_STEPS))
    """Days from the due date, negative before it."""
    repeat_every: Mapped[int | None] = mapped_column(sa.SmallInteger)
    """Days between the repeats after the last step."""
    repeat_times: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    ways: Mapped[Ways] = mapped_column(stored(Ways), default=Ways.TEXT)
    at: Mapped[time] = mapped_column(sa.Time, default=time(10))
    """The recipient's own clock."""
    opens: Mapped[time] = mapped_column(sa.Time, default=time(9))
    closes: Mapped[time] = mapped_column(sa.Time, default=time(20))
    on_sundays: Mapped[bool] = mapped_column(default=False)
    """Hours of texts, within what the law allows where the recipient is."""
    shows_amounts: Mapped[bool] = mapped_column(default=True)
    countries: Mapped[list[Any]] = mapped_column(default=list)
    """Texted beside the merchant's own: ISO 3166 codes."""

    def offsets(self) -> tuple[int, ...]:
        """Every step in order, repeats included."""
        known = sorted({int(step) for step in self.steps})
        last = known[-1] if known else 0
        times = self.repeat_times if self.repeat_every else 0
        repeats = (last + (self.repeat_every or 0) * n for n in range(1, times + 1))
        return tuple(sorted({*known, *repeats}))


class CustomerCadence(LiveOnly, Base):
    """What one customer has instead of the merchant's cadence: none at all, or other steps, or another way."""

    __tablename__ = "customer_cadence"

    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"), primary_key=True, autoincrement=False)
    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"), index=True)
    is_on: Mapped[bool] = mapped_column(default=True)
    """False: no reminder of any kind, a pressed one included."""
    steps: Mapped[list[Any] | None] = mapped_column()
    ways: Mapped[Ways | None] = mapped_column(stored(Ways))
