"""models.ports.Jobs. The engine itself is loaded for the first job: it would take a fifth of Till's start, and no first
answer needs it."""

import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from sqlalchemy.orm import Session

from models.database import Database
from models.ports import FailedJob
from web.queues import QUEUES, Queue

JOBS_VERSION = "1"
"""Pinned: left alone it is a hash of the source, and no release would run the jobs that the last one queued."""


class DatabaseJobs:
    """Connects to nothing until used."""

    def __init__(self, database: Database, queues: Mapping[str, Queue] = QUEUES) -> None:
        self._database = database
        self._queues = queues
        self._clients: dict[int, Any] = {}

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
        options: dict[str, Any] = {"workflow_name": name, "queue_name": queue, "workflow_id": job_id}
        options["app_version"] = JOBS_VERSION
        if self._queues[queue].per_second is not None:
            options["queue_partition_key"] = key = key or "-"
        if delay_s > 0:
            options["delay_seconds"] = delay_s
        self._own_client().enqueue_in_transaction(session, options, queue, key, *args)

    def bring_forward(self, job_ids: Sequence[str]) -> None:
        for job_id in job_ids:
            self._own_client().set_workflow_delay(job_id, delay_seconds=0)

    def failed(self, limit: int = 100) -> list[FailedJob]:
        found: list[FailedJob] = _engine().failed(self._own_client(), limit)
        return found

    def retry(self, job_id: str) -> str:
        again: str = _engine().retry(self._own_client(), job_id)
        return again

    def discard(self, job_id: str) -> None:
        self._own_client().delete_workflows([job_id])

    def _own_client(self) -> Any:
        """One per process: a forked child must not speak over its parent's connections."""
        pid = os.getpid()
        if pid not in self._clients:
            self._clients[pid] = _engine().client_of(self._database)
        return self._clients[pid]


def _engine() -> Any:
    return import_module("web.engine_client")
