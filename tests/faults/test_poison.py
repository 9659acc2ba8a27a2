"""One bad row or job among good ones: the others go on, it is put aside after so many tries, and somebody is told."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot import messenger, vitals
from bot.reminders import releasing
from models.clock import SystemClock
from models.context import Runtime
from models.database import Database
from models.merchant import Merchant
from models.message import MessageStatus
from models.ports import FailedJob
from models.reminder import Reminder, ReminderStatus
from tests.faults.lethal_worker import MOST_DEATHS
from tests.faults.test_kills import Storm
from tests.faults.worker import QUICK
from tests.support.dunning import Desk
from tests.support.figures import Figure
from tests.support.mail_and_texts import Carrier, Mailer
from tests.support.post import Post, empty_database
from tests.support.workers import eventually, runtime_on
from tests.support.world import World
from web import engine

PATIENCE_S = 180.0
UNREADABLE = "from the next release"
GOOD = 5


@pytest.fixture
def post(database_url: str, tmp_path: Path) -> Iterator[Post]:
    with empty_database(database_url, tmp_path, "poison") as database:
        yield Post(database)


def spoil(database: Database, message_id: int) -> None:
    """As a later release, or a hand, may leave it: whoever reads the row fails."""
    with database.write() as session:
        session.execute(
            sa.text("UPDATE message SET failure = :word WHERE id = :id"), {"word": UNREADABLE, "id": message_id}
        )


def test_a_row_that_nobody_can_read_holds_up_no_other(post: Post) -> None:
    ids = [post.text(f"Acme: {n}") for n in range(GOOD)]
    spoil(post.database, ids[1])
    post.jobs.waiting.clear()  # as if every job was lost
    post.jobs.ids.clear()

    messenger.sweep(post.runtime)
    with pytest.raises(LookupError):
        post.jobs.run(post.runtime)
    post.jobs.run(post.runtime)

    assert [post.status(n) for n in ids[:1] + ids[2:]] == [MessageStatus.SENT] * (GOOD - 1)


def test_one_merchants_fault_stops_no_other_merchants_reminders(peopled_world: World) -> None:
    world = peopled_world
    desks = [Desk(world, world.merchants[slug]) for slug in ("acme", "globex")]
    for n, desk in enumerate(desks):
        customer = desk.customer(f"Carol {n}", f"+1305555010{n}", f"carol{n}@example.com")
        desk.owes(customer, f"R-{n}")
        desk.press()
    world.jobs.run(world.runtime)
    with world.runtime.write() as ctx:
        ctx.session.execute(sa.update(Merchant).where(Merchant.slug == "acme").values(timezone="Mars/Phobos"))
        ctx.session.execute(sa.update(Reminder).values(status=ReminderStatus.SCHEDULED, message_id=None))

    with pytest.raises(Exception, match="Mars/Phobos"):
        releasing.release_all(world.runtime)

    assert {row.status for row in desks[1].rows()} == {ReminderStatus.SENT}


def test_somebody_is_told_of_a_job_that_was_given_up(peopled_world: World) -> None:
    peopled_world.jobs.failures.append(FailedJob("lethal", "die", "given up"))
    with peopled_world.runtime.read() as ctx:
        assert "jobs_failed" in vitals.ringing(vitals.read(ctx))


@contextmanager
def lethal(storm: Storm) -> Iterator[list[int]]:
    """Two workers that are started again whenever they die. How each ended."""
    stop, ends = threading.Event(), list[int]()
    url = storm.database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.faults.lethal_worker", url, str(storm.file)]

    def keep() -> None:
        while not stop.is_set():
            worker = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            while worker.poll() is None and not stop.wait(0.1):
                continue
            worker.terminate()
            ends.append(worker.wait())

    keepers = [threading.Thread(target=keep) for _ in range(2)]
    for keeper in keepers:
        keeper.start()
    try:
        yield ends
    finally:
        stop.set()
        for keeper in keepers:
            keeper.join()


@pytest.mark.prove
def test_a_job_that_kills_its_workers_is_put_aside(database_url: str, tmp_path: Path, figure: Figure) -> None:
    with empty_database(database_url, tmp_path, "lethal") as database:
        storm = Storm(database, tmp_path / "carrier")
        storm.file.touch()
        jobs = engine.DatabaseJobs(database, QUICK)
        runtime: Runtime = runtime_on(database, SystemClock(), jobs, Carrier(), Mailer())
        storm.queue(GOOD)
        with runtime.write() as ctx:
            jobs.enqueue(ctx.session, "die", queue="jobs", job_id="lethal")
        with lethal(storm) as ends:
            assert eventually(lambda: len(jobs.failed()) == 1, PATIENCE_S)
            deaths = len(ends)
            assert eventually(storm.is_over, PATIENCE_S)

        assert [job.job_id for job in jobs.failed()] == ["lethal"]
        assert sorted(storm.taken()) == storm.references()
        assert MOST_DEATHS < deaths <= MOST_DEATHS + 4
        figure(
            "O18 poison job",
            "sqlite" if database.is_sqlite else "postgresql",
            workers_killed=deaths,
            put_aside=len(jobs.failed()),
            others_sent_once=len(storm.taken()),
        )
