"""Money, dates and times as Jinja filters, in the page's language and the merchant's time zone.

Refuses to choose words: what a due date means is data here, and templates say it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton, get_timezone_name
from babel.numbers import format_currency
from jinja2 import pass_context
from jinja2.runtime import Context

from models.money import Money

# One figure, one shape: the amount on a Spanish page equals the amount in the text and on the invoice.
MONEY_LOCALE = "en_US"
DATE_LOCALES = {"en": "en_US", "es": "es_US"}
MEGABYTE = 1_000_000
NARROW_SPACE, FIRM_SPACE = "\u202f", "\u00a0"  # some fonts have no glyph for the narrow one


class DueKind(StrEnum):
    NONE = "none"
    LATE = "late"
    TODAY = "today"
    TOMORROW = "tomorrow"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Due:
    kind: DueKind
    days: int
    """Days late when LATE, days left when LATER."""


def money(amount: Money) -> str:
    """`$2,310.00`, `KWD 1.500`: as many decimals as the currency has, its code where it has no symbol."""
    text = format_currency(amount.decimal, amount.currency, locale=MONEY_LOCALE)
    return text.replace(amount.currency, amount.currency + FIRM_SPACE)


def day(on: date, language: str, today: date) -> str:
    """`Jun 12`, with the year when it is not this one."""
    skeleton = "MMMd" if on.year == today.year else "yMMMd"
    return format_skeleton(skeleton, on, locale=DATE_LOCALES[language])


def full_day(on: date, language: str) -> str:
    """`Jun 12, 2026`: on papers that are kept."""
    return format_skeleton("yMMMd", on, locale=DATE_LOCALES[language])


def clock(at: datetime, language: str, zone: tzinfo) -> str:
    """`2:42 PM PDT`: a reader in another zone must not be misled."""
    time = format_skeleton("hm", at, tzinfo=zone, locale=DATE_LOCALES[language])
    written = f"{time}{FIRM_SPACE}{_zone_name(at.astimezone(zone))}"
    return written.replace(NARROW_SPACE, FIRM_SPACE).replace(" ", FIRM_SPACE)


def _zone_name(local: datetime) -> str:
    """Only in English: Spanish has no short ones and would print a whole phrase. Nor has English for most of the world;
    there the zone's own letters are better than an offset."""
    name = get_timezone_name(local, width="short", locale=MONEY_LOCALE)
    letters = local.tzname() or ""
    return letters if name[:1] in "+-" and letters.isalpha() else name


def moment(at: datetime, language: str, zone: tzinfo) -> str:
    """`Jun 19, 2026, 2:32 PM PDT`."""
    date_part = format_skeleton("yMMMd", at, tzinfo=zone, locale=DATE_LOCALES[language])
    return f"{date_part}, {clock(at, language, zone)}"


def due(on: date | None, today: date) -> Due:
    if on is None:
        return Due(DueKind.NONE, 0)
    left = (on - today).days
    if left < 0:
        return Due(DueKind.LATE, -left)
    soon = {0: DueKind.TODAY, 1: DueKind.TOMORROW}
    return Due(soon.get(left, DueKind.LATER), left)


def filesize(size: int) -> str:
    """`340 kB`, `1.2 MB`."""
    return f"{size / MEGABYTE:.1f} MB" if size >= MEGABYTE else f"{max(1, round(size / 1000))} kB"


def digits(amount: Money) -> int:
    """Decimals of the amount's currency, for the live total in the browser."""
    return max(0, -int(amount.decimal.as_tuple().exponent))


@pass_context
def _day(context: Context, on: date) -> str:
    frame = context["frame"]
    return day(on, frame.language, frame.today)


@pass_context
def _full_day(context: Context, on: date) -> str:
    return full_day(on, context["frame"].language)


@pass_context
def _clock(context: Context, at: datetime) -> str:
    frame = context["frame"]
    return clock(at, frame.language, ZoneInfo(frame.time_zone))


@pass_context
def _moment(context: Context, at: datetime) -> str:
    frame = context["frame"]
    return moment(at, frame.language, ZoneInfo(frame.time_zone))


@pass_context
def _due(context: Context, on: date | None) -> Due:
    return due(on, context["frame"].today)


FILTERS: dict[str, Callable[..., Any]] = {
    "money": money,
    "digits": digits,
    "filesize": filesize,
    "day": _day,
    "full_day": _full_day,
    "clock": _clock,
    "moment": _moment,
    "due": _due,
}
"""By name in templates. All but `money`, `digits` and `filesize` need `frame` in the context."""
