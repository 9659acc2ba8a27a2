"""The worker thread inside the one web process."""

import fcntl
from pathlib import Path

import pytest

from models.clock import SystemClock
from models.context import Runtime
from models.database import Database
from tests.support.databases import sqlite_url
from tests.support.mail_and_texts import Carrier, Mailer
from tests.support.workers import eventually, runtime_on
from web import engine
from web.work import Work


@pytest.fixture
def runtime(tmp_path: Path) -> Runtime:
    database = Database(sqlite_url(tmp_path))
    engine.migrate(database)
    return runtime_on(database, SystemClock(), engine.DatabaseJobs(database), Carrier(), Mailer())


def enqueue(runtime: Runtime, job_id: str) -> None:
    with runtime.write() as ctx:
        ctx.ports.jobs.enqueue(ctx.session, "note", job_id, queue="codes", job_id=job_id)


def test_it_works_in_a_thread_and_leaves_the_rest_to_the_next(runtime: Runtime) -> None:
    ran: list[str] = []
    work = Work({"note": lambda _, name: ran.append(name)})

    for name in ("first", "second"):
        enqueue(runtime, name)
        embedded = engine.start_embedded(runtime, work)
        assert eventually(lambda: name in ran)  # noqa: B023 - asked within the loop
        embedded.stop()

    assert ran == ["first", "second"]


def test_it_waits_while_another_process_works(runtime: Runtime, tmp_path: Path) -> None:
    with (tmp_path / "till.db.worker.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        waiting = engine.start_embedded(runtime, Work({}))
        assert not waiting.ready.wait(0.5)

    assert waiting.ready.wait(20)
    waiting.stop()


def test_it_stops_while_it_waits(runtime: Runtime, tmp_path: Path) -> None:
    with (tmp_path / "till.db.worker.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        waiting = engine.start_embedded(runtime, Work({}))
        waiting.stop()

    assert not waiting.ready.is_set()
