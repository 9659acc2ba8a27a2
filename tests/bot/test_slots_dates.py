"""The day a person names, counted from a Wednesday, the 4th of March 2026."""

from datetime import date

import pytest

from bot.intents import understand
from bot.slots_dates import date_in

WEDNESDAY = date(2026, 3, 4)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("today", date(2026, 3, 4)),
        ("tomorrow", date(2026, 3, 5)),
        ("pasado manana", date(2026, 3, 6)),
        ("day after tomorrow", date(2026, 3, 6)),
        ("friday", date(2026, 3, 6)),
        ("el viernes", date(2026, 3, 6)),
        ("wednesday", date(2026, 3, 11)),
        ("next friday", date(2026, 3, 13)),
        ("in 3 days", date(2026, 3, 7)),
        ("en dos semanas", date(2026, 3, 18)),
        ("on the 15th", date(2026, 3, 15)),
        ("el 1", date(2026, 4, 1)),
        ("the 31st", date(2026, 3, 31)),
        ("march 20", date(2026, 3, 20)),
        ("5 de abril", date(2026, 4, 5)),
        ("january 2", date(2027, 1, 2)),
        ("end of the month", date(2026, 3, 31)),
        ("end of the week", date(2026, 3, 6)),
        ("first of the month", date(2026, 4, 1)),
        ("2026-03-09", date(2026, 3, 9)),
        ("2026-03-01", None),
        ("last friday", None),
        ("next week", None),
        ("soon", None),
        ("february 30", None),
    ],
)
def test_it_reads_a_day(text: str, day: date | None) -> None:
    assert date_in(text, WEDNESDAY, day_first=False) == day


@pytest.mark.parametrize(("day_first", "day"), [(False, date(2026, 4, 5)), (True, date(2026, 5, 4))])
def test_it_reads_numbers_the_way_the_language_does(day_first: bool, day: date) -> None:
    assert date_in("4/5", WEDNESDAY, day_first=day_first) == day


def test_it_spells_before_it_counts() -> None:
    assert understand("ill pay firday", expecting="idle", today=WEDNESDAY).slots.date == date(2026, 3, 6)


def test_it_dates_no_text_that_promises_nothing() -> None:
    assert understand("I already paid on friday", expecting="idle", today=WEDNESDAY).slots.date is None
