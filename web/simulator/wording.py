"""Filters of the simulator's templates: telephone numbers, and times as clocks and mailboxes write them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton, get_timezone_name
from jinja2 import pass_context
from jinja2.runtime import Context

from web.formatting import FIRM_SPACE, NARROW_SPACE
from web.simulator.people import spell

LOCALE = "en_US"


def _spaced(text: str) -> str:
    return text.replace(NARROW_SPACE, FIRM_SPACE)


@pass_context
def _weekday(context: Context, at: datetime) -> str:
    """`Fri, Jun 19, 2:31 PM`"""
    zone = ZoneInfo(context["frame"].time_zone)
    date, time = (format_skeleton(skeleton, at, tzinfo=zone, locale=LOCALE) for skeleton in ("MMMEd", "hm"))
    return _spaced(f"{date}, {time}")


@pass_context
def _hour(context: Context, at: datetime) -> str:
    """`2:31 PM` today, `Jun 12` on any other day."""
    frame = context["frame"]
    zone = ZoneInfo(frame.time_zone)
    skeleton = "hm" if at.astimezone(zone).date() == frame.today else "MMMd"
    return _spaced(format_skeleton(skeleton, at, tzinfo=zone, locale=LOCALE))


@pass_context
def _zone_name(context: Context, _at: datetime) -> str:
    """`Pacific Time`"""
    return get_timezone_name(ZoneInfo(context["frame"].time_zone), locale=LOCALE)


FILTERS: dict[str, Callable[..., Any]] = {
    "telephone": spell,
    "weekday": _weekday,
    "hour": _hour,
    "zone_name": _zone_name,
}
