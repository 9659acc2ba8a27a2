"""What a worker is given to do, and how one job is run: patiently while the database is away, quietly when it fails."""

import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from models.context import Runtime
from models.database import is_unavailable
from models.walls import ALL_MERCHANTS
from web.queues import QUEUES, Queue
from web.spans import span

log = structlog.get_logger()

DATABASE_PAUSES_S = (0.2, 1.0, 5.0, 15.0) + (30.0,) * 120
"""A job outlasts an hour without its database; what still fails then is listed for a person."""

MOST_DEATHS = 20
"""A job under which more workers have died is put aside for a person: it may well be what kills them."""

Job = Callable[..., object]
"""Called with the Runtime and the enqueued arguments. Runs again after a crash, and must bear that."""


@dataclass(frozen=True, slots=True)
class Work:
    """`schedules`: cron lines in UTC by job name. `at_start`: the jobs that each worker begins with. `looks`: what
    worker processes look for by themselves, all the time (web/steady.py)."""

    jobs: Mapping[str, Job]
    schedules: Mapping[str, str] = field(default_factory=dict)
    at_start: tuple[str, ...] = ()
    queues: Mapping[str, Queue] = field(default_factory=lambda: QUEUES)
    most_deaths: int = MOST_DEATHS
    looks: tuple[Callable[[Runtime], float], ...] = ()


class JobFailed(Exception):
    """What is kept of a failure: its type and place. The message itself may quote an address or a body."""


def run_job(runtime: Runtime, name: str, job: Job, args: tuple[str | int, ...]) -> str:
    """Raises JobFailed."""
    for pause_s in (*DATABASE_PAUSES_S, None):
        try:
            with span(f"job {name}"):
                return str(job(runtime.of(ALL_MERCHANTS), *args))
        except Exception as error:
            if pause_s is None or not is_unavailable(error):
                log.error("job_failed", job=name, error=describe(error))
                raise JobFailed(describe(error)) from None
            log.warning("job_waits_for_database", job=name, pause_s=pause_s, error=describe(error))
        time.sleep(pause_s)
    raise AssertionError  # not reached: the last pause is None


def encode(value: object) -> dict[str, str]:
    """For json.dumps: what a job's stored arguments and outcome may hold besides JSON's own types."""
    if isinstance(value, datetime):
        return {"$at": value.isoformat()}
    if isinstance(value, BaseException):
        return {"$error": str(value)}
    raise TypeError(type(value).__name__)


def decode(value: dict[str, Any]) -> Any:
    if "$at" in value:
        return datetime.fromisoformat(value["$at"])
    return JobFailed(value["$error"]) if "$error" in value else value


def describe(error: Exception) -> str:
    """The error's type and the line that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
