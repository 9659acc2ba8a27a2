"""Group commit for SQLite: units of work that come at once run one after another in one transaction and share its one
trip to the disk. Each is undone alone when it fails; none goes on before the commit of all is durable."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.prepared import driver_of, translated


class TransactionLost(Exception):
    """The database has given the whole transaction up."""


class _Group:
    """An open transaction and what became of it."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.transaction = connection.begin()
        self.ended = threading.Event()
        self.error: Exception | None = None


class Together:
    """`begin` gives a connection that holds the write lock, `end` takes it back after the commit."""

    def __init__(
        self, begin: Callable[[], sa.Connection], end: Callable[[sa.Connection], None], longest_wait_s: float
    ) -> None:
        self._begin, self._end, self._longest_wait_s = begin, end, longest_wait_s
        self._gate = threading.Lock()
        """One unit of work at a time; a thread that waits here takes no part in the contest for the interpreter."""
        self._counting = threading.Lock()
        self._coming = 0
        self._open: _Group | None = None

    @contextmanager
    def join(self) -> Iterator[Session]:
        """Returns once what was done is on the disk. Raises what the commit raised, for everyone in the group."""
        group = self._enter()
        try:
            with _undone_alone(group.connection) as session:
                yield session
        finally:
            if not driver_of(group.connection).in_transaction:
                self._commit_open()  # lost: whoever comes next must not begin another under the same name
            self._gate.release()
            self._commit_unless_joined()
        group.ended.wait()
        if group.error is not None:
            raise sa.exc.OperationalError("COMMIT", None, group.error)

    def _enter(self) -> _Group:
        with self._counting:
            self._coming += 1
        entered = self._gate.acquire(timeout=self._longest_wait_s)
        with self._counting:
            self._coming -= 1
        if not entered:
            self._commit_unless_joined()
            raise sa.exc.OperationalError("SAVEPOINT", None, TimeoutError("write lock"))
        try:
            if self._open is None:
                self._open = _Group(self._begin())
        except BaseException:
            self._gate.release()
            raise
        return self._open

    def _commit_unless_joined(self) -> None:
        """Whoever is coming will see to it. Asked after each release of the gate, so that no group is left open."""
        while self._open is not None and not self._coming and self._gate.acquire(blocking=False):
            try:
                self._commit_open()
            finally:
                self._gate.release()

    def _commit_open(self) -> None:
        group, self._open = self._open, None
        if group is None:
            return
        try:
            if not driver_of(group.connection).in_transaction:
                # A full disk may make SQLite undo all of it, the work of others included; COMMIT would not tell.
                raise TransactionLost
            group.transaction.commit()
        except Exception as error:
            group.error = error
            group.connection.invalidate()  # a commit that failed leaves its transaction open
        finally:
            self._end(group.connection)
            group.ended.set()


@contextmanager
def _undone_alone(connection: sa.Connection) -> Iterator[Session]:
    driver = driver_of(connection)
    try:
        driver.execute("SAVEPOINT turn")
        try:
            with Session(connection, expire_on_commit=False, join_transaction_mode="create_savepoint") as session:
                yield session
                if session.in_transaction():
                    session.commit()
        except BaseException:
            driver.execute("ROLLBACK TO turn")
            raise
        finally:
            driver.execute("RELEASE turn")
    except connection.dialect.loaded_dbapi.Error as error:
        raise translated(connection, error, "SAVEPOINT") from error
