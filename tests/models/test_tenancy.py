"""The database itself keeps merchants' rows apart, and test rows from live ones: every key of every table."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

import models
from models.base import Base
from models.database import Database
from models.tenancy import MERCHANT, MODE, is_live_only, references
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
LIVE_ONLY = (
    *("conversation", "customer_cadence", "customer_case", "message", "promise", "proof", "reminder", "reminder_link"),
    *("verification", "web_session"),
)
WITH_MODE = [key for key in KEYS if MODE in key.column_keys and key.referred_table.name not in LIVE_ONLY]
FROM_TEST = [key for key in KEYS if MODE in key.column_keys and key.table.name not in LIVE_ONLY]
OF_ONE = {
    "attachment": "an invoice's",
    "customer_word": "a customer's: what the search finds is asked for its mode",
    "difference": "a payment's, and read by members only",
    "dispute": "a payment's",
    "idempotency_key": "a payment's",
    "invoice_line": "an invoice's",
    "payment_event": "a payment's",
    "refund": "a payment's",
}
"""Tables without a mode that point at one row which has one: its mode is theirs, and nothing can be mixed in them."""
RECORDS = {
    "ledger_entry": "append-only, written from one invoice or payment: nobody is sent anything for a line of it",
    "terms_acceptance": "append-only, written from one page: nobody is sent anything for it",
}
"""Tables without a mode that point at several."""
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


def test_it_gives_a_mode_to_every_table_in_which_modes_could_be_mixed() -> None:
    """A new table that points at customers or invoices has a mode, or is named above, with the reason."""
    modes = {name for name, table in Base.metadata.tables.items() if MODE in table.c and not is_live_only(table)}
    pointers = {
        table.name: [key for key in table.foreign_key_constraints if key.referred_table.name in modes]
        for table in Base.metadata.tables.values()
        if MODE not in table.c
    }
    assert {name for name, keys in pointers.items() if len(keys) == 1} == set(OF_ONE)
    assert {name for name, keys in pointers.items() if len(keys) > 1} == set(RECORDS)


def test_it_lets_nothing_but_live_rows_lead_to_a_phone_or_a_mailbox() -> None:
    assert {table.name for table in Base.metadata.tables.values() if is_live_only(table)} == set(LIVE_ONLY)


def test_it_compares_the_mode_wherever_a_row_may_be_a_test() -> None:
    tables = Base.metadata.tables.values()
    keys = [key for table in tables if MODE in table.c for key in table.foreign_key_constraints]
    modes = [key for key in keys if MODE in key.referred_table.c]
    unlike = [key for key in modes if not (is_live_only(key.table) and is_live_only(key.referred_table))]
    assert [key.name for key in unlike if MODE not in key.column_keys] == []
    assert len(unlike) > len(LIVE_ONLY)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_it_refuses_to_point_at_another_merchants_row(acme: MadeUp, key: sa.ForeignKeyConstraint) -> None:
    _refuses(acme, MadeUp(acme.connection), key)


@pytest.mark.parametrize("key", WITH_MODE, ids=lambda key: key.name)
def test_it_refuses_to_point_from_live_at_test(acme: MadeUp, key: sa.ForeignKeyConstraint) -> None:
    _refuses(acme, acme.in_test_mode(), key)


@pytest.mark.parametrize("key", FROM_TEST, ids=lambda key: key.name)
def test_it_refuses_to_point_from_test_at_live(acme: MadeUp, key: sa.ForeignKeyConstraint) -> None:
    pointer, table = key.elements[-1], str(key.table.name)
    live = acme.add(key.referred_table.name)[pointer.column.key]
    acme.insert(table, acme.row(table) | {pointer.parent.key: live})
    strange = acme.in_test_mode().row(table) | {pointer.parent.key: live}
    with pytest.raises(sa.exc.IntegrityError, match=r"(?i)foreign key"), acme.connection.begin_nested():
        acme.insert(table, strange)


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
