"""Filters of the console's templates: telephone numbers, short amounts, and times as a busy person reads them."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from babel.dates import format_skeleton, get_timezone_name
from babel.numbers import format_currency
from jinja2 import pass_context
from jinja2.runtime import Context

from models.conversation import ERASED
from models.money import Money
from web.formatting import FIRM_SPACE, MONEY_LOCALE, NARROW_SPACE


def phone(address: str) -> str:
    """As people write it: `(206) 555-0111` at home, `+34 911 ...` abroad."""
    if address.startswith(ERASED):
        return "Erased"
    try:
        number = phonenumbers.parse(address)
    except phonenumbers.NumberParseException:
        return address
    shape = phonenumbers.PhoneNumberFormat
    at_home = number.country_code == 1
    return phonenumbers.format_number(number, shape.NATIONAL if at_home else shape.INTERNATIONAL)


def brief(amount: Money) -> str:
    """`$18,420`: for tiles and axes, where minor units would only be noise."""
    text = format_currency(amount.decimal, amount.currency, "¤#,##0", locale=MONEY_LOCALE, currency_digits=False)
    return text.replace(amount.currency, amount.currency + FIRM_SPACE)


def _spaced(text: str) -> str:
    return text.replace(NARROW_SPACE, FIRM_SPACE)


def _written(skeleton: str, at: datetime | date, zone: ZoneInfo | None = None) -> str:
    return _spaced(format_skeleton(skeleton, at, tzinfo=zone, locale=MONEY_LOCALE))


@pass_context
def _when(context: Context, at: datetime) -> str:
    """`2:31 PM` today, `Jun 12` on another day, with the year when it is not this one."""
    frame = context["frame"]
    zone = ZoneInfo(frame.time_zone)
    day = at.astimezone(zone).date()
    if day == frame.today:
        return _written("hm", at, zone)
    return _written("MMMd" if day.year == frame.today.year else "yMMMd", at, zone)


@pass_context
def _stamp(context: Context, at: datetime) -> str:
    """`Jun 12, 2:31 PM`"""
    frame = context["frame"]
    zone = ZoneInfo(frame.time_zone)
    same_year = at.astimezone(zone).year == frame.today.year
    return f"{_written('MMMd' if same_year else 'yMMMd', at, zone)}, {_written('hm', at, zone)}"


@pass_context
def _zone(context: Context, _page: object = None) -> str:
    """`Pacific Time`"""
    return get_timezone_name(ZoneInfo(context["frame"].time_zone), locale=MONEY_LOCALE)


FILTERS: dict[str, Callable[..., Any]] = {
    "phone": phone,
    "brief": brief,
    "when": _when,
    "stamp": _stamp,
    "zone": _zone,
}
