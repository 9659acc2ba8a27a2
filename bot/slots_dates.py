"""The day a text names, in English or Spanish, seen from today. A vague time ("next week", "soon") is no date."""

import calendar
import re
from collections.abc import Callable
from datetime import date, timedelta

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
    for words in ("one two three four five six seven eight nine ten", "un dos tres cuatro cinco seis siete ocho nueve diez")
    for number, word in enumerate(words.split(), start=1)
} | {"a": 1, "couple": 2, "una": 1, "uno": 1}
WORKING_WEEK_ENDS = 4  # Friday

_weekday = "|".join(sorted(WEEKDAYS, key=len, reverse=True))
_month = "|".join(sorted(MONTHS, key=len, reverse=True))
_small = "|".join(sorted(SMALL_NUMBERS, key=len, reverse=True))

Reader = Callable[[re.Match[str], date, bool], date | None]


def date_in(words: str, today: date, *, day_first: bool) -> date | None:
    """The first day a spelled, lower-case text names; never one before today. `day_first` settles 3/4."""
    for pattern, reader in READERS:
        if match := pattern.search(words):
            found = reader(match, today, day_first)
            return found if found is not None and found >= today else None
    return None


def _on(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _next_day_of_month(day: int, today: date) -> date | None:
    """The next month that has such a day: "the 31st" said in February is in March."""
    year, month = today.year, today.month
    for _ in range(3):
        found = _on(year, month, day)
        if found is not None and found >= today:
            return found
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return None


def _month_and_day(month: int, day: int, today: date) -> date | None:
    found = _on(today.year, month, day)
    return _on(today.year + 1, month, day) if found is not None and found < today else found


def _iso(match: re.Match[str], today: date, day_first: bool) -> date | None:
    return _on(int(match["year"]), int(match["month"]), int(match["day"]))


def _slashed(match: re.Match[str], today: date, day_first: bool) -> date | None:
    first, second = int(match["first"]), int(match["second"])
    if second > 12 or (first <= 12 and not day_first):
        first, second = second, first
    if match["year"]:
        return _on(int(match["year"]) % 100 + 2000, second, first)
    return _month_and_day(second, first, today)


def _named_month(match: re.Match[str], today: date, day_first: bool) -> date | None:
    return _month_and_day(MONTHS[match["month"]], int(match["day"]), today)


def _weekday_named(match: re.Match[str], today: date, day_first: bool) -> date | None:
    """Said on a Friday, "Friday" is a week away; "next Friday" is the one in next week."""
    day = WEEKDAYS[match["weekday"]]
    if match["next"] or match["after"]:
        return today + timedelta(days=7 - today.weekday() + day)
    return today + timedelta(days=(day - today.weekday() - 1) % 7 + 1)


def _in_some(match: re.Match[str], today: date, day_first: bool) -> date | None:
    count = match["count"]
    number = int(count) if count.isdigit() else SMALL_NUMBERS[count]
    return today + timedelta(days=number * (7 if match["unit"].startswith(("week", "semana")) else 1))


def _day_of_month(match: re.Match[str], today: date, day_first: bool) -> date | None:
    return _next_day_of_month(int(match["day"]), today)


def _end_of_month(match: re.Match[str], today: date, day_first: bool) -> date | None:
    return today.replace(day=calendar.monthrange(today.year, today.month)[1])


def _end_of_week(match: re.Match[str], today: date, day_first: bool) -> date | None:
    return today + timedelta(days=(WORKING_WEEK_ENDS - today.weekday()) % 7)


def _first_of_next_month(match: re.Match[str], today: date, day_first: bool) -> date | None:
    return (today.replace(day=1) + timedelta(days=32)).replace(day=1)


def _days_away(days: int) -> Reader:
    return lambda match, today, day_first: today + timedelta(days=days)


READERS: tuple[tuple[re.Pattern[str], Reader], ...] = tuple(
    (re.compile(pattern), reader)
    for pattern, reader in (
        (r"\b(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})\b", _iso),
        (r"\b(?P<first>\d{1,2})/(?P<second>\d{1,2})(?:/(?P<year>\d{2,4}))?\b", _slashed),
        (rf"\b(?P<month>{_month}) (?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b", _named_month),
        (rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)? (?:of |de )?(?P<month>{_month})\b", _named_month),
        (r"\bday after tomorrow\b|\bpasado manana\b", _days_away(2)),
        (r"\btomorrow\b|(?<!la )(?<!esta )\bmanana\b", _days_away(1)),
        (r"\b(?:today|tonight|hoy|esta (?:noche|tarde)|this (?:afternoon|evening))\b", _days_away(0)),
        (
            rf"(?P<next>\b(?:next|proximo|proxima) )?(?<!last )\b(?P<weekday>{_weekday})\b"
            r"(?! pasado)(?P<after> (?:next week|(?:de )?la (?:proxima semana|semana que viene)))?",
            _weekday_named,
        ),
        (rf"\b(?:in|en|within|dentro de) (?P<count>\d{{1,2}}|{_small})(?: more)?(?: of)? (?P<unit>day|dia|week|semana)s?\b", _in_some),
        (r"\b(?:end of|eom|fin de|fines de|finales de|final de)(?: the| this| el| este)? ?(?:month|mes)?\b(?<!of)(?<!de)(?! ?(?:the |la |esta )?(?:week|semana))", _end_of_month),
        (r"\b(?:end of|fin de|finales de) (?:the |this |la |esta )?(?:week|semana)(?!s)", _end_of_week),
        (r"\b(?:first|1st|primero|start|beginning) (?:of|de) (?:the |next |el |proximo )?(?:month|mes)\b", _first_of_next_month),
        (r"\b(?:the|on|by|until|till|el|hasta|dia) (?:the |el |dia )*(?P<day>\d{1,2})(?:st|nd|rd|th)?\b(?! ?(?:invoice|bill|factura|de (?!mes)))", _day_of_month),
        (r"\b(?P<day>\d{1,2})(?:st|nd|rd|th)\b", _day_of_month),
    )
)
