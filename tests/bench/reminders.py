"""The dry run of a hundred thousand reminders (ROWS: of so many) and their writing, on both databases, and what becomes
of one-time codes that are asked for meanwhile, beside the same worker. Everyone has a phone, an email, a consent and an
overdue invoice of their own: the worst case, since nothing merges."""

import itertools
import math
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot import reminders, verifying
from bot.reminders import Selection
from bot.verifying import Asker
from models.base import Base, new_public_id
from models.clock import SystemClock
from models.context import Runtime
from models.database import Database
from models.merchant import Merchant
from models.ports import OutboundEmail
from models.reminder import CampaignSource
from tests.bench.load import percentile
from tests.bench.serving import memory_mb
from tests.support.databases import postgres_url, sqlite_url
from tests.support.mail_and_texts import Carrier, Mailer
from tests.support.post import merchant
from tests.support.postgres import running_server
from tests.support.workers import eventually, runtime_on
from web import engine, jobs
from web.seeding.crowd import phone

CHUNK = 5_000
ROWS = int(os.environ.get("ROWS", "100000"))
SIZES = (ROWS // 10, ROWS // 2, ROWS)
"""Memory is to be the same for each."""
EVERYONE = Selection(everyone_overdue=True)
WRITTEN = ("written s", "its processor s", "its memory MB", "codes", "p50 s", "p99 s", "p50 before", "p99 before")
ASK_EVERY_S = 0.2
LOOK_EVERY_S, PATIENCE_S = 0.5, 600
REST_S = 20.0
"""Codes are asked for without a campaign as well, since the machine has other tenants."""

Row = dict[str, Any]


@dataclass
class Postman(Mailer):
    """Notes when it was handed the mail for each address."""

    at: dict[str, float] = field(default_factory=dict)

    def send(self, email: OutboundEmail) -> str:
        self.at.setdefault(email.to, time.perf_counter())
        return email.message_id


@dataclass
class Scene:
    runtime: Runtime
    postman: Postman
    acme: Merchant
    who: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    """Each asks once."""


def planned() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        found = list(_measure("SQLite", sqlite_url(Path(folder))))
    with running_server(durable=True) as server, postgres_url(server, "bench") as url:
        return [*found, *_measure("PostgreSQL", url)]


def _measure(name: str, url: str) -> Iterator[Row]:
    database = Database(url)
    engine.migrate(database)
    Base.metadata.create_all(database.engine)
    postman = Postman()
    runtime = runtime_on(database, SystemClock(), engine.DatabaseJobs(database), Carrier(), postman)
    with runtime.write() as ctx:
        acme = merchant("Acme", "+12065550199")
        ctx.session.add(acme)
    scene, there = Scene(runtime, postman, acme), 0
    _plan(scene, 0)  # whatever is imported or cached once
    for size in SIZES:
        fill(runtime, acme, there, size)
        there = size
        row = {"database": name, "reminders": size} | _plan(scene, size)
        yield row | (_write(scene) if size == ROWS else dict.fromkeys((*WRITTEN, "errors"), ""))
    database.dispose()


def _plan(scene: Scene, rows: int) -> Row:
    with _memory() as memory:
        began, busy = time.perf_counter(), time.process_time()
        with scene.runtime.read() as ctx:
            plan = reminders.plan(ctx, scene.acme, EVERYONE, most=200)
        took, busy = time.perf_counter() - began, time.process_time() - busy
    assert plan.messages == rows, (plan.messages, plan.reasons)
    return {"dry run s": round(took, 1), "processor s": round(busy, 1), "dry run's memory MB": memory[0]}


def _write(scene: Scene) -> Row:
    """The press, until its job says that all is written; codes are asked for from its first moment to its last."""
    runtime = scene.runtime
    with engine.working(runtime, replace(jobs.WORK, schedules={}, at_start=()), "bench"):
        first: dict[str, float] = {}
        _ask(scene, first)
        eventually(lambda: first.keys() <= scene.postman.at.keys())  # a new database: the engine finds its queues
        with _codes(scene) as before:
            time.sleep(REST_S)
        with _memory() as memory, _codes(scene) as meanwhile:
            began, busy = time.perf_counter(), time.process_time()
            with runtime.write() as ctx:
                source = CampaignSource.CLI
                campaign = reminders.launch(ctx, scene.acme, EVERYONE, by="bench", source=source, key="bench")
                reminders.pause(ctx, campaign)  # written, not sent
            is_written = _is_written(scene, campaign.public_id)
            took, busy = time.perf_counter() - began, time.process_time() - busy
    codes = (
        len(meanwhile),
        percentile(meanwhile, 50),
        percentile(meanwhile, 99),
        percentile(before, 50),
        percentile(before, 99),
    )
    figures: tuple[float, ...] = (took, busy, memory[0], *codes)
    told = {name: round(figure, 2) for name, figure in zip(WRITTEN, figures, strict=True)}
    return told | {"errors": 0 if is_written and math.inf not in meanwhile else 1}


def _is_written(scene: Scene, public_id: str) -> bool:
    """Seldom asked: who waits must not be what is measured."""
    for _ in range(int(PATIENCE_S / LOOK_EVERY_S)):
        time.sleep(LOOK_EVERY_S)
        with scene.runtime.read() as ctx:
            campaign = reminders.find(ctx, scene.acme, public_id)
            if campaign.filled_at is not None:
                return reminders.progress(ctx, campaign).total == ROWS
    return False


@contextmanager
def _codes(scene: Scene) -> Iterator[list[float]]:
    """Somebody asks for a code five times a second. After the block: how long each took to be mailed, in order."""
    asked, over, waits = dict[str, float](), threading.Event(), list[float]()
    asking = threading.Thread(target=_keep_asking, args=(scene, asked, over))
    asking.start()
    try:
        yield waits
    finally:
        over.set()
        asking.join()
    eventually(lambda: asked.keys() <= scene.postman.at.keys())
    waits += sorted(scene.postman.at.get(email, math.inf) - at for email, at in asked.items())


def _keep_asking(scene: Scene, asked: dict[str, float], over: threading.Event) -> None:
    while not over.wait(ASK_EVERY_S):
        _ask(scene, asked)


def _ask(scene: Scene, asked: dict[str, float]) -> None:
    email = f"customer{next(scene.who)}@example.com"
    asked[email] = time.perf_counter()
    with scene.runtime.write() as ctx:
        verifying.start(ctx, scene.acme, Asker(None, browser_hash=new_public_id()), email)


@contextmanager
def _memory() -> Iterator[list[int]]:
    """How far resident memory rises above where it is, in MB."""
    Path("/proc/self/clear_refs").write_text("5")  # forgets the highest mark so far
    rise: list[int] = []
    before = memory_mb("self")
    yield rise
    rise.append(math.floor(memory_mb("self", "VmHWM") - before))


def fill(runtime: Runtime, acme: Merchant, there: int, rows: int) -> None:
    for start in range(there, rows, CHUNK):
        tables: dict[str, list[dict[str, Any]]] = {"customer": [], "contact_point": [], "consent": [], "invoice": []}
        for n in range(start, min(start + CHUNK, rows)):
            for table, row in _person(n + 1, acme.id, runtime):
                tables[table].append(row)
        with runtime.write() as ctx:
            for table, found in tables.items():
                ctx.session.execute(sa.insert(Base.metadata.tables[table]), found)


def _person(n: int, merchant_id: int, runtime: Runtime) -> Iterator[tuple[str, dict[str, Any]]]:
    now = runtime.clock.now()
    mine = {"merchant_id": merchant_id, "created_at": now}
    # Real area codes; the exchange varies, so that no two share a phone.
    number = f"{phone(n * 100)[:5]}{200 + n // 10_000 % 700}{n % 10_000:04}"
    yield "customer", {**mine, "id": n, "public_id": new_public_id(), "name": f"Customer {n}", "locale": "en"}
    for channel, address in (("sms", number), ("email", f"customer{n}@example.com")):
        point = {"customer_id": n, "public_id": new_public_id(), "channel": channel, "address": address}
        yield "contact_point", {**mine, **point, "is_primary": True}
    yield "consent", {**mine, "channel": "sms", "address": number, "act": "granted", "source": "bench"}
    day = now.date()
    yield (
        "invoice",
        {**mine, "customer_id": n, "public_id": new_public_id(), "mode": "live", "number": f"INV-{n}", "status": "open"}
        | {"description": "", "currency": "USD", "total_minor": 12_000 + n, "balance_minor": 12_000 + n, "version": 1}
        | {"issued_on": day - timedelta(days=40), "due_on": day - timedelta(days=10)},
    )
