"""`flask chat`: a customer's phone in the terminal, against a running demo. Lines on standard input make a script."""

import json
import re
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import requests
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from web.cli.demo import ROOT

POLL_S = 0.25
QUIET_S = 1.0
"""So long without news and an answer is complete: a code's mail takes a tenth of a second, a busy machine more."""
PATIENCE_S = 10.0
TIMEOUT_S = 40
_CODE = re.compile(r"\b\d{6,8}\b")
PROMPT = "[bold]> [/]"
HELP = "Type a text. :code sends the newest code, :clock 7d moves the clock, :quit (or Ctrl-D) leaves."

Message = dict[str, Any]


@dataclass
class Phone:
    """One customer's phone and mailboxes, seen through the demo's JSON."""

    base_url: str
    phone: str
    number: str
    emails: Sequence[str]
    seen: int = 0
    code: str = ""
    _http: requests.Session = field(default_factory=requests.Session)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def text(self, body: str) -> int:
        """Send it; the status that the webhook answered."""
        told = {"from": self.phone, "to": self.number, "body": body}
        answer = self._http.post(f"{self.base_url}/simulator/texts", json=told, timeout=TIMEOUT_S)
        answer.raise_for_status()
        return int(answer.json()["status"])

    def move_clock(self, span: str) -> str:
        answer = self._http.post(f"{self.base_url}/simulator/clock", json={"advance": span}, timeout=TIMEOUT_S)
        return str(answer.json()["now"]) if answer.ok else f"{span}? Try 7d, 36h, 90m or 1d12h."

    def news(self) -> list[Message]:
        """What has arrived since the last look, in order."""
        with self._lock:
            found = [one for address in (self.phone, *self.emails) for one in self._arrived(address)]
            self.seen = max([self.seen, *(one["id"] for one in found)])
        for mail in found:
            codes = _CODE.findall(mail["text"]) if mail["channel"] == "email" else []
            self.code = codes[0] if codes else self.code
        return sorted(found, key=lambda one: int(one["id"]))

    def _arrived(self, address: str) -> list[Message]:
        asked: dict[str, str | int] = {"to": address, "after": self.seen}
        answer = self._http.get(f"{self.base_url}/simulator/messages.json", params=asked, timeout=TIMEOUT_S)
        answer.raise_for_status()
        return list(answer.json())

    def until_quiet(self) -> Iterator[Message]:
        """News as it comes, until none has come for a while."""
        end = started = time.monotonic()
        end += QUIET_S
        while time.monotonic() < min(end, started + PATIENCE_S):
            for message in self.news():
                yield message
                end = time.monotonic() + QUIET_S
            time.sleep(POLL_S)


@click.command("chat")
@click.option("--customer", help="Part of a name, an email or a phone. Default: the first customer.")
@click.option("--var", default=ROOT / "var", type=click.Path(path_type=Path), help="Where the demo keeps its files.")
def command(customer: str | None, var: Path) -> None:
    """Be a customer: text the running demo from this terminal."""
    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    phone = _pick_up(read_manifest(var / "demo.json"), customer, console)
    try:
        phone.news()
        if sys.stdin.isatty():
            _talk(phone, console)
        else:
            for line in sys.stdin:
                _turn(phone, line.strip(), console, echo=True)
    except requests.RequestException as error:
        raise click.ClickException(f"The demo does not answer at {phone.base_url}: is it running?") from error


def read_manifest(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text()))
    except (OSError, ValueError) as error:
        raise click.ClickException(f"No demo has been started here ({path} is missing): make demo") from error


def _pick_up(manifest: dict[str, Any], wanted: str | None, console: Console) -> Phone:
    mine = (wanted or "").casefold()
    for customer in manifest["customers"]:
        known = " ".join([customer["name"], *customer["emails"], *customer["phones"]])
        if mine in known.casefold() and customer["phones"]:
            merchant = next(one for one in manifest["merchants"] if one["slug"] == customer["merchant"])
            console.print(
                f"You are [bold]{escape(customer['name'])}[/], {customer['phones'][0]}, "
                f"{', '.join(customer['emails'])}. You text {escape(merchant['name'])}."
            )
            return Phone(manifest["base_url"], customer["phones"][0], merchant["number"], customer["emails"])
    raise click.ClickException(f"Nobody in the demo is called {wanted!r}.")


def _talk(phone: Phone, console: Console) -> None:
    """Until Ctrl-D. A thread shows what arrives by itself: receipts, for one."""
    console.print(HELP, style="dim")
    typing = threading.Event()
    threading.Thread(target=_watch, args=(phone, console, typing), daemon=True).start()
    while True:
        typing.set()
        try:
            line = console.input(PROMPT).strip()
        except (EOFError, KeyboardInterrupt):
            break
        typing.clear()
        if line == ":quit":
            break
        _turn(phone, line, console, echo=False)
    console.print()


def _watch(phone: Phone, console: Console, typing: threading.Event) -> None:
    while typing.wait():
        time.sleep(QUIET_S)
        try:
            arrived = phone.news() if typing.is_set() else []
        except requests.RequestException:
            time.sleep(PATIENCE_S)  # the next text tells that the demo has gone
            continue
        for message in arrived:
            console.print()
            _show(message, console)
        if arrived:
            console.print(PROMPT, end="")


def _turn(phone: Phone, line: str, console: Console, *, echo: bool) -> None:
    if not line:
        return
    if line.startswith(":clock"):
        console.print(phone.move_clock(line.removeprefix(":clock").strip()), style="dim")
    else:
        body = phone.code if line == ":code" else line
        if echo:
            console.print(f"> {escape(body)}")
        status = phone.text(body)
        if status != 200:
            console.print(f"The webhook answered {status}: the text was not taken.", style="red")
    for message in phone.until_quiet():
        _show(message, console)


def _show(message: Message, console: Console) -> None:
    if message["channel"] == "email":
        words = " ".join(str(message["text"]).split())[:160]
        console.print(f"  [mail to {message['to']}] {message['subject']}: {words}", style="dim", markup=False)
    elif console.is_terminal:
        console.print(Padding(escape(message["text"]), (0, 0, 0, 2), style="cyan"))
    else:
        console.print("< " + message["text"], markup=False)
