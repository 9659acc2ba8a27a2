"""The day a text names, in English or Spanish, seen from today. A vague time ("next week", "soon") is no date."""

import calendar
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

WEEKDAYS = {
    word: day
    for words in (
        "monday tuesday wednesday thursday friday saturday sunday",
        "lunes martes miercoles jueves viernes sabado domingo",
        "mon tues wed thurs fri sat sun",
    )
    for day, word in enumerate(words.split())
} | {"tue": 1, "thu": 3, "thur": 3}
MONTHS = {
    word: month
    for words in (
        "january february march april may june july august september october november december",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "jan feb mar apr may jun jul aug sep oct nov dec",
    )
    for month, word in enumerate(words.split(), start=1)
} | {"sept": 9}
SMALL_NUMBERS = {
    word: number
    for words in (
        "one two three four five six seven eight nine ten",
        "un dos tres cuatro cinco seis siete ocho nueve diez",
    )
    for number, word in enumerate(words.split(), start=1)
} | {"a": 1, "couple": 2, "una": 1, "uno": 1}
WORKING_WEEK_ENDS = 4  # Friday
DAYS_IN_WEEK = 7


class Said(NamedTuple):
    match: re.Match[str]
    today: date
    day_first: bool

    def number(self, part: str) -> int:
        return int(self.match[part])


def date_in(words: str, today: date, *, day_first: bool) -> date | None:
    """The first day a spelled, lower-case text names; never one before today. `day_first` settles 3/4."""
    for pattern, reader in READERS:
        if match := pattern.search(words):
            found = reader(Said(match, today, day_first))
            return found if found is not None and found >= today else None
    return None


def _on(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _month_and_day(month: int, day: int, today: date) -> date | None:
    found = _on(today.year, month, day)
    return _on(today.year + 1, month, day) if found is not None and found < today else found


def _iso(said: Said) -> date | None:
    return _on(said.number("year"), said.number("month"), said.number("day"))


def _slashed(said: Said) -> date | None:
    first, second = said.number("first"), said.number("second")
    if second > 12 or (first <= 12 and not said.day_first):
        first, second = second, first
    if said.match["year"]:
        return _on(said.number("year") % 100 + 2000, second, first)
    return _month_and_day(second, first, said.today)


def _named_month(said: Said) -> date | None:
    return _month_and_day(MONTHS[said.match["month"]], said.number("day"), said.today)


def _weekday_named(said: Said) -> date:
    """Said on a Friday, "Friday" is a week away; "next Friday" is the one in next week."""
    day, today = WEEKDAYS[said.match["weekday"]], said.today
    if said.match["next"] or said.match["after"]:
        return today + timedelta(days=DAYS_IN_WEEK - today.weekday() + day)
    return today + timedelta(days=(day - today.weekday() - 1) % DAYS_IN_WEEK + 1)


def _in_some(said: Said) -> date:
    count = said.match["count"]
    number = int(count) if count.isdigit() else SMALL_NUMBERS[count]
    return said.today + timedelta(days=number * (DAYS_IN_WEEK if said.match["unit"] in ("week", "semana") else 1))


def _day_of_month(said: Said) -> date | None:
    """The next month that has such a day: "the 31st" said in February is in March."""
    year, month = said.today.year, said.today.month
    for _ in range(3):
        found = _on(year, month, said.number("day"))
        if found is not None and found >= said.today:
            return found
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return None


def _end_of_month(said: Said) -> date:
    return said.today.replace(day=calendar.monthrange(said.today.year, said.today.month)[1])


def _end_of_week(said: Said) -> date:
    return said.today + timedelta(days=(WORKING_WEEK_ENDS - said.today.weekday()) % DAYS_IN_WEEK)


def _first_of_next_month(said: Said) -> date:
    return (said.today.replace(day=1) + timedelta(days=32)).replace(day=1)


def _days_away(days: int) -> Callable[[Said], date]:
    return lambda said: said.today + timedelta(days=days)


def _any_of(words: dict[str, int]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


DAY = r"(?P<day>\d{1,2})"
DAY_ENDING = r"(?:st|nd|rd|th)?"
NEXT_WEEK = r"(?P<after> (?:next week|(?:de )?la (?:proxima semana|semana que viene)))?"
WEEKDAY = rf"(?P<next>\b(?:next|proximo|proxima) )?(?<!last )\b(?P<weekday>{_any_of(WEEKDAYS)})\b(?! pasado)"
SOME_UNITS = rf"(?P<count>\d{{1,2}}|{_any_of(SMALL_NUMBERS)})(?: more)?(?: of)? (?P<unit>day|dia|week|semana)s?"
END = r"\b(?:end of|fin de|fines de|finales de|final de)(?: the| this| la| el| este| esta)?"
NOT_A_DAY = r"\b(?! ?(?:invoice|bill|factura|de (?!mes)))"

READERS: tuple[tuple[re.Pattern[str], Callable[[Said], date | None]], ...] = tuple(
    (re.compile(pattern), reader)
    for pattern, reader in (
        (r"\b(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})\b", _iso),
        (r"\b(?P<first>\d{1,2})/(?P<second>\d{1,2})(?:/(?P<year>\d{2,4}))?\b", _slashed),
        (rf"\b(?P<month>{_any_of(MONTHS)}) (?:the )?{DAY}{DAY_ENDING}\b", _named_month),
        (rf"\b{DAY}{DAY_ENDING} (?:of |de )?(?P<month>{_any_of(MONTHS)})\b", _named_month),
        (r"\bday after tomorrow\b|\bpasado manana\b", _days_away(2)),
        (r"\btomorrow\b|(?<!la )(?<!esta )\bmanana\b", _days_away(1)),
        (r"\b(?:today|tonight|hoy|esta (?:noche|tarde)|this (?:afternoon|evening))\b", _days_away(0)),
        (WEEKDAY + NEXT_WEEK, _weekday_named),
        (rf"\b(?:in|en|within|dentro de) {SOME_UNITS}\b", _in_some),
        (rf"{END} (?:month|mes)\b|\beom\b", _end_of_month),
        (rf"{END} (?:week|semana)\b", _end_of_week),
        (r"\b(?:first|1st|primero|start) (?:of|de) (?:the |next |el |proximo )*(?:month|mes)\b", _first_of_next_month),
        (rf"\b(?:the|on|by|until|el|hasta|dia) (?:the |el |dia )*{DAY}{DAY_ENDING}{NOT_A_DAY}", _day_of_month),
        (rf"\b{DAY}(?:st|nd|rd|th)\b", _day_of_month),
    )
)
