"""Connections and transactions. SQLite's writers queue in process; PostgreSQL needs none of it."""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session, sessionmaker

from models import walls
from models.prepared import (
    PIPELINE,
    WITH_COMMIT,
    commit,
    connection_of,
    driver_of,
    one_trip,
    run_waiting,
    say_now,
    translated,
)
from models.together import Together
from models.walls import Whose

BUSY_TIMEOUT_S = 15
"""Longest wait for the write lock; Twilio gives a webhook 15 s in all."""

IDLE_TIMEOUT_S = 10
"""PostgreSQL ends a transaction that idles this long: a frozen or cut-off process must not keep its row locks."""

GOOD_FOR_S = 0.5
"""A connection at rest for no longer needs no ping. HikariCP's choice."""

_RESTS_SINCE = "till_rests_since"
_LOCKED, _HOLDS = "till_locked", "till_writer"
"""Set on a connection whose unit of work, or which itself, holds the write lock: what begins once more on it must not
wait for it."""

_RETRYABLE = {"40001", "40P01"}  # PostgreSQL: serialization failure, deadlock
_IDLED = "25P03"
"""PostgreSQL: IDLE_TIMEOUT_S has struck. The driver calls it an internal error; to us the connection is gone."""


class Database:
    """One engine and its two kinds of session, `read()` and `write()`, each for the rows of whom it names: nobody's on
    PostgreSQL, where it names nobody (models/walls.py)."""

    def __init__(self, url: str, *, pool_size: int = 20) -> None:
        self.url = sa.make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        options: dict[str, Any] = {"pool_size": pool_size, "max_overflow": 10, "pool_timeout": BUSY_TIMEOUT_S}
        options["pool_use_lifo"] = True  # whoever wrote last has the pages at hand: SQLite reads them again elsewhere
        options["hide_parameters"] = True  # a traceback must not quote an address or a body
        if not self.is_sqlite:
            options["connect_args"] = {
                "options": f"-c idle_in_transaction_session_timeout={IDLE_TIMEOUT_S}s",
                "prepare_threshold": None,  # with each rollback the driver forgets its own, and ours at the server too
            }
        self.engine = sa.create_engine(self.url, **options)
        if not self.is_sqlite:
            _lay_pipelines(self.engine)
            _ping_after_a_rest(self.engine)
            _say_whose(self.engine)
        self._writer = _tame_sqlite(self.engine) if self.is_sqlite else None
        self._together = Together(self._take, self._give_back, BUSY_TIMEOUT_S) if self.is_sqlite else None
        self._read = sessionmaker(self.engine, expire_on_commit=False)
        event.listen(self._read, "after_begin", _stand)
        self._writing = self.engine.execution_options(till_write=True) if self.is_sqlite else self.engine

    @contextmanager
    def read(self, whose: Whose | None = None) -> Iterator[Session]:
        with self._read(info={walls.WHOSE: whose}) as session:
            yield session

    @contextmanager
    def write(self, whose: Whose | None = None) -> Iterator[Session]:
        """A session that holds the write lock from its start. Commits on return, rolls back on raise.

        The transaction is the driver's own: what goes straight to the driver (models/prepared.py) and what the session
        does is one, and a session that nobody uses costs nothing.
        """
        with self._turn(), self._writing.connect() as connection:
            connection.info[_LOCKED] = True
            walls.stand_for(connection, whose)
            with Session(connection, expire_on_commit=False) as session:
                if self.is_sqlite:  # psycopg begins by itself
                    _begin(connection, "BEGIN IMMEDIATE")
                yield session
                if session.in_transaction():
                    session.commit()
            commit(connection)

    @contextmanager
    def write_together(self, whose: Whose | None = None) -> Iterator[Session]:
        """`write` for short units of work that come in crowds. On SQLite those that come at once share one commit; on
        PostgreSQL the last statements travel with it."""
        if self._together is not None:
            with self._together.join() as session:
                yield session
            return
        with self._writing.connect() as connection, Session(connection, expire_on_commit=False) as session:
            connection.info[WITH_COMMIT] = []
            walls.stand_for(connection, whose)
            try:
                yield session
                if session.in_transaction():
                    with one_trip(connection):
                        run_waiting(connection)
                    session.commit()
                commit(connection)
            finally:
                connection.info.pop(WITH_COMMIT, None)

    def _take(self) -> sa.Connection:
        """A connection that holds the write lock."""
        if self._writer is not None:
            _acquire(self._writer)
        try:
            connection = self._writing.connect()
        except BaseException:
            self._release()
            raise
        connection.info[_LOCKED] = True
        return connection

    def _give_back(self, connection: sa.Connection) -> None:
        try:
            connection.close()
        finally:
            self._release()

    def _release(self) -> None:
        if self._writer is not None:
            self._writer.release()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if self._writer is None:
            yield
            return
        _acquire(self._writer)
        try:
            yield
        finally:
            self._writer.release()

    def dispose(self) -> None:
        self.engine.dispose()


