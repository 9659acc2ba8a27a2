"""Connections and transactions. SQLite's writers queue in process; PostgreSQL needs none of it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session, sessionmaker

BUSY_TIMEOUT_S = 15
"""Longest wait for the write lock; Twilio gives a webhook 15 s in all."""

IDLE_TIMEOUT_S = 10
"""PostgreSQL ends a transaction that idles this long: a frozen or cut-off process must not keep its row locks."""

_RETRYABLE = {"40001", "40P01"}  # PostgreSQL: serialization failure, deadlock


class Database:
    """One engine and its two kinds of session: `read()` and `write()`."""

    def __init__(self, url: str, *, pool_size: int = 20) -> None:
        self.url = sa.make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        options: dict[str, Any] = {"pool_size": pool_size, "max_overflow": 10, "pool_timeout": BUSY_TIMEOUT_S}
        options["hide_parameters"] = True  # a traceback must not quote an address or a body
        if not self.is_sqlite:
            options["pool_pre_ping"] = True
            options["connect_args"] = {"options": f"-c idle_in_transaction_session_timeout={IDLE_TIMEOUT_S}s"}
        self.engine = sa.create_engine(self.url, **options)
        if self.is_sqlite:
            _tame_sqlite(self.engine)
        self._read = sessionmaker(self.engine, expire_on_commit=False)
        self._write = sessionmaker(self.engine.execution_options(till_write=True), expire_on_commit=False)

    @contextmanager
    def read(self) -> Iterator[Session]:
        with self._read() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose transactions take the write lock at BEGIN. Commits on return, rolls back on raise."""
        with self._write() as session:
            yield session
            session.commit()

    def dispose(self) -> None:
        self.engine.dispose()


def is_retryable(error: sa.exc.DBAPIError) -> bool:
    """True for a transaction that the database ended to break a tie: run it again from its start."""
    return getattr(error.orig, "sqlstate", None) in _RETRYABLE


def _tame_sqlite(engine: sa.Engine) -> None:
    """BEGIN IMMEDIATE for writers (a deferred one that upgrades later fails at once with "database is locked"),
    and one in-process lock in front of it: SQLite's own busy handler sleeps and starves."""
    writer = threading.Lock()

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_TIMEOUT_S * 1000}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        if not connection.get_execution_options().get("till_write"):
            connection.exec_driver_sql("BEGIN")
            return
        if not writer.acquire(timeout=BUSY_TIMEOUT_S):
            raise sa.exc.OperationalError("BEGIN IMMEDIATE", None, TimeoutError("write lock"))
        connection.info["till_writer"] = True
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    # The engine's "commit" event fires before the commit reaches the disk; check-in comes after it.
    @event.listens_for(engine, "checkin")
    def _release(_connection: Any, record: Any) -> None:
        if record.info.pop("till_writer", False):
            writer.release()
