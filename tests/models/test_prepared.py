"""Prepared statements, on both databases: the values that SQLAlchemy gives and takes, and one transaction with it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, stored
from models.customer import Channel
from models.database import Database
from models.prepared import Prepared, connection_of, driver_of, one_trip
from models.walls import ALL_MERCHANTS
from tests.support.workers import sibling_url


class Sample(Base):
    __tablename__ = "prepared_sample"
    metadata = sa.MetaData()

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20), unique=True)
    channel: Mapped[Channel] = mapped_column(stored(Channel))
    shown: Mapped[dict[str, Any] | None]
    at: Mapped[datetime]


TABLE = Sample.metadata.tables["prepared_sample"]
INSERT = Prepared(sa.insert(TABLE).returning(TABLE.c.id, TABLE.c.channel, TABLE.c.at), TABLE.c.keys()[1:])
FIND = Prepared(
    sa.select(TABLE.c.channel, TABLE.c.shown, TABLE.c.at).where(
        TABLE.c.name == sa.bindparam("name"), TABLE.c.channel == Channel.SMS
    )
)
ROW = {"name": "alice", "channel": Channel.SMS, "shown": {"ids": [1, 2]}, "at": datetime(2026, 3, 8, 7, 30, tzinfo=UTC)}


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Iterator[Database]:
    with sibling_url(database_url, tmp_path, "prepared") as url:
        database = Database(url)
        Sample.metadata.create_all(database.engine)
        yield database
        Sample.metadata.drop_all(database.engine)
        database.dispose()


def test_it_gives_back_what_it_was_given(database: Database) -> None:
    with database.write() as session:
        INSERT.run(connection_of(session), ROW)
    with database.write() as session:
        assert FIND.all(connection_of(session), {"name": "alice"}) == [(Channel.SMS, {"ids": [1, 2]}, ROW["at"])]


def test_it_converts_what_an_insert_returns(database: Database) -> None:
    with database.write() as session:
        returned = INSERT.first(connection_of(session), ROW | {"shown": None})
    assert returned is not None
    assert returned[1:] == (Channel.SMS, ROW["at"])


def test_it_finds_nothing_as_none(database: Database) -> None:
    with database.write() as session:
        assert FIND.first(connection_of(session), {"name": "bob"}) is None


def test_it_shares_the_sessions_transaction(database: Database) -> None:
    with database.write() as session:
        INSERT.run(connection_of(session), ROW)
        session.execute(sa.insert(TABLE).values(ROW | {"name": "bob"}))
    with database.read() as session:
        assert session.scalars(sa.select(TABLE.c.name).order_by(TABLE.c.id)).all() == ["alice", "bob"]


def test_it_is_rolled_back_with_the_session(database: Database) -> None:
    def spoiled() -> None:
        with database.write() as session:
            INSERT.run(connection_of(session), ROW)
            session.execute(sa.insert(TABLE).values(ROW | {"name": "bob"}))
            raise KeyError

    with pytest.raises(KeyError):
        spoiled()
    with database.read() as session:
        assert session.scalars(sa.select(TABLE.c.name)).all() == []


def test_it_raises_sqlalchemys_errors_without_the_values(database: Database) -> None:
    with database.write() as session:
        INSERT.run(connection_of(session), ROW)
    with pytest.raises(sa.exc.IntegrityError) as refused, database.write() as session:
        INSERT.run(connection_of(session), ROW)
    assert "2026" not in str(refused.value)


def test_it_refuses_a_list_whose_length_is_unknown(database: Database) -> None:
    listed = Prepared(sa.select(TABLE.c.id).where(TABLE.c.name.in_(["alice", "bob"])))
    with database.write() as session, pytest.raises(ValueError, match="IN"):
        listed.all(connection_of(session), {})


# --- PostgreSQL's pipeline (models/pipeline.py) -----------------------------------------------------------------------
ADD = Prepared(sa.insert(TABLE), TABLE.c.keys()[1:])
COUNT = Prepared(sa.select(sa.func.count()).select_from(TABLE))
LONG = Prepared(sa.select(sa.func.length(sa.bindparam("text", type_=sa.Text)), sa.bindparam("text", type_=sa.Text)))
END = sa.text("SELECT pg_terminate_backend(:pid)")


def test_it_sends_one_statement_twice_on_the_trip_that_prepares_it(database: Database) -> None:
    fresh = Prepared(sa.insert(TABLE), TABLE.c.keys()[1:])
    with database.write(ALL_MERCHANTS) as session:
        db = connection_of(session)
        with one_trip(db):
            fresh.send(db, ROW)
            fresh.send(db, ROW | {"name": "bob"})
            counted = COUNT.send(db, {})
        assert counted.all() == [(2,)]


def test_it_goes_on_after_a_trip_that_was_refused_in_its_midst(database: Database) -> None:
    """What was prepared before the refusal stays known; what came after it never arrived."""
    before, after = (Prepared(sa.select(sa.literal_column(word))) for word in ("1", "2"))

    def refused() -> None:
        with database.write_together(ALL_MERCHANTS) as session, one_trip(db := connection_of(session)):
            for statement in (before, ADD, ADD, after):
                statement.send(db, ROW)

    for _ in range(2):
        with pytest.raises(sa.exc.IntegrityError):
            refused()
    with database.write_together(ALL_MERCHANTS) as session:
        db = connection_of(session)
        assert (before.all(db, {}), after.all(db, {}), COUNT.all(db, {})) == ([(1,)], [(2,)], [(0,)])


def test_it_is_still_known_after_a_rollback_of_what_the_driver_ran_often(database: Database) -> None:
    for _ in range(2):
        with database.read(ALL_MERCHANTS) as session:
            for _ in range(10):
                session.scalar(sa.select(sa.func.count()).select_from(TABLE))
            assert COUNT.all(connection_of(session), {}) == [(0,)]
            session.rollback()
            assert COUNT.all(connection_of(session), {}) == [(0,)]


def test_it_carries_more_than_a_sockets_buffer_both_ways(database: Database) -> None:
    text = "x" * 3_000_000
    with database.write(ALL_MERCHANTS) as session:
        db = connection_of(session)
        with one_trip(db):
            sent = [LONG.send(db, {"text": text}) for _ in range(4)]
        assert [answer.all() for answer in sent] == [[(len(text), text)]] * 4


@pytest.mark.parametrize("together", [True, False])
def test_it_says_that_the_server_has_hung_up_and_takes_another_connection(
    database: Database, *, together: bool
) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has no server")
    unit = database.write_together if together else database.write

    def cut_off() -> None:
        with unit(ALL_MERCHANTS) as session:
            db = connection_of(session)
            ADD.run(db, ROW)
            with database.engine.connect() as other:
                other.execute(END, {"pid": driver_of(db).info.backend_pid})
            while True:  # the server ends a session when it next looks
                COUNT.all(db, {})

    with pytest.raises(sa.exc.DBAPIError) as lost:
        cut_off()
    assert lost.value.connection_invalidated
    with unit(ALL_MERCHANTS) as session:
        assert COUNT.all(connection_of(session), {}) == [(0,)]


def test_it_sends_nothing_of_a_trip_that_ended_in_its_midst(database: Database) -> None:
    def spoiled() -> None:
        with database.write_together(ALL_MERCHANTS) as session, one_trip(db := connection_of(session)):
            ADD.last(db, ROW)
            ADD.send(db, ROW | {"name": "bob"})
            raise KeyError

    with pytest.raises(KeyError):
        spoiled()
    with database.write_together(ALL_MERCHANTS) as session:
        assert COUNT.all(connection_of(session), {}) == [(0,)]
