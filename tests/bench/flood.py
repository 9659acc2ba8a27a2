"""Texts that come at a fixed rate, whether or not we keep up, while mail server, carrier and payment provider take
connections and never answer. A part of them comes twice. Counted afterwards: what was lost, what was answered twice."""

import os
import random  # noqa: TID251 - repeatable
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from models.database import Database
from models.message import Direction, Message
from tests.bench.load import fire
from tests.bench.serving import TILL, production, serving, working
from tests.bench.stage import PHONES
from tests.bench.turns import text, texts

PER_SECOND = float(os.environ.get("RATE", "100"))
SECONDS = int(os.environ.get("SECONDS", "20"))
TWICE = 0.05
ONE_IN = 20
"""So many texts come from a new phone that names an email: a code is made, and its mail hangs."""
CONNECTIONS = 64
PROCESSES = 2

Row = dict[str, Any]


def while_all_else_hangs(database_url: str) -> list[Row]:
    shots = texts(int(PER_SECOND * SECONDS))
    for n in range(0, len(shots), ONE_IN):
        shots[n] = text(f"+1556{n:07}", f"{PHONES[n % len(PHONES)]}@example.com")
    dice = random.Random(1)
    repeated = sorted([*shots, *dice.sample(shots, int(len(shots) * TWICE))], key=lambda shot: shot.body)
    dice.shuffle(repeated)
    before = _stored(database_url)
    with tempfile.TemporaryDirectory() as folder, _silence() as silent:
        environment = production(
            database_url,
            Path(folder),
            SMTP_URL=f"smtp://{silent}",
            TWILIO_API_BASE=f"http://{silent}",
            STRIPE_API_BASE=f"http://{silent}",
        )
        with serving(TILL, PROCESSES, environment) as server, working(environment):
            figures = fire(server.port, repeated, CONNECTIONS, PER_SECOND)
    texts_in, replies = (now - then for now, then in zip(_stored(database_url), before, strict=True))
    return [
        {
            "asked req/s": PER_SECOND,
            "answered req/s": round(figures.per_second),
            "seconds": SECONDS,
            "texts": len(shots),
            "sent twice": len(repeated) - len(shots),
            "p50 ms": round(figures.p50),
            "p99 ms": round(figures.p99),
            "worst ms": round(figures.worst),
            "lost": len(shots) - texts_in,
            "answered twice": replies - texts_in,
            "errors": figures.errors,
        }
    ]


def _stored(database_url: str) -> tuple[int, int]:
    """Texts in, and replies to them."""
    database = Database(database_url)
    with database.read() as session:
        count = sa.select(sa.func.count()).select_from(Message)
        texts_in = session.scalar(count.where(Message.direction == Direction.IN))
        replies = session.scalar(count.where(Message.reply_to_id.is_not(None)))
    database.dispose()
    return texts_in or 0, replies or 0


@contextmanager
def _silence() -> Iterator[str]:
    """An address that takes every connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held: list[socket.socket] = []

        def hold() -> None:
            try:
                while True:
                    held.append(listener.accept()[0])
            except OSError:
                pass

        threading.Thread(target=hold, daemon=True).start()
        yield "{}:{}".format(*listener.getsockname())
        for connection in held:
            connection.close()
