"""What the workers run: each job by its name, on time or when the demo's clock jumps."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from models import limits
from models.limits import LimitCount
from tests.support.post import NOW, Post, empty_database
from web import jobs


@pytest.fixture
def post(database_url: str, tmp_path: Path) -> Iterator[Post]:
    with empty_database(database_url, tmp_path, "jobs") as database:
        yield Post(database)


def test_it_schedules_only_jobs_that_exist() -> None:
    assert {*jobs.SCHEDULES, *jobs.WORK.at_start} <= set(jobs.JOBS)


def test_it_sends_what_the_clock_has_jumped_past(post: Post) -> None:
    post.text(not_before_at=NOW + timedelta(days=7))
    post.clock.advance(timedelta(days=7))
    post.jobs.waiting[0].due_at = NOW + timedelta(days=30)  # an engine waits by the wall clock

    jobs.run_due(post.runtime)
    post.run()

    assert len(post.carrier.sent) == 1


def test_it_forgets_old_counters_only(post: Post) -> None:
    for age in (timedelta(days=3), timedelta()):
        with post.runtime.write() as ctx:
            limits.hit(ctx.session, limits.CODES_PER_MAILBOX, "alice", NOW - age)

    jobs.purge(post.runtime)

    with post.runtime.read() as ctx:
        assert ctx.session.scalars(sa.select(sa.func.count()).select_from(LimitCount)).one() == 1


def test_it_schedules_only_what_it_can_run() -> None:
    assert set(jobs.SCHEDULES) <= set(jobs.JOBS)
