"""What the long proofs measured: `figure(...)` in a test, one table and two files at the end of `make prove`.
Figures of several tests under one name are added up; those that begin with `most_` or `slowest_` keep the largest."""

import json
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

ARTEFACTS = Path("artefacts")
LARGEST = ("most_", "slowest_")
RECORDED = pytest.StashKey["Recorded"]()

Value = int | float
Figure = Callable[..., None]
"""`figure("O1 kill -9", "sqlite", kills=25, slowest_restart_s=0.8)`."""


@dataclass
class Proof:
    """One line of the table."""

    name: str
    database: str
    values: dict[str, Value] = field(default_factory=dict)
    seconds: float = 0.0
    failures: int = 0

    def add(self, values: dict[str, Value]) -> None:
        for name, value in values.items():
            before = self.values.get(name, 0)
            self.values[name] = max(before, value) if name.startswith(LARGEST) else before + value

    @property
    def told(self) -> str:
        return ", ".join(f"{name.replace('_', ' ')} {_shown(value)}" for name, value in self.values.items())

    @property
    def verdict(self) -> str:
        return f"{self.failures} FAILED" if self.failures else "held"


@dataclass
class Recorded:
    proofs: dict[tuple[str, str], Proof] = field(default_factory=dict)

    def hear(self, report: pytest.TestReport) -> None:
        told: list[Any] = [value for name, value in report.user_properties if name == "figure"]
        if report.when != "call" or ("prove", True) not in report.user_properties:
            return
        usual = (_plain(report.nodeid), _database(report.nodeid), {"runs": 1})
        for name, database, values in told or [usual]:
            proof = self.proofs.setdefault((name, database), Proof(name, database))
            proof.add(values)
            proof.seconds += report.duration / max(1, len(told))
            proof.failures += report.failed

    def in_order(self) -> list[Proof]:
        return sorted(self.proofs.values(), key=lambda proof: (not proof.name.startswith("O"), proof.name))


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Figure:
    def add(name: str, database: str, **values: Value) -> None:
        request.node.user_properties.append(("figure", (name, database, values)))

    return add


def pytest_configure(config: pytest.Config) -> None:
    config.stash[RECORDED] = Recorded()
    config.pluginmanager.register(_Listener(config.stash[RECORDED]), "figures-listener")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("prove") is not None:
        item.user_properties.append(("prove", True))


class _Listener:
    def __init__(self, recorded: Recorded) -> None:
        self._recorded = recorded

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._recorded.hear(report)


def pytest_terminal_summary(config: pytest.Config) -> None:
    proofs = config.stash[RECORDED].in_order()
    if not proofs or hasattr(config, "workerinput"):
        return
    table = Table(title=f"proofs: {_machine()}", show_lines=True)
    for column in ("proof", "database", "figures", "verdict", "s"):
        table.add_column(column, justify="right" if column == "s" else "left")
    for proof in proofs:
        table.add_row(proof.name, proof.database, proof.told, proof.verdict, f"{proof.seconds:.0f}")
    Console().print(table)
    ARTEFACTS.mkdir(exist_ok=True)
    (ARTEFACTS / "prove.json").write_text(json.dumps(_as_json(proofs), indent=2) + "\n")
    (ARTEFACTS / "prove.md").write_text(as_markdown(proofs))


def as_markdown(proofs: list[Proof]) -> str:
    lines = [
        f"{_today()}, {_machine()}:",
        "",
        "| Proof | Database | Figures | Verdict | Took |",
        "|---|---|---|---|---|",
    ]
    lines += [f"| {p.name} | {p.database} | {p.told} | {p.verdict} | {p.seconds:.0f} s |" for p in proofs]
    return "\n".join(lines) + "\n"


def _as_json(proofs: list[Proof]) -> dict[str, Any]:
    return {"date": _today(), "machine": _machine(), "proofs": [vars(proof) for proof in proofs]}


def _today() -> str:
    return date.today().isoformat()  # noqa: DTZ011 - the day on the wall of whoever ran it


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def _plain(nodeid: str) -> str:
    return nodeid.rpartition("::")[2].partition("[")[0].removeprefix("test_").replace("_", " ")


def _database(nodeid: str) -> str:
    parameters = nodeid.partition("[")[2]
    return next((name for name in ("sqlite", "postgresql") if name in parameters), "both")


def _shown(value: Value) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.2f}"
