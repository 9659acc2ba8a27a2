"""How strongly the words of a text speak for each intent: whole numbers learned from the corpus, summed up.
Fixed between releases, pure and deterministic. It settles what the grammar leaves open and names no particulars."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from sys import intern

from bot.lexicon import FOLDER
from bot.understanding_grammar import grammar
from bot.understanding_text import Token

WEIGHTS = FOLDER / "weights.tsv"
# Enough for any story; what comes after it only repeats the point.
MOST_WORDS = 120

Weights = Mapping[str, Mapping[str, int]]


def clues(symbols: str, tokens: Sequence[Token]) -> set[str]:
    """What a text holds: each concept, each two concepts in a row with the text's edges, and each word."""
    edged = f"^{symbols[:MOST_WORDS]}$"
    found = {one + two for one, two in pairwise(edged)}
    found.update(edged)
    found.update(f"'{token.text}" for token in tokens[:MOST_WORDS] if token.kind == "word")
    return found


def evidence(symbols: str, tokens: Sequence[Token]) -> dict[str, int]:
    """The sum of the weights for each intent."""
    intents, weights = table()
    sums = dict.fromkeys(intents, 0)
    for clue in clues(symbols, tokens):
        for intent, weight in weights.get(clue, {}).items():
            sums[intent] += weight
    return sums


@cache
def table() -> tuple[tuple[str, ...], Weights]:
    """The intents, and for each clue its weights that are not nothing."""
    with WEIGHTS.open(encoding="utf-8") as lines:
        return parsed(lines)


def parsed(lines: Iterable[str]) -> tuple[tuple[str, ...], Weights]:
    head, *rows = lines
    weights = {}
    for row in rows:
        written, shares = row.split("\t")
        pairs = (share.split("=") for share in shares.split())
        weights[_read_clue(written)] = {intern(intent): int(weight) for intent, weight in pairs}  # else 1.5 MB of names
    return tuple(head.split()), weights


def written_lines(intents: Sequence[str], weights: Weights) -> Iterator[str]:
    """The table as text, concepts by name; the first line lists the intents."""
    yield " ".join(intents)
    for written, shares in sorted((_write_clue(clue), shares) for clue, shares in weights.items()):
        yield f"{written}\t" + " ".join(f"{intent}={weight}" for intent, weight in sorted(shares.items()))


def _write_clue(clue: str) -> str:
    return clue if clue.startswith("'") else " ".join(_names().get(char, char) for char in clue)


def _read_clue(written: str) -> str:
    symbols = grammar().symbols
    return written if written.startswith("'") else "".join(symbols.get(name, name) for name in written.split())


@cache
def _names() -> dict[str, str]:
    return {symbol: name for name, symbol in grammar().symbols.items()}
