"""Keeps figures for the documents: each part's newest, with its time and the machine's load; JSON, tables, a plot."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.bench import plot

DOCS = Path("docs")
FIGURES = re.compile(r"(<!-- figures -->\n).*?(<!-- end of figures -->)", re.DOTALL)

Parts = Mapping[str, Mapping[str, Any]]


def keep(parts: Parts) -> None:
    file = DOCS / "performance.json"
    kept = (json.loads(file.read_text()) if file.exists() else {}) | dict(parts)
    file.write_text(json.dumps(kept, indent=1) + "\n")
    (DOCS / "performance.svg").write_text(plot.draw(kept))
    page = DOCS / "performance.md"
    tables = "\n".join(_tables(kept))
    page.write_text(FIGURES.sub(lambda found: f"{found[1]}{tables}\n{found[2]}", page.read_text()))


def _tables(parts: Parts) -> Iterator[str]:
    for name, part in parts.items():
        columns = list(part["rows"][0])
        yield f"**{name}**, {part['at']} UTC, {part['machine']}, load {part['load']}\n"
        yield f"| {' | '.join(columns)} |"
        yield "|" + " --: |" * len(columns)
        for row in part["rows"]:
            yield f"| {' | '.join(str(row[column]) for column in columns)} |"
        yield ""
