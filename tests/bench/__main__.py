"""`make bench`: what Till costs, as ratios to references that this very run starts, since machines are noisy. Names of
parts choose among them; `--keep` puts their figures into docs/. Leaves with 1 if an answer was wrong."""

import os
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench import flood, hosts, pages, pays, record, reminders, sending, stage, start, turns
from tests.support.databases import postgres_url
from tests.support.postgres import running_server

Row = dict[str, Any]


def main(arguments: list[str]) -> int:
    wanted = [name for name in arguments if not name.startswith("-")] or list(PARTS)
    console = Console(width=160)
    if unknown := [name for name in wanted if name not in PARTS]:
        console.print(f"No part is called {', '.join(unknown)}. There are: {', '.join(PARTS)}.")
        return 2
    parts: dict[str, Row] = {}
    for name in wanted:
        at, load = f"{datetime.now(UTC):%Y-%m-%d %H:%M}", _load()  # noqa: TID251 - no product code
        rows = PARTS[name]()
        parts[name] = {"at": at, "load": f"{load} before, {_load()} after", "machine": _machine(), "rows": rows}
        console.print(_table(name, parts[name]))
    if "--keep" in arguments:
        record.keep(parts)
    return 1 if any(row.get("errors") for part in parts.values() for row in part["rows"]) else 0


def _on_postgresql(part: Callable[[str], list[Row]]) -> Callable[[], list[Row]]:
    def run() -> list[Row]:
        with _postgresql() as url:
            return part(url)

    return run


@contextmanager
def _postgresql() -> Iterator[str]:
    """With its usual durability, unlike the tests'."""
    with running_server(durable=True) as server, postgres_url(server, "bench") as url:
        stage.build(url)
        yield url


def _on_sqlite(part: Callable[[str], list[Row]]) -> Callable[[], list[Row]]:
    def run() -> list[Row]:
        with turns.scene() as url:
            return part(url)

    return run


PARTS: dict[str, Callable[[], list[Row]]] = {
    "turn-sqlite": _on_sqlite(turns.on_sqlite),
    "turn-postgresql": _on_postgresql(turns.on_postgresql),
    "two-hosts": hosts.two_against_one,
    "flood": _on_postgresql(flood.while_all_else_hangs),
    "pays": _on_postgresql(pays.at_a_rate),
    "reminders": reminders.planned,
    "sending": _on_postgresql(sending.against_a_loop),
    "pages": pages.growth,
    "start": _on_sqlite(start.at_rest),
}


def _table(name: str, part: Row) -> Table:
    table = Table(title=f"{name} ({part['machine']}; load {part['load']})", title_justify="left")
    for column in part["rows"][0]:
        table.add_column(column, justify="right")
    for row in part["rows"]:
        table.add_row(*(str(value) for value in row.values()))
    return table


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "")
    return f"{os.cpu_count()} x {model}, Python {platform.python_version()}"


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
