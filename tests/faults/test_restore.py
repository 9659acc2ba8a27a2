"""The drill of docs/operations.md, done: back up while it serves, restore to an empty place, and every sum is the same
and every message that waited goes out exactly once."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from models.base import Base
from models.database import Database
from models.message import Direction, Message, MessageStatus
from payments import audit
from tests.faults.deeds import Pay, Text, on_its_way
from tests.faults.flood import Flood
from tests.faults.people import acme, settle_in
from tests.faults.quick import IDLE
from tests.faults.servers import client
from tests.faults.town import PATIENCE_S, Town
from tests.support.databases import administer
from tests.support.figures import Figure
from tests.support.postgres import ROLE
from tests.support.workers import eventually

PEOPLE = 2
WAITING = [8, pytest.param(40, marks=pytest.mark.prove)]
PER_SECOND = 10.0
ANSWERS = 10
"""It is backed up in the middle of them."""


@contextmanager
def restored(town: Town, folder: Path) -> Iterator[Database]:
    restore = _restored_sqlite if town.database.is_sqlite else _restored_postgres
    database = Database(restore(town.database, folder))
    yield database
    database.dispose()
    if not database.is_sqlite:
        server, _, name = database.url.render_as_string(hide_password=False).rpartition("/")
        administer(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def _restored_sqlite(live: Database, folder: Path) -> str:
    """By SQLite's online backup, the command of docs/operations.md."""
    copy = folder / "restored.db"
    source, backup = sqlite3.connect(live.url.database or ""), sqlite3.connect(copy)
    source.backup(backup)
    assert backup.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    source.close()
    backup.close()
    return f"sqlite:///{copy}"


def _restored_postgres(live: Database, folder: Path) -> str:
    """By pg_dump and pg_restore, likewise."""
    url, dump = live.url.render_as_string(hide_password=False), folder / "till.dump"
    server, _, name = url.rpartition("/")
    asking = "options=-c%20till.merchant%3Dall"  # PGOPTIONS, in the address
    client("pg_dump", f"{url}?{asking}", "--enable-row-security", "--format=custom", f"--file={dump}")
    administer(server, f'CREATE DATABASE "{name}_restored" TEMPLATE template0 OWNER {ROLE}')
    client("pg_restore", f"{url}_restored", "--exit-on-error", str(dump))
    return f"{url}_restored"


def sums(database: Database) -> list[audit.Sum]:
    with database.read() as session:
        assert audit.verify(session) == []
        assert audit.missing_guards(session) == []
        return audit.sums(session)


def rows(database: Database) -> int:
    """Of all our tables."""
    with database.read() as session:
        return sum(session.scalar(sa.select(sa.func.count()).select_from(t)) or 0 for t in Base.metadata.sorted_tables)


def outcome(database: Database, references: list[str]) -> list[MessageStatus]:
    with database.read() as session:
        mine = sa.select(Message.status).where(Message.public_id.in_(references), Message.direction == Direction.OUT)
        return list(session.scalars(mine))


@pytest.mark.parametrize("queued", WAITING)
def test_it_goes_on_from_a_backup(town: Town, tmp_path: Path, queued: int, figure: Figure) -> None:
    acme(town)
    people = settle_in(town, PEOPLE)
    waiting = [town.queue_text(f"+1305555{n + 5000}") for n in range(queued)]
    town.start("web", **{IDLE: "yes"})  # and no worker yet: what waits, waits
    assert eventually(town.is_ready, PATIENCE_S)
    for link, invoice_id in people[0].payers:
        Pay(town, link=link, invoice_id=invoice_id).repeat()
    flood = Flood(town, [p.texters[0] for p in people], [p.payers[1][0] for p in people], PER_SECOND)
    with flood.running():
        assert eventually(lambda: flood.statuses()[200] >= ANSWERS, PATIENCE_S)
        before = [text for text in flood.texts if text.acknowledged]
        with restored(town, tmp_path) as copy:
            after = rows(town.database)
            assert eventually(lambda: rows(town.database) > after, PATIENCE_S)  # it served on
            flood.stop()
            town.kill("web")
            assert sums(copy) == sums(town.database)
            lost = rows(town.database) - rows(copy)
            again = replace(town, database=copy, alive={}, environment=_on(town, copy))
            again.start_all()
            assert eventually(
                lambda: set(outcome(copy, waiting)) <= {MessageStatus.SENT, MessageStatus.DELIVERED}, PATIENCE_S
            )
            assert eventually(lambda: not on_its_way(again), PATIENCE_S)
            again.close()
            assert [town.carrier.taken[reference] for reference in waiting] == [1] * queued
            assert [fault for text in _there(before, again) for fault in text.faults()] == []
            assert sums(copy) == sums(town.database)
            figure(
                "O15 backup and restore",
                "sqlite" if copy.is_sqlite else "postgresql",
                sums_equal=len(sums(copy)),
                waiting_sent_once=len(waiting),
                acknowledged_before_and_there=len(before),
                rows_committed_after_the_backup=lost,
            )


def _on(town: Town, copy: Database) -> dict[str, str]:
    return {**town.environment, "DATABASE_URL": copy.url.render_as_string(hide_password=False)}


def _there(texts: list[Text], town: Town) -> list[Text]:
    return [replace(text, town=town) for text in texts]
