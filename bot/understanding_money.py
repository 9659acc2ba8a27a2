"""Sums of money in words, English and Spanish: "a hundred bucks", "twenty five dollars", "cien dolares"."""

import re
from collections.abc import Iterator, Sequence

UNITS_OF_MONEY = "dollars?|dolares|dolar|dlls|bucks?|usd|eur|euros?|pesos?|mxn|pounds?|quid|gbp|cad"
UNIT = re.compile(UNITS_OF_MONEY)
ONES = (
    """zero one two three four five six seven eight nine ten
    eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen""",
    """cero un dos tres cuatro cinco seis siete ocho nueve diez
    once doce trece catorce quince dieciseis diecisiete dieciocho diecinueve""",
)
TENS = (
    "twenty thirty forty fifty sixty seventy eighty ninety",
    "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
)
HUNDREDS = "ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos"
ADDED = (
    {word: number for words in ONES for number, word in enumerate(words.split())}
    | {word: number * 10 for words in TENS for number, word in enumerate(words.split(), start=2)}
    | {word: number * 100 for number, word in enumerate(HUNDREDS.split(), start=1)}
    | {"uno": 1, "una": 1, "a": 1, "an": 1, "fifteen": 15, "cien": 100}
)
TIMES = {"hundred": 100, "hundreds": 100, "thousand": 1000, "grand": 1000, "mil": 1000}
MOST_HUNDRED = 100
JOINS = frozenset({"and", "y"})
# A number word may also be an article or a place in a list; one of these makes it a sum without its unit.
ROUND = frozenset(TIMES) | {"cien", *HUNDREDS.split()}


def spelled_sums(words: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Where each begins and ends, and how it is written in figures: (0, 3, "100 bucks")."""
    place = 0
    while place < len(words):
        end, number, is_round = _number_at(words, place)
        has_unit = end < len(words) and UNIT.fullmatch(words[end]) is not None
        if number and (has_unit or is_round):
            yield place, end + has_unit, f"{number} {words[end]}" if has_unit else str(number)
        place = max(end, place + 1)


def _number_at(words: Sequence[str], start: int) -> tuple[int, int, bool]:
    """Where the number words that begin here end, their value, and whether one of them is a round one."""
    total = current = 0
    place, is_round = start, False
    while place < len(words) and ((word := words[place]) in ADDED or word in TIMES or (current and word in JOINS)):
        if word in TIMES:
            current = max(current, 1) * TIMES[word]
            total, current = (total + current, 0) if TIMES[word] > MOST_HUNDRED else (total, current)
        else:
            current += ADDED.get(word, 0)
        is_round = is_round or word in ROUND
        place += 1
    return place, total + current, is_round
