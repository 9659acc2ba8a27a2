"""Learns bot/lexicon/weights.tsv from the corpus: an averaged perceptron, the same result every time.
It runs when a person asks for it (`flask intents learn`), never while texts are answered."""

import random  # noqa: TID251
from collections import Counter, defaultdict
from collections.abc import Iterable

from bot.evidence import Weights, clues
from bot.scoring import Row
from bot.slots_money import with_sums
from bot.understanding_grammar import read
from bot.understanding_text import clean, tokens_of

LEAST_SEEN = 2
"""A clue met in one text only says more about its writer than about the intent."""
LEAD = 10
"""By how much the right intent must win before a text has nothing more to teach."""
ROUNDS = 14
SEED = 1

Table = dict[str, dict[str, float]]
Example = tuple[tuple[str, ...], str]


def learn(rows: Iterable[Row]) -> tuple[tuple[str, ...], Weights]:
    """The intents, and each clue's weights. Only texts sent out of the blue teach."""
    examples = _examples(row for row in rows if row.state == "idle")
    intents = tuple(sorted({intent for _, intent in examples}))
    weights: Table = defaultdict(lambda: defaultdict(float))
    late: Table = defaultdict(lambda: defaultdict(float))
    shuffled = random.Random(SEED)  # noqa: S311
    lesson = 0
    for _ in range(ROUNDS):
        shuffled.shuffle(examples)
        for found, right in examples:
            lesson += 1
            wrong, lead = _rival(found, right, intents, weights)
            if lead < LEAD:
                for clue in found:
                    _move(weights[clue], late[clue], right, wrong, lesson)
    return intents, _averaged(weights, late, lesson)


def _examples(rows: Iterable[Row]) -> list[Example]:
    told = [(_clues_of(row.text), row.intent.value) for row in rows]
    seen = Counter(clue for found, _ in told for clue in found)
    return [(tuple(sorted(clue for clue in found if seen[clue] >= LEAST_SEEN)), intent) for found, intent in told]


def _clues_of(text: str) -> set[str]:
    tokens = with_sums(tokens_of(clean(text)))
    return clues(read(tokens).symbols, tokens)


def _rival(found: Iterable[str], right: str, intents: Iterable[str], weights: Table) -> tuple[str, float]:
    """The strongest wrong intent, and by how much the right one leads it."""
    sums = dict.fromkeys(intents, 0.0)
    for clue in found:
        if clue in weights:
            for intent, weight in weights[clue].items():
                sums[intent] += weight
    ours = sums.pop(right)
    wrong = max(sums, key=lambda intent: sums[intent])
    return wrong, ours - sums[wrong]


def _move(row: dict[str, float], late: dict[str, float], right: str, wrong: str, lesson: int) -> None:
    row[right] += 1
    row[wrong] -= 1
    late[right] += lesson
    late[wrong] -= lesson


def _averaged(weights: Table, late: Table, lessons: int) -> Weights:
    """The mean over all lessons, so that the last ones do not count most."""
    table = {}
    for clue, row in weights.items():
        means = {intent: round(weight - late[clue][intent] / lessons) for intent, weight in row.items()}
        if kept := {intent: mean for intent, mean in means.items() if mean}:
            table[clue] = kept
    return table
