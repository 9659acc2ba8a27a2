"""How well the words people type are understood: a corpus in, a scorecard out.
`python -m bot.scoring corpus.tsv` prints it. Rows are intent, conversation state, text, apart by tabs."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.intents import Intent, understand

# Any Wednesday will do: a score must not depend on the day it is taken.
SCORED_ON = date(2026, 3, 4)
COSTLY = frozenset({Intent.PAY, Intent.STOP})


@dataclass(frozen=True, slots=True)
class Row:
    intent: Intent
    state: str
    text: str


@dataclass(frozen=True, slots=True)
class Miss:
    row: Row
    read_as: Intent


@dataclass(frozen=True, slots=True)
class Scorecard:
    """`dangerous` holds the out-of-scope texts read as a wish to pay or to opt out: it must stay empty."""

    totals: dict[Intent, int]
    right: dict[Intent, int]
    misses: tuple[Miss, ...]

    @property
    def accuracy(self) -> float:
        return sum(self.right.values()) / max(1, sum(self.totals.values()))

    @property
    def dangerous(self) -> tuple[Miss, ...]:
        return tuple(m for m in self.misses if m.row.intent is Intent.UNKNOWN and m.read_as in COSTLY)

    def accuracy_of(self, intent: Intent) -> float:
        return self.right.get(intent, 0) / max(1, self.totals.get(intent, 0))

    def confusions(self) -> Counter[tuple[Intent, Intent]]:
        return Counter((miss.row.intent, miss.read_as) for miss in self.misses)


def rows_of(lines: Iterable[str]) -> Iterator[Row]:
    """Rows of a corpus file; blank lines and lines that start with "#" are skipped."""
    for line in lines:
        if line.strip() and not line.startswith("#"):
            intent, state, text = line.rstrip("\n").split("\t", 2)
            yield Row(Intent(intent), state, text)


def score(rows: Iterable[Row]) -> Scorecard:
    totals: Counter[Intent] = Counter()
    right: Counter[Intent] = Counter()
    misses: list[Miss] = []
    for row in rows:
        read_as = understand(row.text, expecting=row.state, today=SCORED_ON).intent
        totals[row.intent] += 1
        if read_as is row.intent:
            right[row.intent] += 1
        else:
            misses.append(Miss(row, read_as))
    return Scorecard(dict(totals), dict(right), tuple(misses))


def table_of(card: Scorecard) -> Table:
    table = Table(title=f"{sum(card.totals.values())} texts, {card.accuracy:.1%} understood")
    for heading in ("intent", "texts", "right", "accuracy", "read as"):
        table.add_column(heading, justify="left" if heading in ("intent", "read as") else "right")
    confusions = card.confusions()
    for intent, total in sorted(card.totals.items()):
        taken = [f"{b} {n}" for (a, b), n in confusions.most_common() if a is intent]
        right = card.right.get(intent, 0)
        table.add_row(intent, str(total), str(right), f"{card.accuracy_of(intent):.1%}", ", ".join(taken))
    return table


def rows_in(path: Path) -> list[Row]:
    with path.open(encoding="utf-8") as lines:
        return list(rows_of(lines))


def print_score(path: Path, *, console: Console, misses: bool = False) -> Scorecard:
    card = score(rows_in(path))
    console.print(f"\n{path}")
    console.print(table_of(card))
    for miss in card.misses if misses else card.dangerous:
        console.print(f"{miss.row.intent} read as {miss.read_as}: {miss.row.text}", markup=False, highlight=False)
    console.print(f"out of scope read as pay or stop: {len(card.dangerous)}")
    return card


if __name__ == "__main__":
    print_score(Path(sys.argv[1]), console=Console())
