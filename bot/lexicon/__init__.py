"""The word lists Till knows, read once from the TOML files beside this one, and their spelling.
It refuses a word that stands for two concepts: the grammar would then depend on file order."""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Literal

from rapidfuzz import process
from rapidfuzz.distance import OSA

Language = Literal["en", "es", "any"]

FOLDER = Path(__file__).parent
# A two-letter word is one slip away from dozens of others.
SHORTEST_GUESSED = 3
TWO_SLIPS_FROM = 8
# "acme" is no slip of "came": a short word is guessed only from its first letter on.
FIRST_LETTER_SURE_UNTIL = 5
SPELLINGS_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Lexicon:
    concepts: tuple[str, ...]
    words: dict[str, str]
    phrases: dict[str, tuple[tuple[tuple[str, ...], str], ...]]
    languages: dict[str, Language]
    expansions: dict[str, tuple[str, ...]]
    vocabulary: frozenset[str]
    by_length: dict[int, tuple[str, ...]]
    real_words: dict[str, str]
    """By initial, each between two spaces: as a set they would take 1.3 MB."""

    def is_real(self, word: str) -> bool:
        return f" {word} " in self.real_words.get(word[:1], "")


@cache
def lexicon() -> Lexicon:
    expansions = _expansions()
    words: dict[str, str] = {}
    phrases: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    languages: dict[str, Language] = {}
    for concept, language, entry in _entries():
        parts = tuple(part for word in entry.split("_") for part in expansions.get(word, (word,)))
        if len(parts) == 1:
            if words.setdefault(parts[0], concept) != concept:
                raise ValueError(f"{parts[0]} means both {words[parts[0]]} and {concept}")
        else:
            phrases.setdefault(parts[0], []).append((parts[1:], concept))
        for part in parts:
            languages[part] = language if languages.setdefault(part, language) == language else "any"
    vocabulary = frozenset(languages) | {part for parts in expansions.values() for part in parts}
    return Lexicon(
        concepts=tuple(dict.fromkeys(concept for concept, _, _ in _entries())),
        words=words,
        phrases={first: tuple(sorted(tails, key=lambda t: -len(t[0]))) for first, tails in phrases.items()},
        languages=languages,
        expansions=expansions,
        vocabulary=vocabulary,
        by_length=_by_length(vocabulary),
        real_words=_by_initial((FOLDER / "real_words.txt").read_text(encoding="utf-8").split()),
    )


def read_toml(name: str) -> dict[str, dict[str, object]]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


def _entries() -> Iterator[tuple[str, Language, str]]:
    for name in ("words.toml", "topics.toml", "chatter.toml"):
        for concept, lists in read_toml(name).items():
            for language, entries in lists.items():
                for entry in str(entries).split():
                    yield concept, _language(language), entry


def _language(name: str) -> Language:
    match name:
        case "en" | "es":
            return name
        case _:
            return "any"


def _expansions() -> dict[str, tuple[str, ...]]:
    tables = read_toml("slang.toml").values()
    return {short: tuple(str(long).split()) for table in tables for short, long in table.items()}


def _by_length(vocabulary: frozenset[str]) -> dict[int, tuple[str, ...]]:
    lengths: dict[int, list[str]] = {}
    for word in sorted(vocabulary):
        if len(word) >= SHORTEST_GUESSED:
            lengths.setdefault(len(word), []).append(word)
    return {length: tuple(words) for length, words in lengths.items()}


def _by_initial(words: Iterable[str]) -> dict[str, str]:
    return {initial: f" {' '.join(alike)} " for initial, alike in groupby(sorted(words), key=itemgetter(0))}


@lru_cache(maxsize=SPELLINGS_REMEMBERED)
def spell(word: str) -> tuple[str, ...]:
    """The known words a typed word stands for: shorthand spelled out, slips put right, strangers as they are."""
    known = lexicon()
    if word in known.expansions:
        return known.expansions[word]
    if word in known.vocabulary or known.is_real(word):
        return (word,)
    for squeezed in _squeezed(word):
        if squeezed in known.expansions:
            return known.expansions[squeezed]
        if squeezed in known.vocabulary:
            return (squeezed,)
    return (_closest(word) or word,)


def _squeezed(word: str) -> Iterator[str]:
    """The word with runs of a letter cut to two and to one ("stoppp", "pleaseee"), and without l33t digits."""
    twos = "".join(c for i, c in enumerate(word) if i < 2 or not c == word[i - 1] == word[i - 2])
    yield twos
    yield "".join(c for i, c in enumerate(word) if i == 0 or c != word[i - 1])
    last_run = twos.rstrip(twos[-1:]) + twos[-1:]
    yield last_run
    yield twos.replace("'", "")
    yield twos.translate(LEET)


LEET = str.maketrans("01345@$", "oieasas")


def _closest(word: str) -> str | None:
    if len(word) < SHORTEST_GUESSED or not word.isalpha():
        return None
    slips = 2 if len(word) >= TWO_SLIPS_FROM else 1
    lengths = range(len(word) - slips, len(word) + slips + 1)
    candidates = [known for length in lengths for known in lexicon().by_length.get(length, ())]
    if len(word) < FIRST_LETTER_SURE_UNTIL:
        candidates = [known for known in candidates if known[0] == word[0]]
    found = process.extract(word, candidates, scorer=OSA.distance, score_cutoff=slips, limit=8)
    # A letter left out is commoner than one too many: of equal slips the longer word wins.
    close = [(slip, known[0] != word[0], sorted(known) != sorted(word), -len(known), known) for known, slip, _ in found]
    return min(close)[-1] if close else None
