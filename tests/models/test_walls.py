"""PostgreSQL's own wall between merchants: around every table, as the role that serves, by SQL that names nobody."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from models.base import Base
from models.context import Runtime
from models.customer import Customer
from models.database import Database
from models.guards import APPEND_ONLY
from models.migrations import walls as built
from models.prepared import Prepared, connection_of, driver_of, one_trip
from models.walls import ALL_MERCHANTS, NOBODY, OPEN, SETTING, condition
from tests.support.made_up import MadeUp
from tests.support.world import World

TABLES = sorted((t for t in Base.metadata.tables.values() if t.name not in OPEN), key=lambda table: table.name)
each_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
REFUSED = r"row-level security"


@dataclass
class Both:
    """Two merchants with a row in every table, in a transaction that is never committed."""

    db: sa.Connection
    acme: MadeUp
    globex: MadeUp

    def stand_for(self, whose: object) -> None:
        self.db.execute(sa.select(sa.func.set_config(SETTING, str(whose), True)))

    def seen(self, table: sa.Table, whose: object) -> set[tuple[Any, ...]]:
        self.stand_for(whose)
        return {tuple(row) for row in self.db.execute(sa.select(*table.primary_key.columns))}


def whole(made: MadeUp, table: sa.Table) -> dict[str, Any]:
    """With what tells whose it is, where that may be missing."""
    row = made.row(table.name)
    if "merchant_id" in table.c:
        row["merchant_id"] = made.merchant_id
    elif table.name == "sign_in":
        row["verification_id"] = made.add("verification")["id"]
    return row


@pytest.fixture(scope="module")
def database(blank_url: str) -> Iterator[Database]:
    if blank_url.startswith("sqlite"):
        pytest.skip("SQLite has no row-level security")
    made = Database(blank_url)
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def made_up(database: Database) -> Iterator[Both]:
    with database.engine.connect() as db:
        db.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")  # a slow machine is no fault
        both = Both(db, MadeUp(db), MadeUp(db))
        both.stand_for(ALL_MERCHANTS)
        for one in (both.acme, both.globex):
            for table in TABLES:
                if table.name != "merchant":
                    one.insert(table.name, whole(one, table))
        yield both
        db.rollback()


@pytest.fixture
def both(made_up: Both) -> Iterator[Both]:
    with made_up.db.begin_nested() as undone:
        made_up.stand_for(ALL_MERCHANTS)
        yield made_up
        undone.rollback()


@each_table
def test_it_shows_a_merchant_its_own_rows_only(both: Both, table: sa.Table) -> None:
    acme, globex = both.seen(table, both.acme.merchant_id), both.seen(table, both.globex.merchant_id)
    assert acme
    assert globex
    assert not acme & globex
    assert both.seen(table, ALL_MERCHANTS) == acme | globex
    if "merchant_id" in table.c:
        both.stand_for(both.acme.merchant_id)
        assert both.db.scalars(sa.select(table.c.merchant_id).distinct()).all() == [both.acme.merchant_id]


@each_table
def test_it_shows_nothing_to_whoever_names_no_merchant(both: Both, table: sa.Table) -> None:
    for whose in (NOBODY, "0", "-1", "none"):
        assert both.seen(table, whose) == set()


@each_table
def test_it_lets_nobody_change_or_remove_anothers(both: Both, table: sa.Table) -> None:
    """What is only appended refuses both anyway; elsewhere no row is there to be changed."""
    before = both.seen(table, both.globex.merchant_id)
    theirs = sa.tuple_(*table.primary_key.columns).in_(list(before))
    column = next(c for c in table.c if c.name not in ("id", "merchant_id"))
    both.stand_for(both.acme.merchant_id)
    for change in (sa.update(table).where(theirs).values({column: column}), sa.delete(table).where(theirs)):
        if table.name in APPEND_ONLY:
            with pytest.raises(sa.exc.IntegrityError, match="append-only"), both.db.begin_nested():
                both.db.execute(change)
        else:
            assert both.db.execute(change).rowcount == 0
    assert both.seen(table, both.globex.merchant_id) == before


@each_table
def test_it_lets_nobody_add_to_anothers(both: Both, table: sa.Table) -> None:
    other = MadeUp(both.db)
    row = whole(other, table)
    both.stand_for(both.acme.merchant_id)
    with pytest.raises(sa.exc.ProgrammingError, match=REFUSED), both.db.begin_nested():
        other.insert(table.name, row)
    both.stand_for(ALL_MERCHANTS if table.name == "merchant" else other.merchant_id)
    other.insert(table.name, row)  # nothing else was the reason


def test_it_lets_nobody_give_a_row_away(both: Both) -> None:
    both.stand_for(both.acme.merchant_id)
    give = sa.update(Base.metadata.tables["opt_out"]).values(merchant_id=both.globex.merchant_id)
    with pytest.raises(sa.exc.ProgrammingError, match=REFUSED), both.db.begin_nested():
        both.db.execute(give)


def test_it_knows_whose_every_table_is() -> None:
    """A new table has a wall by itself, or is named as open, and then holds nothing of a merchant's."""
    assert {table.name for table in Base.metadata.tables.values() if condition(table) is None} == OPEN
    for name in OPEN:
        assert not Base.metadata.tables[name].foreign_keys


def test_it_binds_the_role_that_serves(database: Database) -> None:
    with database.engine.connect() as connection:
        assert built.is_bound(connection)
        assert built.is_forced(connection)
        assert built.missing(connection) == []


