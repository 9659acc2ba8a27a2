from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from models.money import Money
from web.formatting import Due, DueKind, clock, day, digits, due, moment, money

TODAY = date(2026, 6, 19)
PACIFIC = ZoneInfo("America/Los_Angeles")
AFTERNOON = datetime(2026, 6, 19, 21, 32, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (231000, "USD", "$2,310.00"),
        (-500, "USD", "-$5.00"),
        (0, "USD", "$0.00"),
        (500, "JPY", "¥500"),
        (1500, "KWD", "KWD\u00a01.500"),
        (2000, "EUR", "€20.00"),
    ],
)
def test_it_shows_money_with_the_decimals_of_its_currency(minor: int, currency: str, text: str) -> None:
    assert money(Money(minor, currency)) == text


@pytest.mark.parametrize(("currency", "decimals"), [("USD", 2), ("JPY", 0), ("KWD", 3)])
def test_it_tells_the_browser_how_many_decimals(currency: str, decimals: int) -> None:
    assert digits(Money(1000, currency)) == decimals


@pytest.mark.parametrize(
    ("on", "meaning"),
    [
        (date(2026, 6, 12), Due(DueKind.LATE, 7)),
        (date(2026, 6, 18), Due(DueKind.LATE, 1)),
        (date(2026, 6, 19), Due(DueKind.TODAY, 0)),
        (date(2026, 6, 20), Due(DueKind.TOMORROW, 1)),
        (date(2026, 7, 1), Due(DueKind.LATER, 12)),
        (None, Due(DueKind.NONE, 0)),
    ],
)
def test_it_says_what_a_due_date_means_today(on: date | None, meaning: Due) -> None:
    assert due(on, TODAY) == meaning


@pytest.mark.parametrize(
    ("on", "language", "text"),
    [
        (date(2026, 7, 1), "en", "Jul 1"),
        (date(2026, 7, 1), "es", "1 jul"),
        (date(2025, 12, 3), "en", "Dec 3, 2025"),
        (date(2025, 12, 3), "es", "3 dic 2025"),
    ],
)
def test_it_names_the_year_only_when_it_is_another_one(on: date, language: str, text: str) -> None:
    assert day(on, language, TODAY) == text


@pytest.mark.parametrize(("language", "text"), [("en", "2:32 PM PDT"), ("es", "2:32 p.m. PDT")])
def test_it_gives_the_time_in_the_merchants_zone(language: str, text: str) -> None:
    assert clock(AFTERNOON, language, PACIFIC).replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("zone", "text"), [("Europe/Madrid", "11:32 p.m. CEST"), ("America/Bogota", "4:32 p.m. -0500")]
)
def test_it_writes_a_zone_s_letters_where_it_has_any(zone: str, text: str) -> None:
    assert clock(AFTERNOON, "es", ZoneInfo(zone)).replace("\u00a0", " ") == text


def test_it_follows_daylight_saving_time() -> None:
    winter = datetime(2026, 1, 19, 21, 32, tzinfo=UTC)
    assert clock(winter, "en", PACIFIC).replace("\u00a0", " ") == "1:32 PM PST"


def test_it_dates_a_moment_by_the_merchants_calendar() -> None:
    just_after_midnight_utc = datetime(2026, 6, 20, 1, 5, tzinfo=UTC)
    assert moment(just_after_midnight_utc, "en", PACIFIC).startswith("Jun 19, 2026, 6:05")
