"""Jobs without an engine: remembered when their transaction commits, performed when the test says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from models.clock import Clock
from models.context import Runtime
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


@dataclass(slots=True)
class RecordingJobs:
    """models.ports.Jobs, by the test's clock. `waiting` are the committed ones not yet performed."""

    clock: Clock
    waiting: list[RecordedJob] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

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
        due_at = self.clock.now() + timedelta(seconds=delay_s)
        pending = session.info.setdefault("jobs", [])
        if not pending:
            self._follow(session)
        pending.append(RecordedJob(job_id, name, args, queue, key, due_at))

    def _follow(self, session: Session) -> None:
        if session.info.setdefault("jobs_followed", False):
            return
        session.info["jobs_followed"] = True
        event.listen(session, "after_commit", self._remember)
        event.listen(session, "after_soft_rollback", _forget)

    def _remember(self, session: Session) -> None:
        if session.in_nested_transaction():
            return  # a savepoint: the transaction around it decides
        for job in session.info.pop("jobs", []):
            if job.job_id not in self.ids:
                self.ids.add(job.job_id)
                self.waiting.append(job)

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


def _forget(session: Session, _previous: SessionTransaction) -> None:
    session.info.pop("jobs", None)
