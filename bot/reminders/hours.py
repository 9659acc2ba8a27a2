"""Quiet hours: when a merchant may start texting somebody. Local days and clocks, so that a night of a clock change is
like any other. A customer's own text is answered at any hour; nothing here is asked then."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.reminders.places import WHERE, Place

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SUNDAY = 6
FURTHEST = 15
"""Days looked ahead: a window opens within the week, if it ever does."""

Span = tuple[time, time]
Rule = Mapping[str, Span | None]
"""By day of the week, local time; None: not on that day."""


@dataclass(frozen=True, slots=True)
class Hours:
    """What the merchant wants, within what the law allows: by itself it widens nothing."""

    opens: time = time(9)
    closes: time = time(20)
    on_sundays: bool = False


def is_open(place: Place, hours: Hours, at: datetime) -> bool:
    """In every zone where the recipient may be."""
    return all(_is_open_in(zone, place.states, hours, at) for zone in place.zones)


@lru_cache(maxsize=4096)
def next_opening(place: Place, hours: Hours, at: datetime) -> datetime | None:
    """`at` itself, if it is open then. None: these zones and hours have no time in common."""
    if is_open(place, hours, at):
        return at
    return next((moment for moment in _openings(place, hours, at) if is_open(place, hours, moment)), None)


@lru_cache(maxsize=4096)
def local_day(place: Place, at: datetime) -> date:
    """Asked for each of a hundred thousand, of few places and moments."""
    return at.astimezone(place.zone).date()


def _openings(place: Place, hours: Hours, at: datetime) -> Iterator[datetime]:
    """Each zone's next openings in order: where all are open, one of them has just opened."""
    found = set()
    for zone in map(ZoneInfo, place.zones):
        today = at.astimezone(zone).date()
        for day in (today + timedelta(days=n) for n in range(FURTHEST)):
            span = span_on(day, place.states, hours)
            if span is not None:
                found.add(datetime.combine(day, span[0], zone).astimezone(UTC))
    yield from sorted(moment for moment in found if moment > at)


def _is_open_in(zone: str, states: tuple[str, ...], hours: Hours, at: datetime) -> bool:
    local = at.astimezone(ZoneInfo(zone))
    span = span_on(local.date(), states, hours)
    return span is not None and span[0] <= local.time() < span[1]


@lru_cache(maxsize=8192)
def span_on(day: date, states: tuple[str, ...], hours: Hours) -> Span | None:
    """The hours of that local day; None: not at all on it."""
    if day.weekday() == SUNDAY and not hours.on_sundays:
        return None
    spans = [rule[DAYS[day.weekday()]] for rule in _rules(states)]
    if None in spans:
        return None
    opens = max([hours.opens, *(span[0] for span in spans if span)])
    closes = min([hours.closes, *(span[1] for span in spans if span)])
    return (opens, closes) if opens < closes else None


@lru_cache(maxsize=256)
def _rules(states: tuple[str, ...]) -> tuple[Rule, ...]:
    table = _table()
    return (table["federal"], *(table[state] for state in states if state in table))


@lru_cache(maxsize=1)
def _table() -> dict[str, Rule]:
    """The federal rule under "federal", and each state's that is stricter."""
    written = tomllib.loads((WHERE / "quiet_hours.toml").read_text(encoding="utf-8"))
    return {"federal": _rule(written["federal"])} | {state: _rule(rule) for state, rule in written["states"].items()}


def _rule(written: Mapping[str, list[str]]) -> Rule:
    return {day: _span(written.get(day, written["every_day"])) for day in DAYS}


def _span(written: list[str]) -> Span | None:
    return (time.fromisoformat(written[0]), time.fromisoformat(written[1])) if written else None
