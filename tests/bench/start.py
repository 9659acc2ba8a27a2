"""What a web process costs at rest: time from its start to the first answer, memory, and the weight of a pay page."""

import gzip
import http.client
import re
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.load import Shot, fire
from tests.bench.pages import SIZES, _pages, _seeded
from tests.bench.serving import TILL, production, serving
from tests.bench.stage import HOST
from tests.bench.turns import CONNECTIONS, texts

STARTS = 5
TURNS = 1000

Row = dict[str, Any]


def at_rest(turns_url: str) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        _first_answer(production(turns_url, Path(folder)))  # compiles
        seconds = median(_first_answer(production(turns_url, Path(folder))) for _ in range(STARTS))
        with serving(TILL, 1, production(turns_url, Path(folder))) as server:
            fire(server.port, texts(TURNS), CONNECTIONS)
            memory = server.largest_mb
    page, style = _weights()
    return [
        {
            "start to first answer s": round(seconds, 2),
            f"memory after {TURNS} turns MB": round(memory),
            "pay page kB gzip": round(page / 1000, 1),
            "with its style and script kB gzip": round(style / 1000, 1),
        }
    ]


def _first_answer(environment: dict[str, str]) -> float:
    began = time.perf_counter()
    with serving(TILL, 1, environment) as server:
        fetch(server.port, Shot("GET", "/healthz"))
        return time.perf_counter() - began


def _weights() -> tuple[int, int]:
    """Of the page alone, and with all that it loads."""
    url = _seeded(SIZES[0])
    with tempfile.TemporaryDirectory() as folder:
        environment = production(url, Path(folder), TILL_WORKER="false")
        with serving(TILL, 1, environment) as server:
            page = fetch(server.port, _pages(url, environment["SECRET_KEY"])["pay page"])
            found = set(re.findall(r'(?:href|src)="(/[^"]+\.(?:css|js)[^"]*)"', page.decode()))
            parts = [fetch(server.port, Shot("GET", path)) for path in found]
    weight = len(gzip.compress(page))
    return weight, weight + sum(len(gzip.compress(part)) for part in parts)


def fetch(port: int, shot: Shot) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(shot.method, shot.path, headers={"Host": HOST, **shot.headers})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{shot.path.split('/')[1]}: {answer.status}")
    return text
