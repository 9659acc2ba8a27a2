"""The dry run of a hundred thousand reminders (ROWS: of so many) and their writing, on both databases.
Everyone has a phone, an email, a consent and an overdue invoice of their own: the worst case, since nothing merges."""

import os
import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot import reminders
from bot.reminders import Selection, filling
from models.base import Base, new_public_id
from models.clock import SystemClock
from models.context import Runtime
from models.database import Database
from models.merchant import Merchant
from models.reminder import CampaignSource
from tests.support.databases import postgres_url, sqlite_url
from tests.support.mail_and_texts import Carrier, Mailer
from tests.support.post import merchant
from tests.support.postgres import running_server
from tests.support.workers import runtime_on
from web import engine
from web.seeding.crowd import phone

CHUNK = 5_000
ROWS = int(os.environ.get("ROWS", "100000"))

Row = dict[str, Any]


def planned() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        found = [_measure("SQLite", sqlite_url(Path(folder)), ROWS)]
    with running_server(durable=True) as server, postgres_url(server, "bench") as url:
        return [*found, _measure("PostgreSQL", url, ROWS)]


def _measure(name: str, url: str, rows: int) -> Row:
    database = Database(url)
    engine.migrate(database)
    Base.metadata.create_all(database.engine)
    clock = SystemClock()
    runtime = runtime_on(database, clock, engine.DatabaseJobs(database), Carrier(), Mailer())
    acme = fill(runtime, rows)
    everyone = Selection(everyone_overdue=True)

    started = time.perf_counter()
    with runtime.read() as ctx:
        plan = reminders.plan(ctx, acme, everyone)
    planned_s = time.perf_counter() - started
    assert len(plan.rows) == rows, (len(plan.rows), plan.reasons)

    started = time.perf_counter()
    with runtime.write() as ctx:
        campaign = reminders.launch(ctx, acme, everyone, by="bench", source=CampaignSource.CLI, key="bench")
    filling.fill(runtime, campaign.id)
    written_s = time.perf_counter() - started
    with runtime.read() as ctx:
        assert reminders.progress(ctx, campaign).scheduled == rows
    database.dispose()
    return {
        "database": name,
        "reminders": rows,
        "dry run s": round(planned_s, 1),
        "written s": round(written_s, 1),
        "most memory MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def fill(runtime: Runtime, rows: int) -> Merchant:
    with runtime.write() as ctx:
        acme = merchant("Acme", "+12065550199")
        ctx.session.add(acme)
        ctx.session.flush()
    for start in range(0, rows, CHUNK):
        tables: dict[str, list[dict[str, Any]]] = {"customer": [], "contact_point": [], "consent": [], "invoice": []}
        for n in range(start, min(start + CHUNK, rows)):
            for table, row in _person(n + 1, acme.id, runtime):
                tables[table].append(row)
        with runtime.write() as ctx:
            for table, found in tables.items():
                ctx.session.execute(sa.insert(Base.metadata.tables[table]), found)
    return acme


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
