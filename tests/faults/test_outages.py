"""The database goes away under load and comes back: 503 and Retry-After meanwhile, nothing acknowledged that is not
kept, and no process needs anybody."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from models.base import Base
from models.database import Database
from tests.faults.flood import Flood
from tests.faults.people import acme, settle_in
from tests.faults.servers import Server
from tests.faults.town import PATIENCE_S, Town, founded
from tests.faults.warm import Nursery
from tests.support.databases import postgres_url
from tests.support.figures import Figure
from tests.support.workers import eventually
from web import engine

SECONDS_AND_RATES = [(2.0, 20.0), pytest.param(60.0, 50.0, marks=pytest.mark.prove)]
PEOPLE = 6
MORE_FILES = 60
"""Above what was open under the same load before: 8 threads, 30 connections, and what waits to be accepted."""


@pytest.fixture
def town(server: Server, tmp_path: Path, nursery: Nursery) -> Iterator[Town]:
    with postgres_url(server.url, "town") as url:
        database = Database(url)
        engine.migrate(database)
        Base.metadata.create_all(database.engine)
        with founded(database, tmp_path, nursery) as made:
            yield made
        database.dispose()


@contextmanager
def supervised(town: Town) -> Iterator[None]:
    """As systemd does for a worker: it ends itself when it loses the database, and is started again."""
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(1.0):
            if not town.lives("worker"):
                town.start("worker")

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()


@pytest.mark.parametrize(("seconds", "per_second"), SECONDS_AND_RATES)
def test_it_answers_503_while_the_database_is_stopped(
    town: Town, server: Server, seconds: float, per_second: float, figure: Figure
) -> None:
    acme(town)
    people = settle_in(town, PEOPLE)
    town.start_all()
    web = town.alive["web"]
    phones = [phone for some in people for phone in some.texters]
    flood = Flood(town, phones, [link for some in people for link, _ in some.payers], per_second)
    with supervised(town), flood.running():
        assert eventually(lambda: flood.is_well_again(0), PATIENCE_S)
        files = town.open_files("web")
        server.stop()
        stopped = time.monotonic()
        most_files = files
        while time.monotonic() < stopped + seconds:
            time.sleep(0.2)
            most_files = max(most_files, town.open_files("web"))
        starts = time.monotonic()
        server.start()
        started = time.monotonic()
        assert eventually(lambda: flood.is_well_again(started), PATIENCE_S), flood.statuses()
        recovered_s = time.monotonic() - started
    meanwhile = flood.between(stopped, starts)

    assert {answer.status for answer in meanwhile} == {503}
    assert all(answer.retry_after for answer in meanwhile)
    assert town.alive["web"] == web
    assert most_files <= files + MORE_FILES
    assert set(flood.statuses()) <= {200, 503}
    flood.ends_well()
    figure(
        "O5 database stopped",
        "postgresql",
        stopped_s=seconds,
        asked=len(flood.answers),
        left_out=flood.left_out,
        asked_meanwhile=len(meanwhile),
        answered_503=sum(answer.status == 503 for answer in meanwhile),
        acknowledged=sum(text.acknowledged for text in flood.texts),
        lost=len(flood.faults()),
        slowest_recovery_s=recovered_s,
        most_files_open=most_files,
        files_open_before=files,
    )


@pytest.mark.prove
def test_it_answers_503_when_every_connection_is_taken(town: Town, figure: Figure) -> None:
    """All of the server's connections but those of the superuser: a web process without one cannot get one."""
    acme(town)
    people = settle_in(town, 1)
    flood = Flood(town, [people[0].texters[0]], [people[0].payers[0][0]], 10.0)
    with ExitStack() as stack:
        with _greedy(town.database) as held:
            town.start("web")
            stack.enter_context(flood.running())
            assert eventually(lambda: flood.statuses()[503] >= 20, PATIENCE_S), flood.statuses()
        freed = time.monotonic()
        assert eventually(lambda: flood.is_well_again(freed), PATIENCE_S), flood.statuses()
    assert set(flood.statuses()) <= {0, 200, 503}
    figure("O5 connections exhausted", "postgresql", taken=len(held), answered_503=flood.statuses()[503])


@contextmanager
def _greedy(database: Database) -> Iterator[list[sa.Connection]]:
    """Has taken each connection that there is."""
    engine = sa.create_engine(database.url, poolclass=sa.NullPool)
    database.dispose()
    held: list[sa.Connection] = []
    with suppress(sa.exc.OperationalError):
        while True:
            held.append(engine.connect())
    try:
        yield held
    finally:
        for connection in held:
            connection.close()
