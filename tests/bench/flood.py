"""Texts that come at a fixed rate, whether or not we keep up, while mail server, carrier and payment provider take
connections and never answer. A part of them comes twice. Counted once all that was put off has had its turn: what was
lost, what was answered twice."""

import os
import random  # noqa: TID251 - repeatable
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot import looping
from models import limits
from models.clock import SystemClock
from models.database import Database
from models.message import Direction, Message, Route
from models.received_text import ReceivedText
from models.walls import ALL_MERCHANTS
from tests.bench.load import fire
from tests.bench.serving import TILL, memory_mb, production, serving, working
from tests.bench.stage import PHONES
from tests.bench.turns import text, texts

PER_SECOND = float(os.environ.get("RATE", "100"))
SECONDS = int(os.environ.get("SECONDS", "20"))
TWICE = 0.05
ONE_IN = 20
"""So many texts come from a new phone that names an email: a code is made, and its mail hangs."""
CONNECTIONS = 256
"""Twilio waits with one for each text; so many wait at most."""
WARM_UPS, WARM_UP = 5, 200
LOOK_S = 0.5
LONGEST_CATCHING_UP = 5
"""Times as long as the flood, and a minute."""
PROCESSES = 2

Row = dict[str, Any]


def while_all_else_hangs(database_url: str) -> list[Row]:
    shots = texts(int(PER_SECOND * SECONDS))
    for n in range(0, len(shots), ONE_IN):
        shots[n] = text(f"+1556{n:07}", f"{PHONES[n % len(PHONES)]}@example.com")
    dice = random.Random(1)
    shots = [replace(shot, holds="<Response>") for shot in shots]  # put off, a text is answered with nothing
    repeated = sorted([*shots, *dice.sample(shots, int(len(shots) * TWICE))], key=lambda shot: shot.body)
    dice.shuffle(repeated)
    with tempfile.TemporaryDirectory() as folder, _silence() as silent:
        environment = production(
            database_url,
            Path(folder),
            SMTP_URL=f"smtp://{silent}",
            TWILIO_API_BASE=f"http://{silent}",
            STRIPE_API_BASE=f"http://{silent}",
        )
        with serving(TILL, PROCESSES, environment) as server, working(environment) as worker:
            for _ in range(WARM_UPS):  # whoever is first to listen would get all the connections
                fire(server.port, texts(WARM_UP), CONNECTIONS // 8)
            _catching_up(database_url)
            before, memory = _stored(database_url), [server.largest_mb, memory_mb(worker)]
            figures = fire(server.port, repeated, CONNECTIONS, PER_SECOND)
            left, took = _catching_up(database_url)
            memory += [server.largest_mb, memory_mb(worker)]
    after = _stored(database_url)
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
            "put off": after.late - before.late,
            "caught up s": round(took, 1),
            "still waiting": left,
            "lost": len(shots) - (after.texts - before.texts) - left,
            "left alone": after.left_alone,
            "strangers beyond the limit": after.strangers,
            "not answered": after.unanswered - after.strangers,
            "answered twice": after.doubled,
            "web process MB before, after": f"{memory[0]:.0f}, {memory[2]:.0f}",
            "worker MB before, after": f"{memory[1]:.0f}, {memory[3]:.0f}",
            "errors": figures.errors,
        }
    ]


@dataclass(frozen=True, slots=True)
class Stored:
    texts: int
    late: int
    """Answers by the messenger instead of in the response."""
    left_alone: int
    """Who asks the same six times in a row, as the dice may have it (bot/looping.py)."""
    unanswered: int
    doubled: int
    strangers: int
    """A merchant's texts of people who have proven nothing, beyond so many a day (bot/strangers.py)."""


def _stored(database_url: str) -> Stored:
    came, answer = sa.orm.aliased(Message), sa.orm.aliased(Message)
    answers = (
        sa.select(came.id, came.error_code, sa.func.count(answer.id).label("answers"))
        .outerjoin(answer, answer.reply_to_id == came.id)
        .where(came.direction == Direction.IN)
        .group_by(came.id, came.error_code)
        .subquery()
    )
    count = sa.select(sa.func.count())
    database = Database(database_url)
    with database.read(ALL_MERCHANTS) as session:
        found = [
            session.scalar(asked) or 0
            for asked in (
                count.select_from(answers),
                count.where(Message.reply_to_id.is_not(None), Message.route == Route.MESSENGER),
                count.select_from(answers).where(answers.c.error_code.in_(looping.REASONS)),
                count.select_from(answers).where(answers.c.answers == 0, answers.c.error_code.is_(None)),
                count.select_from(answers).where(answers.c.answers > 1),
            )
        ]
        found.append(round(limits.used(session, limits.STRANGERS_LEFT_ALONE, "", SystemClock().now())))
    database.dispose()
    return Stored(*found)


def _catching_up(database_url: str) -> tuple[int, float]:
    """How many texts never had their turn, and the seconds until the others had. A repeat of one that had its turn on
    the line is none."""
    database, began = Database(database_url), time.monotonic()
    give_up_at = began + LONGEST_CATCHING_UP * SECONDS + 60
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(sa.text("SELECT set_config('till.merchant', 'all', false)"))
        count = sa.select(sa.func.count()).select_from(ReceivedText)
        while db.scalar(count) and time.monotonic() < give_up_at:
            time.sleep(LOOK_S)
        there = sa.exists().where(Message.provider_reference == ReceivedText.provider_reference)
        left = db.scalar(count.where(~there)) or 0
    database.dispose()
    return left, time.monotonic() - began


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
