"""Which process may work: a file lock beside a SQLite database, numbered advisory locks on PostgreSQL.
The kernel or the server frees them when their holder dies, however it dies."""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog

from models.database import Database

if TYPE_CHECKING:
    import psycopg

log = structlog.get_logger()

LOCK_POLL_S = 0.25

SLOTS = 64
SLOT_LOCKS = 0x7111  # the first half of our advisory locks; the second is the slot's number
PING_S = 2.0
IDLE_TIMEOUT_S = 10
"""A frozen or cut-off worker loses its slot after this long, and ends when it wakes."""
LOST_SLOT_STATUS = 70  # EX_SOFTWARE: the supervisor starts another

_LOCK = "SELECT pg_try_advisory_lock(%s, %s)"
_UNLOCK = "SELECT pg_advisory_unlock(%s, %s)"
_LOCK_UNTIL_COMMIT = sa.text("SELECT pg_try_advisory_xact_lock(:locks, :slot)")


@contextmanager
def only_worker(database: Database, stop: threading.Event) -> Iterator[bool]:
    """Waits until no other process works on this SQLite file. False if told to stop first."""
    with Path(f"{database.url.database}.worker.lock").open("w") as lock:
        while not stop.is_set():
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                stop.wait(LOCK_POLL_S)
            else:
                break
        yield not stop.is_set()


@contextmanager
def held_slot(database: Database) -> Iterator[int]:
    """The lowest free slot's number, ours while this process lives and reaches the server. It ends the whole process
    once the slot is lost: another worker then runs our jobs. Needs a direct connection: a transaction pooler would
    share the session that holds the lock."""
    address = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    driver = import_module("psycopg")  # takes long to load, for nothing on SQLite
    with driver.connect(
        address, autocommit=True, keepalives_idle=5, keepalives_interval=2, keepalives_count=3
    ) as session:
        session.execute(f"SET idle_session_timeout = '{IDLE_TIMEOUT_S}s'")
        slot = next((n for n in range(1, SLOTS + 1) if _try_lock(session, n)), None)
        if slot is None:
            raise RuntimeError(f"all {SLOTS} worker slots are taken")
        stop = threading.Event()
        pinger = threading.Thread(target=_ping, args=(session, driver.Error, stop), name="slot", daemon=True)
        pinger.start()
        try:
            yield slot
        finally:
            stop.set()
            pinger.join()
        session.execute(_UNLOCK, [SLOT_LOCKS, slot])  # the server notices a closed connection only a little later


def _try_lock(session: "psycopg.Connection", slot: int) -> bool:
    row = session.execute(_LOCK, [SLOT_LOCKS, slot]).fetchone()
    return row is not None and bool(row[0])


def _ping(session: "psycopg.Connection", lost: type[Exception], stop: threading.Event) -> None:
    while not stop.wait(PING_S):
        try:
            session.execute("SELECT 1")
        except lost:
            log.error("worker_lost_its_slot")
            os._exit(LOST_SLOT_STATUS)  # not sys.exit: a job in a thread must not finish what another now runs


@contextmanager
def if_free(database: Database, slot: int) -> Iterator[bool]:
    """True if no living worker holds the slot; none can take it until the block ends."""
    with database.engine.begin() as connection:
        yield bool(connection.scalar(_LOCK_UNTIL_COMMIT, {"locks": SLOT_LOCKS, "slot": slot}))
