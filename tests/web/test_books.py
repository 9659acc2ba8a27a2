"""The comparison of the books in the night: merchants hear of theirs, once."""

import sqlalchemy as sa

from payments.gateways import bank_tables
from tests.support import records
from tests.support.world import World
from web import books, jobs

SUBJECT = "The provider's books differ from ours in 1 point"


def compared(world: World) -> list[str]:
    """What Acme gets by mail for it, some hours later."""
    world.advance(hours=2)
    before = len(world.mails_to(world.merchants["acme"].email))
    books.compare(world.runtime)
    world.settle_down()
    return [mail.subject for mail in world.mails_to(world.merchants["acme"].email)[before:]]


def tamper(world: World, status: str) -> None:
    with world.bank.database.write() as db:
        db.execute(sa.update(bank_tables.sessions).values(status=status))


def test_it_mails_the_merchant_once_what_a_person_must_look_at(world: World) -> None:
    records.pay(world, "INV-1042")
    tamper(world, "failed")
    assert [compared(world) for _ in range(2)] == [[SUBJECT], []]
    assert "1: another state" in world.mails_to(world.merchants["acme"].email)[-1].text


def test_it_mails_nobody_about_what_it_has_settled(world: World) -> None:
    payment = records.pay(world, "INV-1042")
    with world.bank.database.write() as db:
        db.execute(sa.update(bank_tables.sessions).values(fee_minor=100))
    assert compared(world) == []
    assert jobs.compare_books(world.runtime) == 0
    assert payment.amount_minor
