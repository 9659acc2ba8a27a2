"""Units of work that come at once: one commit for all on SQLite, each undone alone, none let go before it."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from models.database import Database
from models.prepared import Prepared, connection_of, driver_of
from tests.support.workers import sibling_url

TABLE = sa.Table("together_sample", sa.MetaData(), sa.Column("name", sa.String(20), primary_key=True))
INSERT = Prepared(sa.insert(TABLE), ["name"])


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Iterator[Database]:
    with sibling_url(database_url, tmp_path, "together") as url:
        database = Database(url)
        TABLE.metadata.create_all(database.engine)
        yield database
        TABLE.metadata.drop_all(database.engine)
        database.dispose()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'together.sqlite3'}")
    TABLE.metadata.create_all(database.engine)
    yield database
    database.dispose()


def names(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(sa.select(TABLE.c.name).order_by(TABLE.c.name)))


def store(database: Database, name: str, before_end: Callable[[], object] = lambda: None) -> None:
    with database.write_together() as session:
        INSERT.last(connection_of(session), {"name": name})
        before_end()


def at_once(database: Database, others: list[Callable[[], None]]) -> list[threading.Thread]:
    """The others come while the first is still at it."""
    inside, threads = threading.Event(), [threading.Thread(target=work) for work in others]

    def until_all_wait() -> None:
        inside.set()
        for thread in threads:
            thread.start()
        while database._together is not None and database._together._coming < len(threads):
            time.sleep(0.001)

    try:
        store(database, "first", until_all_wait)
    finally:
        for thread in threads:
            thread.join()
    return threads


def test_it_is_durable_once_it_returns(database: Database) -> None:
    store(database, "alice")
    assert names(database) == ["alice"]


def test_it_undoes_what_failed_and_goes_on(database: Database) -> None:
    def spoilt() -> None:
        with database.write_together() as session:
            INSERT.run(connection_of(session), {"name": "alice"})
            session.execute(sa.insert(TABLE).values(name="bob"))
            raise KeyError

    with pytest.raises(KeyError):
        spoilt()
    store(database, "carol")
    assert names(database) == ["carol"]


def test_it_is_one_transaction_with_the_sessions_own(database: Database) -> None:
    with database.write_together() as session:
        INSERT.last(connection_of(session), {"name": "alice"})
        session.execute(sa.insert(TABLE).values(name="bob"))
    assert names(database) == ["alice", "bob"]


def test_it_raises_what_waited_for_the_commit_and_failed(database: Database) -> None:
    store(database, "alice")
    with pytest.raises(sa.exc.IntegrityError):
        store(database, "alice")
    store(database, "bob")
    assert names(database) == ["alice", "bob"]


def test_it_commits_once_for_all_that_come_at_once(sqlite: Database) -> None:
    commits: list[object] = []
    sa.event.listen(sqlite.engine, "commit", commits.append)
    at_once(sqlite, [lambda n=n: store(sqlite, f"other {n}") for n in range(5)])  # type: ignore[misc]
    assert (len(names(sqlite)), len(commits)) == (6, 1)


def test_it_lets_a_failure_spoil_nobody_elses_work(sqlite: Database) -> None:
    def fail() -> None:
        with pytest.raises(sa.exc.IntegrityError):
            store(sqlite, "first")

    at_once(sqlite, [fail, lambda: store(sqlite, "second")])
    assert names(sqlite) == ["first", "second"]


def test_it_lets_nobody_go_before_the_commit(sqlite: Database) -> None:
    seen: list[list[str]] = []

    def store_and_look() -> None:
        store(sqlite, "second")
        seen.append(names(sqlite))

    at_once(sqlite, [store_and_look, lambda: store(sqlite, "third")])
    assert seen == [["first", "second", "third"]]


def test_it_shares_the_write_lock_with_everyone_else(sqlite: Database) -> None:
    def write() -> None:
        with sqlite.write() as session:
            session.execute(sa.insert(TABLE).values(name="alone"))

    alone = threading.Thread(target=write)
    store(sqlite, "first", alone.start)
    alone.join()
    assert names(sqlite) == ["alone", "first"]


def test_it_tells_everyone_of_a_commit_that_failed(sqlite: Database) -> None:
    failures: list[Exception] = []

    def refuse(_connection: sa.Connection) -> None:
        raise sa.exc.OperationalError("COMMIT", None, OSError("disk full"))

    def attempt(name: str) -> None:
        try:
            store(sqlite, name)
        except sa.exc.OperationalError as error:
            failures.append(error)

    sa.event.listen(sqlite.engine, "commit", refuse)
    with pytest.raises(sa.exc.OperationalError):
        at_once(sqlite, [lambda: attempt("second")])
    sa.event.remove(sqlite.engine, "commit", refuse)
    store(sqlite, "later")
    assert (len(failures), names(sqlite)) == (1, ["later"])


def test_it_tells_everyone_when_a_full_disk_took_the_whole_transaction_back(sqlite: Database) -> None:
    """SQLite may undo all of it where one statement finds no room: what came before was not kept either."""
    failures: list[Exception] = []

    def overflow() -> None:
        with sqlite.write_together() as session:
            pages = session.scalar(sa.text("PRAGMA page_count"))
            session.execute(sa.text(f"PRAGMA max_page_count = {pages}"))
            INSERT.run(connection_of(session), {"name": "x" * 1_000_000})

    def attempt(work: Callable[[], None]) -> None:
        try:
            work()
        except sa.exc.DBAPIError as error:
            failures.append(error)

    kept = []
    try:
        at_once(sqlite, [lambda: attempt(overflow)])
        kept = ["first"]
    except sa.exc.DBAPIError as error:
        failures.append(error)
    assert (names(sqlite), len(failures)) == (kept, 2 - len(kept))


def test_it_starts_afresh_for_whoever_comes_after_a_lost_transaction(sqlite: Database) -> None:
    failures: list[str] = []

    def lose() -> None:
        with sqlite.write_together() as session:
            driver_of(connection_of(session)).rollback()  # as SQLite does by itself where it must
            raise KeyError

    def attempt(name: str, work: Callable[[], None]) -> None:
        try:
            work()
        except (sa.exc.DBAPIError, KeyError):
            failures.append(name)

    def all_at_once() -> None:
        at_once(
            sqlite,
            [lambda: attempt("lost", lose), lambda: attempt("other", lambda: store(sqlite, "other"))],
        )

    attempt("first", all_at_once)
    store(sqlite, "later")
    kept = {"first", "other"} - set(failures)
    assert (set(names(sqlite)), "lost" in failures) == (kept | {"later"}, True)
