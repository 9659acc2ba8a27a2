"""Puts back on their queues the jobs that dead workers left running; each living worker looks now and then."""

from typing import Any

import sqlalchemy as sa
import structlog

from models.database import Database, is_unavailable
from web import slots
from web.work import describe

log = structlog.get_logger()

REAP_S = 3.0
_COUNT_ON = sa.text(
    "UPDATE dbos.workflow_status SET recovery_attempts = recovery_attempts + :tries WHERE workflow_uuid = :job_id"
)
"""PostgreSQL's: on SQLite there is one worker, which puts back its own."""


def reap(database: Database, client: Any, own_slot: int) -> None:
    """`client`: the engine's own."""
    running: dict[str, Any] = {"status": "PENDING", "load_input": False, "load_output": False, "limit": 1000}
    try:
        owners = {job.executor_id or "" for job in client.list_workflows(**running)}
        for owner in owners - {f"slot-{own_slot}"}:
            with slots.if_free(database, _slot_of(owner)) as free:
                # Listed again under the lock: what another reaper put back may run by now.
                for job in client.list_workflows(**running, executor_id=owner) if free else ():
                    client.resume_workflow(job.workflow_id, queue_name=job.queue_name)
                    _remember_deaths(database, job.workflow_id, job.recovery_attempts or 0)
    except sa.exc.SQLAlchemyError as error:
        if not is_unavailable(error):
            raise
        log.warning("reaper_has_no_database", error=describe(error))


def _remember_deaths(database: Database, job_id: str, tries: int) -> None:
    """What is put back by hand begins to count anew, and a job that kills its worker would kill them all for ever."""
    with database.engine.begin() as connection:
        connection.execute(_COUNT_ON, {"tries": tries, "job_id": job_id})


def _slot_of(executor_id: str) -> int:
    """0, which no worker ever holds, for a process that was none of ours."""
    kind, _, number = executor_id.partition("-")
    return int(number) if kind == "slot" else 0