# --- what the product's own transactions say --------------------------------------------------------------------------
@pytest.fixture
def bound(peopled_world: World) -> World:
    if peopled_world.runtime.database.is_sqlite:
        pytest.skip("SQLite has no row-level security")
    return peopled_world


CUSTOMERS = sa.select(sa.func.count()).select_from(Customer)
PREPARED = Prepared(CUSTOMERS)
RENAME = Prepared(sa.update(Customer).values(name=sa.bindparam("new_name")))


def sees(runtime: Runtime) -> set[int]:
    """Through each kind of transaction, by the session and by the driver: how many customers."""
    found = set()
    for unit in (runtime.read, runtime.write, runtime.write_together):
        with unit() as ctx:
            found.add(ctx.session.scalars(CUSTOMERS).one())
            found.update(PREPARED.first(connection_of(ctx.session), {}) or ())
        with unit() as ctx:
            found.update(PREPARED.first(connection_of(ctx.session), {}) or ())
            ctx.session.commit()
            found.add(ctx.session.scalars(CUSTOMERS).one())  # a transaction of its own
        with unit() as ctx:
            db = connection_of(ctx.session)
            with one_trip(db):
                sent = PREPARED.send(db, {})
            found.update(sent.first() or ())
    return found


def test_it_says_whose_in_every_transaction(bound: World) -> None:
    acme, globex = (bound.merchants[slug].id for slug in ("acme", "globex"))
    runtime = bound.runtime
    for _ in range(2):  # connections that others had before
        assert [sees(runtime.of(whose)) for whose in (acme, globex, ALL_MERCHANTS, NOBODY)] == [{2}, {1}, {3}, {0}]


def test_it_says_whose_before_what_travels_with_the_commit_alone(bound: World) -> None:
    with bound.runtime.of(bound.merchants["acme"].id).write_together() as ctx:
        RENAME.last(connection_of(ctx.session), {"new_name": "Zoe"})
    with bound.runtime.of(ALL_MERCHANTS).read() as ctx:
        assert ctx.session.scalars(CUSTOMERS.where(Customer.name == "Zoe")).one() == 2


def test_it_keeps_what_was_said_from_whoever_borrows_the_connection_next(bound: World) -> None:
    acme, engine = bound.merchants["acme"].id, bound.runtime.database.engine
    for unit in (bound.runtime.of(acme).read, bound.runtime.of(acme).write, bound.runtime.of(acme).write_together):
        with unit() as ctx:
            assert ctx.session.scalars(CUSTOMERS).one() == 2
        with engine.connect() as connection:
            assert connection.scalar(sa.func.current_setting(SETTING)) == ALL_MERCHANTS  # these tests' own default
    with suppress(ZeroDivisionError), bound.runtime.of(acme).write() as ctx:
        ctx.session.scalars(CUSTOMERS).one()
        raise ZeroDivisionError
    with engine.connect() as connection:
        assert connection.scalar(sa.func.current_setting(SETTING)) == ALL_MERCHANTS


@pytest.mark.parametrize("by_driver", [True, False])
def test_it_turns_from_all_to_one_and_never_on_to_another(bound: World, *, by_driver: bool) -> None:
    acme, globex = (bound.merchants[slug].id for slug in ("acme", "globex"))
    with bound.runtime.write() as ctx:
        if by_driver:
            PREPARED.first(connection_of(ctx.session), {})
        else:
            ctx.session.scalars(CUSTOMERS).one()
        ctx.turn_to(acme)
        assert PREPARED.first(connection_of(ctx.session), {}) == (2,)
        assert ctx.session.scalars(CUSTOMERS).one() == 2
        ctx.turn_to(acme)
        with pytest.raises(RuntimeError, match="another"):
            ctx.turn_to(globex)


@pytest.mark.parametrize("kind", ["read", "write", "write_together"])
def test_it_says_so_on_the_trip_that_begins_and_before_what_follows_a_turn(
    bound: World, tmp_path: Path, kind: str
) -> None:
    """By the driver's own trace: PostgreSQL is ready again after each trip."""
    acme, told = bound.merchants["acme"].id, sa.select(sa.func.count(Customer.id).label("customers"))
    with getattr(bound.runtime, kind)() as ctx, (tmp_path / "trace").open("w") as trace:
        driver = driver_of(connection_of(ctx.session))
        driver.pgconn.trace(trace.fileno())
        seen = [ctx.session.scalars(told).one()]
        ctx.turn_to(acme)
        seen.append(ctx.session.scalars(told).one())
        driver.pgconn.untrace()
    trips = (tmp_path / "trace").read_text().split("ReadyForQuery")
    assert seen == [3, 2]
    assert [("till_" in trip, "customers" in trip) for trip in trips[:-1]] == [(True, False), (False, True)] * 2


def test_it_turns_in_front_of_a_savepoint_and_of_a_cursor_at_the_server(bound: World) -> None:
    acme, globex = (bound.merchants[slug].id for slug in ("acme", "globex"))
    with bound.runtime.write() as ctx:
        ctx.session.scalars(CUSTOMERS).one()
        ctx.turn_to(acme)
        with ctx.session.begin_nested() as undone:
            undone.rollback()
        assert ctx.session.scalars(CUSTOMERS).one() == 2
    with bound.runtime.read() as ctx:
        ctx.session.scalars(CUSTOMERS).one()
        ctx.turn_to(globex)
        assert len(list(ctx.session.scalars(sa.select(Customer.id).execution_options(yield_per=1)))) == 1
    with bound.runtime.write() as ctx, ctx.session.begin_nested(), pytest.raises(RuntimeError, match="savepoint"):
        ctx.turn_to(acme)
