"""What any process may ask of the job engine: enqueue, and see to what failed. With web/engine.py all that knows it is
DBOS."""

import json
from datetime import datetime
from typing import Any

from models.database import Database
from models.ports import FailedJob
from web.engine_jobs import APPLICATION, JOBS_VERSION
from web.withheld import postponed
from web.work import decode, encode

with postponed("psycopg", "errors"):  # on SQLite it would only tell DBOS which errors are PostgreSQL's, for 8 MB
    from dbos import DBOS, DBOSClient, ScheduleInput, Serializer

__all__ = ["DBOS", "Json", "ScheduleInput", "client_of", "failed", "purge", "retry"]

_ENDED_BADLY = ["ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
_OWN_ARGUMENTS = 2
"""Every job is started with its queue and its key, then come the arguments that it was enqueued with."""


class Json(Serializer):
    """DBOS' own choice is pickle: whoever could write the table would run code."""

    def name(self) -> str:
        return "till_json"

    def serialize(self, data: Any) -> str:
        return json.dumps(data, default=encode)

    def deserialize(self, serialized_data: str) -> Any:
        return json.loads(serialized_data, object_hook=decode)


def client_of(database: Database) -> DBOSClient:
    # It writes after it has read, so on SQLite its transactions need the write lock from their start, like ours.
    engine = database.engine.execution_options(till_write=True)
    return DBOSClient(system_database_engine=engine, application_name=APPLICATION, serializer=Json(), lazy=True)


def failed(client: DBOSClient, limit: int) -> list[FailedJob]:
    """Jobs that ended in an error nobody has retried yet, the newest first."""
    rows = client.list_workflows(status=_ENDED_BADLY, was_forked_from=False, sort_desc=True, limit=limit)
    return [FailedJob(row.workflow_id, row.name, str(row.error), _arguments(row.input)) for row in rows]


def _arguments(told: Any) -> tuple[str | int, ...]:
    return tuple(told["args"][_OWN_ARGUMENTS:]) if told else ()


def retry(client: DBOSClient, job_id: str) -> str:
    """Run a failed job again from its start, under the new id that is returned."""
    job = client.retrieve_workflow(job_id).get_status()
    where: dict[str, Any] = {"queue_name": job.queue_name, "queue_partition_key": job.queue_partition_key}
    return client.fork_workflow(job_id, 1, application_version=JOBS_VERSION, **where).get_workflow_id()


def purge(database: Database, before: datetime) -> int:
    """Forget the jobs that ended before then. Returns how many."""
    client, count = client_of(database), 0
    ended = ["SUCCESS", "CANCELLED", *_ENDED_BADLY]
    which: dict[str, Any] = {"status": ended, "completed_before": before.isoformat(), "limit": 500}
    while rows := client.list_workflows(**which, load_input=False, load_output=False):
        client.delete_workflows([row.workflow_id for row in rows])
        count += len(rows)
    return count
