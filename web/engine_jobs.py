"""models.ports.Jobs. The engine itself is loaded for the first job: it would take a fifth of Till's start, and no first
answer needs it."""

import json
import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.database import Database
from models.ports import FailedJob
from models.prepared import WITH_COMMIT, Prepared, connection_of
from web.queues import QUEUES, Queue

APPLICATION = "till"
JOBS_VERSION = "1"
"""Pinned: left alone it is a hash of the source, and no release would run the jobs that the last one queued."""

_ENQUEUE = Prepared(
    sa.text(
        "SELECT dbos.enqueue_workflow(workflow_name => :name, queue_name => :queue, workflow_id => :job_id,"
        " positional_args => ARRAY(SELECT json_array_elements(:arguments)), app_version => :version,"
        " queue_partition_key => :key, application_name => :application,"
        " delay_until_epoch_ms => CAST(EXTRACT(epoch FROM now()) * 1000 AS bigint) + CAST(:delay_ms AS bigint))"
    )
)
"""The engine's own door on PostgreSQL for whoever is not Python. Its client takes a millisecond of Python and two trips
for the same, and loads the engine into each web process."""


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
        is_paced = self._queues[queue].per_second is not None
        key = key or "-" if is_paced else key
        partition = key if is_paced else None
        if not self._database.is_sqlite:
            job = {"name": name, "queue": queue, "job_id": job_id, "key": partition, "version": JOBS_VERSION}
            job |= {"arguments": json.dumps([queue, key, *args]), "application": APPLICATION}
            _enqueue(session, job | {"delay_ms": int(delay_s * 1000) if delay_s > 0 else None})
            return
        options: dict[str, Any] = {"workflow_name": name, "queue_name": queue, "workflow_id": job_id}
        options["app_version"] = JOBS_VERSION
        if partition is not None:
            options["queue_partition_key"] = partition
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


def _enqueue(session: Session, job: dict[str, Any]) -> None:
    db = connection_of(session)
    if WITH_COMMIT in db.info and not session.in_nested_transaction():
        _ENQUEUE.last(db, job)
        return
    session.connection()  # so that a rollback of the session's takes the job along
    _ENQUEUE.run(db, job)


def _engine() -> Any:
    return import_module("web.engine_client")
