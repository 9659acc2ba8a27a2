"""Jobs without an engine: remembered when their transaction commits, performed when the test says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from models.clock import Clock
from models.context import Runtime
from models.ports import FailedJob
from web.jobs import JOBS
from web.work import Job


@dataclass(slots=True)
class RecordedJob:
    job_id: str
    name: str
    args: tuple[str | int, ...]
    queue: str
    key: str | None
    due_at: datetime


Pending = list[tuple[SessionTransaction | None, RecordedJob]]
"""With the savepoint that each was enqueued under, if any."""


@dataclass(slots=True)
class RecordingJobs:
    """models.ports.Jobs, by the test's clock. `waiting` are the committed ones not yet performed."""

    clock: Clock
    waiting: list[RecordedJob] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    failures: list[FailedJob] = field(default_factory=list)
    """What the engine would list: put there by tests."""

    def enqueue(
        self,
        session: Session,
        name: str,
        *args: str | int,
        queue: str,
        job_id: str,
        key: str | None = None,
        delay_s: float = 0.0,
    ) -> None:
        session.connection()  # a real engine writes here, and so begins the transaction
        due_at = self.clock.now() + timedelta(seconds=delay_s)
        self._pending(session).append(
            (session.get_nested_transaction(), RecordedJob(job_id, name, args, queue, key, due_at))
        )

    def _pending(self, session: Session) -> Pending:
        if "jobs" not in session.info:
            session.info["jobs"] = []
            event.listen(session, "after_commit", self._remember)
            event.listen(session, "after_soft_rollback", _forget)
        pending: Pending = session.info["jobs"]
        return pending

    def _remember(self, session: Session) -> None:
        if session.in_nested_transaction():
            return  # a savepoint: the transaction around it decides
        for _, job in session.info["jobs"]:
            if job.job_id not in self.ids:
                self.ids.add(job.job_id)
                self.waiting.append(job)
        session.info["jobs"].clear()

    def bring_forward(self, job_ids: Sequence[str]) -> None:
        for job in self.waiting:
            if job.job_id in job_ids:
                job.due_at = self.clock.now()

    def run(self, runtime: Runtime, jobs: Mapping[str, Job] = JOBS) -> int:
        """Perform what is due, and what that enqueues, in order. Returns how many."""
        count = 0
        while due := [job for job in self.waiting if job.due_at <= self.clock.now()]:
            self.waiting.remove(due[0])
            jobs[due[0].name](runtime, *due[0].args)
            count += 1
        return count

    def failed(self, limit: int = 100) -> list[FailedJob]:
        return self.failures[:limit]

    def retry(self, job_id: str) -> str:
        """As the engine does: the same job under another id."""
        job = next(one for one in self.failures if one.job_id == job_id)
        self.failures.remove(job)
        self.waiting.append(RecordedJob(f"{job_id}-again", job.name, job.args, "jobs", None, self.clock.now()))
        return f"{job_id}-again"

    def discard(self, job_id: str) -> None:
        self.failures[:] = [one for one in self.failures if one.job_id != job_id]

    def perform(self, runtime: Runtime, name: str, jobs: Mapping[str, Job] = JOBS) -> object:
        """One job, as its schedule would start it."""
        return jobs[name](runtime)


def _forget(session: Session, ended: SessionTransaction) -> None:
    session.info["jobs"][:] = [
        (savepoint, job) for savepoint, job in session.info["jobs"] if ended.nested and savepoint is not ended
    ]
