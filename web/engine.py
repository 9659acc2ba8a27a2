"""The job engine, on the application's own database; with web/engine_client.py all that knows it is DBOS.
SQLite: one worker thread inside the web process. PostgreSQL: web processes enqueue, `run_worker` processes work."""

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog

from models.context import Runtime
from models.database import Database
from models.walls import NOBODY
from web import reaper, slots, steady
from web.engine_client import DBOS, Json, ScheduleInput, client_of, purge
from web.engine_jobs import APPLICATION, JOBS_VERSION, DatabaseJobs
from web.queues import Noticed, Pacer
from web.work import Job, Work, describe, run_job

__all__ = ["DatabaseJobs", "migrate", "purge", "run_worker", "start_embedded"]

log = structlog.get_logger()

THREADS = 144
"""As many as the queues' workers: most of them sleep, with their number's turn in hand."""
DRAIN_S = 20
RELAUNCH_PAUSE_S = 5.0

_one_worker = threading.Lock()


# --- the process that works -------------------------------------------------------------------------------------------
def migrate(database: Database) -> None:
    """Create or update the engine's own tables. Idempotent; needed before the first enqueue."""
    _route_log()
    DBOS.migrate(_address(database))


class Embedded:
    """The worker thread of the one web process. Of several processes on one file, one works and the others wait."""

    def __init__(self, runtime: Runtime, work: Work) -> None:
        self.ready = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(runtime, work), name="worker", daemon=True)
        self._thread.start()

    def _run(self, runtime: Runtime, work: Work) -> None:
        while not self._stop.is_set():
            try:
                with slots.only_worker(runtime.database, self._stop) as chosen:
                    if chosen:
                        self._work(runtime, work)
            except Exception as error:  # a disk that is full or read-only among them: it may not stay so
                log.error("worker_did_not_start", error=describe(error))
                self._stop.wait(RELAUNCH_PAUSE_S)

    def _work(self, runtime: Runtime, work: Work) -> None:
        with working(runtime, work, "embedded"):
            self.ready.set()
            self._stop.wait()

    def stop(self) -> None:
        """Let running jobs finish, then give the work to the next process."""
        self._stop.set()
        self._thread.join()


def start_embedded(runtime: Runtime, work: Work) -> Embedded:
    return Embedded(runtime, work)


def run_worker(runtime: Runtime, work: Work) -> None:
    """Work until SIGTERM or SIGINT. For the main thread of its own process."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if runtime.database.is_sqlite:
        embedded = start_embedded(runtime, work)
        stop.wait()
        embedded.stop()
        return
    with (
        slots.held_slot(runtime.database) as slot,
        working(runtime, work, f"slot-{slot}"),
        steady.looking(runtime, work.looks),
    ):
        log.info("worker_started", slot=slot)
        while not stop.wait(reaper.REAP_S):
            reaper.reap(runtime.database, client_of(runtime.database), slot)


@contextmanager
def working(runtime: Runtime, work: Work, executor_id: str) -> Iterator[None]:
    """This process works until the block ends, then finishes what it runs. Two with one `executor_id` would run every
    job twice: so it is one per process, under a lock's name."""
    if not _one_worker.acquire(blocking=False):
        raise RuntimeError("this process already works")
    try:
        _launch(runtime, work, executor_id)
        yield
    finally:
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=DRAIN_S)
        _one_worker.release()


def _launch(runtime: Runtime, work: Work, executor_id: str) -> None:
    _route_log()
    pacer = Pacer()
    for name, job in work.jobs.items():
        # Named, so that a rename strands no job.
        workflow = DBOS.workflow(name=name, max_recovery_attempts=work.most_deaths)
        workflow(_bound(runtime, work, pacer, name, job))
    scheduled = [_scheduled(runtime, name, work.jobs[name], cron) for name, cron in work.schedules.items()]
    DBOS(
        config={
            "name": APPLICATION,
            "system_database_url": _address(runtime.database),
            "application_version": JOBS_VERSION,
            "executor_id": executor_id,
            "run_migrations": False,
            "serializer": Json(),
            "max_executor_threads": THREADS,
            "sys_db_pool_size": 8,
            "sys_db_idle_transaction_timeout_sec": slots.IDLE_TIMEOUT_S,  # a frozen worker holds row locks, too
            "log_level": "WARNING",
        }
    )
    DBOS.launch()  # re-queues whatever this executor id left unfinished
    for name, queue in work.queues.items():
        limits: dict[str, Any] = {}
        if queue.per_second is not None:
            most = max(1, int(queue.per_second))
            limiter = {"limit": most, "period": most / queue.per_second}
            limits = {"partition_concurrency": queue.in_flight}
            if not queue.keeps_its_key:
                limits["partition_limiter"] = limiter
        DBOS.register_queue(
            name,
            polling_interval_sec=queue.embedded_poll_s if runtime.database.is_sqlite else queue.poll_s,
            worker_concurrency=queue.workers,
            on_conflict="always_update",
            **limits,
        )
    if scheduled:
        DBOS.apply_schedules(scheduled)
    for name in work.at_start:
        with runtime.database.write(NOBODY) as session:
            at = f"{runtime.clock.now():%Y%m%d%H%M}"
            runtime.ports.jobs.enqueue(session, name, queue="jobs", job_id=f"{name}-start-{at}")


def _bound(runtime: Runtime, work: Work, pacer: Pacer, name: str, job: Job) -> Callable[..., str]:
    def run(queue: str, key: str | None, *args: str | int) -> str:
        limits = work.queues[queue]
        if limits.per_second is None or key is None:
            return run_job(runtime, name, job, args)
        if limits.keeps_its_key:
            sms = Noticed(runtime.ports.sms)
            try:
                return run_job(replace(runtime, ports=replace(runtime.ports, sms=sms)), name, job, args)
            finally:
                sms.keep(limits.per_second)
        # On SQLite DBOS' clock has whole seconds before Python 3.12, so that its limiter lets two through.
        pacer.wait(queue, key, limits.per_second)
        return run_job(runtime, name, job, args)

    return run


def _scheduled(runtime: Runtime, name: str, job: Job, cron: str) -> ScheduleInput:
    @DBOS.workflow(name=f"scheduled:{name}")
    def run(_scheduled_at: datetime, _context: None) -> None:
        run_job(runtime, name, job, ())

    return {"schedule_name": name, "workflow_fn": run, "schedule": cron, "queue_name": "jobs", "cron_timezone": "UTC"}


def _address(database: Database) -> str:
    name = "sqlite" if database.is_sqlite else "postgresql"
    return database.url.set(drivername=name).render_as_string(hide_password=False)


def _route_log() -> None:
    """DBOS' warnings go where ours go. With a handler of any kind it adds none of its own, which writes to stderr."""
    logger = logging.getLogger("dbos")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
