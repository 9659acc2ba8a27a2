"""The database itself keeps merchants' rows apart, and test rows from live ones: every key of every table."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

import models
from models.base import Base
from models.database import Database
from models.tenancy import MERCHANT, MODE, references
from tests.support.made_up import MadeUp

for _module in pkgutil.iter_modules(models.__path__):
    importlib.import_module(f"models.{_module.name}")

KEYS = sorted(
    (
        constraint
        for table in Base.metadata.tables.values()
        for constraint in table.foreign_key_constraints
        if MERCHANT in constraint.column_keys and len(constraint.column_keys) > 1
    ),
    key=lambda one: str(one.name),
)
LIVE_ONLY = ("proof", "reminder", "reminder_link", "web_session")
WITH_MODE = [key for key in KEYS if MODE in key.column_keys and key.referred_table.name not in LIVE_ONLY]
ONE_OWNER = {"invoice_line", "payment_event", "recovery_code", "sign_in"}
"""Tables that belong to whom their only parent belongs to."""


@pytest.fixture(scope="module")
def engine(blank_url: str) -> Iterator[sa.Engine]:
    database = Database(blank_url)
    yield database.engine
    database.dispose()


@pytest.fixture
def acme(engine: sa.Engine) -> Iterator[MadeUp]:
    with engine.connect() as connection:
        yield MadeUp(connection)
        connection.rollback()


def test_it_leaves_no_plain_key_between_merchants_tables() -> None:
    assert list(references(Base.metadata)) == []


def test_it_gives_every_other_table_one_owner_at_most() -> None:
    ours = {table.name for table in Base.metadata.tables.values() if MERCHANT in table.c}
    owned = {
        table.name: [
            key.referred_table.name for key in table.foreign_key_constraints if key.referred_table.name in ours
        ]
        for table in Base.metadata.tables.values()
        if table.name not in ours
    }
    assert {name for name, parents in owned.items() if parents} == ONE_OWNER
    assert all(len(parents) <= 1 for parents in owned.values())


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_it_refuses_to_point_at_another_merchants_row(acme: MadeUp, key: sa.ForeignKeyConstraint) -> None:
    _refuses(acme, MadeUp(acme.connection), key)


@pytest.mark.parametrize("key", WITH_MODE, ids=lambda key: key.name)
def test_it_refuses_to_point_from_live_at_test(acme: MadeUp, key: sa.ForeignKeyConstraint) -> None:
    _refuses(acme, acme.in_test_mode(), key)


def _refuses(acme: MadeUp, other: MadeUp, key: sa.ForeignKeyConstraint) -> None:
    """The same row with a parent of its own is taken, so that nothing else is the reason."""
    pointer, parent, table = key.elements[-1], key.referred_table.name, str(key.table.name)
    mine, theirs = acme.add(parent)[pointer.column.key], other.add(parent)[pointer.column.key]
    acme.insert(table, acme.row(table) | {MERCHANT: acme.merchant_id, pointer.parent.key: mine})
    strange = acme.row(table) | {MERCHANT: acme.merchant_id, pointer.parent.key: theirs}
    with pytest.raises(sa.exc.IntegrityError, match=r"(?i)foreign key"), acme.connection.begin_nested():
        acme.insert(table, strange)


@pytest.mark.parametrize("table", LIVE_ONLY)
def test_it_has_no_test_rows_where_phones_and_the_portal_are(acme: MadeUp, table: str) -> None:
    row = acme.row(table)
    with pytest.raises(sa.exc.IntegrityError, match=r"(?i)check"), acme.connection.begin_nested():
        acme.insert(table, row | {MODE: "test"})


def test_it_refuses_to_hide_a_pointer_behind_no_merchant(acme: MadeUp) -> None:
    payment = acme.add("payment")["id"]
    row = acme.row("difference") | {MERCHANT: None, "payment_id": payment}
    with pytest.raises(sa.exc.IntegrityError, match=r"(?i)check"), acme.connection.begin_nested():
        acme.insert("difference", row)
