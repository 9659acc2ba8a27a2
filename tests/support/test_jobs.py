"""The jobs double: as forgetful as a real engine about what was rolled back."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from models.clock import FrozenClock
from models.database import Database
from tests.support.databases import sqlite_url
from tests.support.jobs import RecordingJobs

CLOCK = FrozenClock(datetime(2026, 6, 19, 14, 0, tzinfo=UTC))


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(sqlite_url(tmp_path))


def test_it_remembers_at_the_commit(database: Database) -> None:
    jobs = RecordingJobs(CLOCK)
    with database.write() as session:
        jobs.enqueue(session, "note", queue="jobs", job_id="a")
        assert jobs.waiting == []

    assert [job.job_id for job in jobs.waiting] == ["a"]


def test_it_forgets_at_the_rollback(database: Database) -> None:
    jobs = RecordingJobs(CLOCK)
    with database.write() as session:
        jobs.enqueue(session, "note", queue="jobs", job_id="a")
        session.rollback()
        jobs.enqueue(session, "note", queue="jobs", job_id="b")

    assert [job.job_id for job in jobs.waiting] == ["b"]


def test_it_waits_for_the_transaction_around_a_savepoint(database: Database) -> None:
    jobs = RecordingJobs(CLOCK)
    with database.write() as session:
        with session.begin_nested():
            jobs.enqueue(session, "note", queue="jobs", job_id="a")
        assert jobs.waiting == []

    assert [job.job_id for job in jobs.waiting] == ["a"]


def test_it_forgets_a_savepoint_alone(database: Database) -> None:
    jobs = RecordingJobs(CLOCK)
    with database.write() as session:
        jobs.enqueue(session, "note", queue="jobs", job_id="a")
        with session.begin_nested() as savepoint:
            jobs.enqueue(session, "note", queue="jobs", job_id="b")
            savepoint.rollback()

    assert [job.job_id for job in jobs.waiting] == ["a"]


def test_it_counts_one_id_once(database: Database) -> None:
    jobs = RecordingJobs(CLOCK)
    for delay_s in (0.0, timedelta(hours=1).total_seconds()):
        with database.write() as session:
            jobs.enqueue(session, "note", queue="jobs", job_id="a", delay_s=delay_s)

    assert len(jobs.waiting) == 1