def so_far(session: Session) -> None:
    """Between two units of work that share a transaction: the next one sees all of this one, and knows none of its
    objects."""
    session.flush()
    session.expunge_all()
    connection = connection_of(session)
    if connection.info.get(WITH_COMMIT):
        with one_trip(connection):
            run_waiting(connection)


def is_retryable(error: sa.exc.DBAPIError) -> bool:
    """True for a transaction that the database ended to break a tie: run it again from its start."""
    return getattr(error.orig, "sqlstate", None) in _RETRYABLE


def _lay_pipelines(engine: sa.Engine) -> None:
    module = import_module("models.pipeline")  # its driver takes long to load, for nothing on SQLite

    @event.listens_for(engine, "connect")
    def _lay(connection: Any, record: Any) -> None:
        record.info[PIPELINE] = module.Pipeline(connection)


def _ping_after_a_rest(engine: sa.Engine) -> None:
    """A connection that was in use a moment ago is taken as good: asking each time costs a trip for every request."""

    @event.listens_for(engine, "checkin")
    def _rest(_connection: Any, record: Any) -> None:
        record.info[_RESTS_SINCE] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _ping(connection: Any, record: Any, _proxy: Any) -> None:
        if time.monotonic() - record.info.get(_RESTS_SINCE, math.inf) > GOOD_FOR_S:
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:
                raise sa.exc.DisconnectionError from error  # the pool then makes another


def _say_whose(engine: sa.Engine) -> None:
    """In front of the first statement of each transaction, and of the first after it has turned to one merchant: on the
    trip that begins the transaction."""

    @event.listens_for(engine, "before_cursor_execute")
    def _say(connection: sa.Connection, *_statement: Any) -> None:
        if connection.in_transaction() and walls.UNSAID in connection.info:  # outside, what a new connection speaks to
            say_now(connection)

    @event.listens_for(engine, "commit")
    @event.listens_for(engine, "rollback")
    def _end(connection: sa.Connection) -> None:
        walls.say_again(connection)

    @event.listens_for(engine, "checkin")
    def _forget(_connection: Any, record: Any) -> None:
        walls.forget(record.info)


def _stand(session: Session, _transaction: Any, connection: sa.Connection) -> None:
    """A reading session has just borrowed this connection."""
    if walls.WHOSE not in connection.info:
        walls.stand_for(connection, session.info[walls.WHOSE])


def turn_to(session: Session, whose: Whose) -> None:
    """The rest of a unit of work that began for all merchants is about one of them. Refuses to go on to another. The
    next statement says so, on its own trip."""
    connection = connection_of(session)
    if connection.dialect.name == "sqlite":
        return  # no walls, and so nothing that a savepoint could take along
    now = connection.info.get(walls.WHOSE, walls.ALL_MERCHANTS)
    if now == str(whose):
        return
    if now != walls.ALL_MERCHANTS:
        raise RuntimeError("this unit of work is another merchant's")
    if session.in_nested_transaction():
        raise RuntimeError("a savepoint that is rolled back would take it along")
    session.info[walls.WHOSE] = whose
    walls.stand_for(connection, whose)


def is_unavailable(error: Exception) -> bool:
    """True where the database is stopped, full, locked, out of connections or has hung up: the same will work later."""
    if isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError | sa.exc.TimeoutError):
        return True
    return isinstance(error, sa.exc.DBAPIError) and getattr(error.orig, "sqlstate", None) == _IDLED


def is_unwritable(error: Exception) -> bool:
    """True where what somebody typed has a NUL in it, which PostgreSQL keeps in no text."""
    return isinstance(error, sa.exc.DataError) and "NUL (0x00)" in str(error.orig)


def _acquire(writer: threading.Lock) -> None:
    if not writer.acquire(timeout=BUSY_TIMEOUT_S):
        raise sa.exc.OperationalError("BEGIN IMMEDIATE", None, TimeoutError("write lock"))


def _begin(connection: sa.Connection, words: str) -> None:
    try:
        driver_of(connection).execute(words)
    except connection.dialect.loaded_dbapi.Error as error:
        raise translated(connection, error, words) from error


def _tame_sqlite(engine: sa.Engine) -> threading.Lock:
    """BEGIN IMMEDIATE for writers (a deferred one that upgrades later fails at once with "database is locked"),
    and one in-process lock in front of it, which is returned: SQLite's own busy handler sleeps and starves."""
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
            "temp_store=MEMORY",  # what a savepoint would undo: else each turn makes a file, fills it and deletes it
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin_once(connection: sa.Connection) -> None:
        if driver_of(connection).in_transaction:
            return
        if not connection.get_execution_options().get("till_write"):
            _begin(connection, "BEGIN")
            return
        if not (connection.info.get(_LOCKED) or connection.info.get(_HOLDS)):
            _acquire(writer)
            connection.info[_HOLDS] = True
        _begin(connection, "BEGIN IMMEDIATE")

    # The engine's "commit" event fires before the commit reaches the disk; check-in comes after it.
    @event.listens_for(engine, "checkin")
    def _release(_connection: Any, record: Any) -> None:
        record.info.pop(_LOCKED, None)
        if record.info.pop(_HOLDS, False):
            writer.release()

    return writer
