"""`flask listen`: what happens, as it happens, from the API's event log. For the running demo, or any Till by key."""

import os
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import requests
from rich.console import Console
from rich.live import Live
from rich.table import Table

from web.cli import asking
from web.cli.chat import read_manifest
from web.cli.demo import ROOT

POLL_S = 1.0
SHOWN = 20
TIMEOUT_S = 10

Event = dict[str, Any]


@dataclass
class Ear:
    """One merchant's event log, from now on."""

    base_url: str
    name: str
    key: str
    _seen: set[str] = field(default_factory=set)

    def news(self) -> list[Event]:
        """The oldest first."""
        headers = {"Authorization": f"Bearer {self.key}"}
        answer = requests.get(f"{self.base_url}/api/v1/events", headers=headers, timeout=TIMEOUT_S)
        answer.raise_for_status()
        fresh = [event for event in answer.json()["items"] if event["id"] not in self._seen]
        self._seen |= {event["id"] for event in fresh}
        return fresh[::-1]


@click.command("listen")
@click.option("--base-url", help="Another Till than the demo. An API key that may read is asked for. [TILL_API_KEY]")
@click.option("--var", default=ROOT / "var", type=click.Path(path_type=Path), help="Where the demo keeps its files.")
@click.option("--seconds", type=float, help="Stop by itself after so long.")
def command(base_url: str | None, var: Path, seconds: float | None) -> None:
    """Show events live: invoices, payments, failed messages, opt-outs. Ctrl-C ends it."""
    console = Console()
    try:
        for ear in (ears := _ears(base_url, var)):
            ear.news()  # what was before is not news
        _watch(console, ears, seconds)
    except requests.RequestException as error:
        raise click.ClickException("Till does not answer there, or does not take the key.") from error
    except KeyboardInterrupt:
        console.print()


def _ears(base_url: str | None, var: Path) -> list[Ear]:
    if base_url is not None:
        key = os.environ.get("TILL_API_KEY") or asking.secret("API key")
        return [Ear(base_url.rstrip("/"), "", key)]
    manifest = read_manifest(var / "demo.json")
    return [Ear(manifest["base_url"], one["slug"], one["api_key"]) for one in manifest["merchants"]]


def _watch(console: Console, ears: list[Ear], seconds: float | None) -> None:
    kept: deque[tuple[str, Event]] = deque(maxlen=SHOWN)
    with Live(_table(kept), console=console, auto_refresh=False) as live:
        for _ in _ticks(seconds):
            kept.extend((ear.name, event) for ear in ears for event in ear.news())
            live.update(_table(kept), refresh=True)


def _ticks(seconds: float | None) -> Iterator[None]:
    end = time.monotonic() + seconds if seconds is not None else None
    while end is None or time.monotonic() < end:
        yield
        time.sleep(POLL_S)


def _table(kept: deque[tuple[str, Event]]) -> Table:
    table = Table("At", "Merchant", "Event", "What", title="Events", caption="Ctrl-C ends it")
    for name, event in kept:
        table.add_row(event["timestamp"][11:19], name, event["type"], _told(event["data"]))
    return table


def _told(facts: dict[str, Any]) -> str:
    """The few words that people look for."""
    amount = f"{facts['amount_minor']} {facts['currency']}" if "amount_minor" in facts else ""
    names = [str(facts.get(name) or "") for name in ("number", "reference", "channel", "status", "error_code")]
    return " ".join(word for word in [*names, amount] if word)
