"""A full verified "what do I owe" turn against a bare view that only checks the signature: the same server, processes,
threads and cores, in alternating rounds."""

import secrets
import tempfile
import urllib.parse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count as counting
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from twilio.request_validator import RequestValidator

from tests.bench.load import Figures, Shot, fire
from tests.bench.serving import BARE, OURS, TILL, production, serving
from tests.bench.stage import HOST, NUMBER, PHONES, SID, TOKEN, build

CONNECTIONS = 16
REQUESTS = 1500
WARM_UP = 200
ROUNDS = 3
ASKED = ("what do I owe?", "list", "show my invoices")
PATH = "/webhooks/twilio/sms"
PLAIN = "/dev/null"
"""Gunicorn's own defaults: no process keeps to a core."""
ONE_CORE = "python:tests.bench.one_core"
SIDES = {"bare": (BARE, PLAIN), "bare, on one core": (BARE, ONE_CORE), "till": (TILL, OURS)}

Row = dict[str, Any]
_TURNS = counting()


def on_sqlite(url: str) -> list[Row]:
    return [_against_bare("SQLite", url, 1)]


def on_postgresql(url: str) -> list[Row]:
    return [_against_bare("PostgreSQL", url, 2)]


def _against_bare(name: str, database_url: str, processes: int) -> Row:
    found: dict[str, list[Figures]] = {side: [] for side in SIDES}
    with tempfile.TemporaryDirectory() as folder:
        environment = production(database_url, Path(folder))
        for _ in range(ROUNDS):
            for side, (app, settings) in SIDES.items():
                found[side].append(_round(app, settings, processes, environment))
    till = found["till"]
    return {
        "database": name,
        "processes": processes,
        **{f"{side} req/s": round(_middle(figures)) for side, figures in found.items()},
        "ratio": round(_ratio(till, found["bare"]), 2),
        "ratio, both on one core": round(_ratio(till, found["bare, on one core"]), 2),
        "till p50 ms": round(median(f.p50 for f in till)),
        "till p99 ms": round(median(f.p99 for f in till)),
        "errors": sum(f.errors for figures in found.values() for f in figures),
    }


@contextmanager
def scene() -> Iterator[str]:
    """The merchant and its customers in a new SQLite file."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.sqlite3"
        build(url)
        yield url


def texts(count: int) -> list[Shot]:
    """From phones that have proven who they are, one after the other: who asks six times in a row is left alone."""
    laps = (divmod(n, len(PHONES)) for n in islice(_TURNS, count))
    return [text(PHONES[phone], ASKED[lap % len(ASKED)]) for lap, phone in laps]


def text(sender: str, body: str) -> Shot:
    """A fresh one, with a signature of its own."""
    sid = f"SM{secrets.token_hex(16)}"
    form = {"MessageSid": sid, "SmsSid": sid, "AccountSid": SID, "From": sender, "To": NUMBER, "Body": body}
    form |= {"NumMedia": "0", "NumSegments": "1", "ApiVersion": "2010-04-01"}
    signature = RequestValidator(TOKEN).compute_signature(f"https://{HOST}{PATH}", form)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
    return Shot("POST", PATH, urllib.parse.urlencode(form), headers, "<Message")


def _round(app: str, settings: str, processes: int, environment: dict[str, str]) -> Figures:
    with serving(app, processes, environment, settings) as server:
        fire(server.port, texts(WARM_UP), CONNECTIONS)
        return fire(server.port, texts(REQUESTS), CONNECTIONS)


def _middle(figures: Sequence[Figures]) -> float:
    return median(f.per_second for f in figures)


def _ratio(one: Sequence[Figures], other: Sequence[Figures]) -> float:
    return median(a.per_second / b.per_second for a, b in zip(one, other, strict=True))
