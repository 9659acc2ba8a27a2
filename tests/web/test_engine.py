"""The job engine on both databases: what is enqueued in a transaction runs once, paced, after its commit."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from models.base import new_public_id
from models.clock import SystemClock
from models.context import Runtime
from models.ports import FailedJob, OutboundSms
from tests.support.mail_and_texts import Carrier, Mailer
from tests.support.post import NOW, empty_database
from tests.support.workers import SITE, eventually, runtime_on
from web import engine
from web.queues import QUEUES
from web.work import Work

PER_SECOND = 4.0
QUICK = {**QUEUES, "sms": replace(QUEUES["sms"], poll_s=0.05, embedded_poll_s=0.1, per_second=PER_SECOND)}


@dataclass
class Worker:
    """A worker that runs as long as this module's tests do, and what its jobs left behind."""

    runtime: Runtime
    ran: list[str] = field(default_factory=list)
    starts: dict[str, list[float]] = field(default_factory=dict)
    busy: Counter[str] = field(default_factory=Counter)
    overlaps: int = 0
    is_broken: bool = True

    def work(self) -> Work:
        return Work(
            jobs={
                "note": lambda _, name: self.ran.append(name),
                "tick": lambda _: self.ran.append("tick"),
                "begin": lambda _: self.ran.append("begin"),
                "break": self._break,
                "text": self._text,
            },
            schedules={"tick": "* * * * * *"},
            at_start=("begin",),
            queues=QUICK,
        )

    def _break(self, _runtime: Runtime, name: str) -> None:
        if self.is_broken:
            raise ValueError("secret 123456")
        self.ran.append(name)

    def _text(self, runtime: Runtime, number: str) -> None:
        self.starts.setdefault(number, []).append(time.monotonic())
        self.overlaps += self.busy[number]
        self.busy[number] += 1
        time.sleep(0.01)
        runtime.ports.sms.send(_sms(number))
        self.busy[number] -= 1

    def enqueue(self, name: str, *args: str, job_id: str, queue: str = "codes", delay_s: float = 0) -> None:
        key = args[0] if args else None
        with self.runtime.write() as ctx:
            ctx.ports.jobs.enqueue(ctx.session, name, *args, queue=queue, job_id=job_id, key=key, delay_s=delay_s)

    def has_come_to(self, job_id: str) -> bool:
        """A marker behind everything enqueued so far: a queue is taken in order."""
        self.enqueue("note", job_id, job_id=job_id)
        return eventually(lambda: job_id in self.ran)

    def failed(self) -> dict[str, FailedJob]:
        return {job.job_id: job for job in self.runtime.ports.jobs.failed()}


def _sms(number: str) -> OutboundSms:
    account = SITE.sms_account
    assert account is not None
    return OutboundSms(account, new_public_id(), number, "+15550142", "Hello", SITE.base_url, NOW)


@pytest.fixture(scope="module")
def worker(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    with empty_database(database_url, tmp_path_factory.mktemp("engine"), "engine") as database:
        jobs = engine.DatabaseJobs(database, QUICK)
        worker = Worker(runtime_on(database, SystemClock(), jobs, Carrier(), Mailer()))
        with engine.working(worker.runtime, worker.work(), "slot-1"):
            yield worker


def test_it_runs_a_job_after_its_commit(worker: Worker) -> None:
    worker.enqueue("note", "committed", job_id="committed")

    assert eventually(lambda: "committed" in worker.ran)


def test_it_forgets_a_job_with_its_transaction(worker: Worker) -> None:
    with worker.runtime.write() as ctx:
        ctx.ports.jobs.enqueue(ctx.session, "note", "rolled back", queue="codes", job_id="rolled-back")
        ctx.session.rollback()

    assert worker.has_come_to("after-rolled-back")
    assert "rolled back" not in worker.ran


def test_it_runs_one_id_once(worker: Worker) -> None:
    for _ in range(3):
        worker.enqueue("note", "same id", job_id="same-id")

    assert worker.has_come_to("after-same-id")
    assert worker.ran.count("same id") == 1


def test_it_holds_a_job_back_until_its_delay_is_over(worker: Worker) -> None:
    worker.enqueue("note", "delayed", job_id="delayed", delay_s=3600)
    assert worker.has_come_to("after-delayed")
    assert "delayed" not in worker.ran

    worker.runtime.ports.jobs.bring_forward(["delayed", "no such job"])

    assert eventually(lambda: "delayed" in worker.ran)


def test_it_paces_each_number_on_its_own(worker: Worker) -> None:
    for n in range(3):
        for number in ("+15550100", "+15550101"):
            worker.enqueue("text", number, job_id=f"text-{number}-{n}", queue="sms")

    assert eventually(lambda: [len(times) for times in worker.starts.values()] == [3, 3])
    gaps = [later - sooner for times in worker.starts.values() for sooner, later in pairwise(times)]
    assert min(gaps) >= 1 / PER_SECOND
    assert worker.overlaps == 0


def test_it_lists_a_failed_job_and_runs_it_again(worker: Worker) -> None:
    worker.is_broken = True
    worker.enqueue("break", "mended", job_id="broken")
    assert eventually(lambda: "broken" in worker.failed())

    worker.is_broken = False
    worker.runtime.ports.jobs.retry("broken")

    assert eventually(lambda: "mended" in worker.ran)
    assert "broken" not in worker.failed()


def test_it_keeps_the_place_of_an_error_but_not_its_words(worker: Worker) -> None:
    worker.is_broken = True
    worker.enqueue("break", "x", job_id="broken quietly")

    assert eventually(lambda: "broken quietly" in worker.failed())
    assert worker.failed()["broken quietly"].error.startswith("ValueError at test_engine.py:")


def test_it_stores_arguments_as_json(worker: Worker) -> None:
    worker.enqueue("note", "readable", job_id="json", delay_s=3600)
    table = "workflow_input" if worker.runtime.database.is_sqlite else "dbos.workflow_input"

    with worker.runtime.database.read() as session:
        stored = session.scalar(sa.text(f"SELECT inputs FROM {table} WHERE workflow_uuid = 'json'"))

    assert ["codes", "readable", "readable"] in json.loads(stored).values()


def test_it_runs_scheduled_jobs(worker: Worker) -> None:
    assert eventually(lambda: worker.ran.count("tick") > 1)


def test_it_begins_with_the_jobs_for_the_start(worker: Worker) -> None:
    assert eventually(lambda: "begin" in worker.ran)


def test_it_purges_ended_jobs_only(worker: Worker) -> None:
    worker.enqueue("note", "kept", job_id="kept", delay_s=3600)
    assert worker.has_come_to("before-purge")

    assert eventually(lambda: engine.purge(worker.runtime.database, datetime.now(UTC) + timedelta(minutes=1)) > 0)  # noqa: TID251

    worker.runtime.ports.jobs.bring_forward(["kept"])
    assert eventually(lambda: "kept" in worker.ran)


def test_it_refuses_to_work_twice_in_one_process(worker: Worker) -> None:
    with pytest.raises(RuntimeError, match="already works"), engine.working(worker.runtime, worker.work(), "slot-2"):
        pass
