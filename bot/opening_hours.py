"""A merchant's opening hours, kept as it wrote them, in the reader's language. Only the names of days and the few words
around times are exchanged; what is not one of them stays as it stands."""

import re

_DAYS = {
    "en": ("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
    "es": ("lun", "mar", "mié", "jue", "vie", "sáb", "dom"),
}
_DAY_NAMES = {
    "en": ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
}
_WORDS = {
    "en": ("and", "to", "from", "daily", "every day", "weekdays", "weekends", "closed", "noon", "except", "not"),
    "es": ("y", "a", "de", "diario", "a diario", "entre semana", "fines de semana", "cerrado", "12 pm", "menos", "no"),
}
_ALSO = {
    "en": {"tues": "tue", "weds": "wed", "thur": "thu", "thurs": "thu", "through": "to", "thru": "to", "until": "to"},
    "es": {"hasta": "a", "todos los dias": "a diario", "cerrada": "cerrado", "excepto": "menos"},
}
_ACCENTS = str.maketrans("áéíóú", "aeiou")


def _all(language: str) -> tuple[str, ...]:
    return (*_DAYS[language], *_DAY_NAMES[language], *_WORDS[language])


def _table(source: str, target: str) -> dict[str, str]:
    words = {word.translate(_ACCENTS): other for word, other in zip(_all(source), _all(target), strict=True)}
    if source == "es":
        del words["12 pm"]  # the same in both
    return words | {other: words[usual] for other, usual in _ALSO[source].items()}


def _pattern(words: dict[str, str]) -> re.Pattern[str]:
    longest_first = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
    return re.compile(rf"(?<![\wáéíóú])(?:{longest_first})(?![\wáéíóú])", re.IGNORECASE)


_TABLES = {"es": _table("en", "es"), "en": _table("es", "en")}
"""By the reader's language: the other language's words."""
_PATTERNS = {language: _pattern(words) for language, words in _TABLES.items()}


def opening_hours(written: str, language: str) -> str:
    """ "Mon-Fri 9-5" is "lun-vie 9-5" to a reader of Spanish, and the other way round."""
    words = _TABLES[language]
    plain = written.translate(_ACCENTS)
    if language == "en" and not re.search(r"(?<!\w)(?:lun|mar|mie|jue|vie|sab|dom|a diario|todos)", plain.lower()):
        return written  # "a" alone is as English as Spanish

    def exchanged(found: re.Match[str]) -> str:
        word = words[found[0].lower()]
        is_day = word in _DAYS["en"] or word in _DAY_NAMES["en"]
        return word.capitalize() if is_day else word

    return _PATTERNS[language].sub(exchanged, plain if language == "en" else written)
