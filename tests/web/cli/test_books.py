"""`flask reconcile` and `flask ledger verify`: what they print, and when they fail."""

from datetime import timedelta

import sqlalchemy as sa
from click.testing import Result

from models.invoice import Invoice
from payments.gateways import bank_tables
from tests.support import records
from tests.support.world import World
from web.jobs import JOBS, SCHEDULES


def flask(world: World, *words: str) -> Result:
    return world.client.application.test_cli_runner().invoke(args=words)


def test_the_books_agree(world: World) -> None:
    records.pay(world, "INV-1042")
    world.advance(hours=2)
    result = flask(world, "reconcile")
    assert (result.exit_code, result.output) == (0, "sandbox: 1 payments compared, 0 differences.\n")


def test_it_prints_what_differs_and_fails(world: World) -> None:
    payment = records.pay(world, "INV-1042")
    with world.bank.database.write() as db:
        db.execute(sa.update(bank_tables.sessions).values(amount_minor=1))
    world.advance(hours=2)
    result = flask(world, "reconcile", "--days", "2")
    assert result.exit_code == 1
    assert f"amount {payment.public_id}" in result.output
    assert "ours 128450 USD, theirs 1 USD" in result.output


def test_the_janitor_compares_once_a_day(world: World) -> None:
    records.pay(world, "INV-1042")
    world.clock.advance(timedelta(hours=2))
    assert JOBS["reconcile"](world.runtime) == 0
    assert SCHEDULES["reconcile"] == "15 4 * * *"


def test_the_ledger_is_proven(world: World) -> None:
    records.pay(world, "INV-1042")
    result = flask(world, "ledger", "verify")
    assert result.exit_code == 0
    assert "acme  USD  clearing" in result.output
    assert "Proven" in result.output


def test_it_says_where_a_balance_drifted(world: World) -> None:
    with world.runtime.write() as ctx:
        ctx.session.execute(sa.update(Invoice).where(Invoice.number == "INV-1042").values(balance_minor=1))
    result = flask(world, "ledger", "verify")
    assert result.exit_code == 1
    assert "drifted" in result.output


def test_it_says_where_an_entry_could_be_changed(world: World) -> None:
    on = "" if world.runtime.database.is_sqlite else " ON ledger_entry"
    name = "ledger_entry_no_update" if world.runtime.database.is_sqlite else "ledger_entry_append_only"
    with world.runtime.write() as ctx:
        ctx.session.execute(sa.text(f"DROP TRIGGER {name}{on}"))
    assert "unguarded: ledger_entry" in flask(world, "ledger", "verify").output
