"""How far what people wrote has been removed, and since when something counts as old. The daily purge walks each table
by its key, a little at a time, and goes on where it stopped."""

import calendar
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class RetentionMark(Base):
    """Up to and with this row of its table, a merchant's old words are gone."""

    __tablename__ = "retention_mark"

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"), primary_key=True, autoincrement=False)
    what: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    """The table's name."""
    through_id: Mapped[int] = mapped_column(default=0)


def months_before(at: datetime, months: int) -> datetime:
    """The same day so many months ago, or the last one of that month."""
    year, month = divmod(at.year * 12 + at.month - 1 - months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return at.replace(year=year, month=month + 1, day=min(at.day, last))


def months_between(start: datetime, end: datetime) -> int:
    """Whole ones."""
    months = (end.year - start.year) * 12 + end.month - start.month
    return months if months_before(end, months) >= start else months - 1
