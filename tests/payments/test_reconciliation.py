"""Both books side by side: each way in which they can differ is found once, and nothing else."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from models.money import Money
from models.payment import Method, Payment, PaymentStatus
from models.reconciliation import Difference, DifferenceKind, Reconciliation
from payments import reconciliation, refunds
from payments.gateways import bank_tables
from payments.gateways.troubles import Trouble
from payments.reconciliation import Outcome
from tests.support.shop import NOW, WANTED, Shop, usd

K = DifferenceKind


def compare(shop: Shop) -> Outcome:
    """Some hours later. Without what earlier tests paid at banks of their own."""
    shop.clock.advance(timedelta(hours=2))
    outcome = reconciliation.compare(shop.runtime, "sandbox", NOW - timedelta(days=1))
    return replace(outcome, differences=[d for d in outcome.differences if d.merchant_id in (None, shop.merchant_id)])


def found(shop: Shop) -> list[tuple[DifferenceKind, str, str]]:
    return [(one.kind, one.ours, one.theirs) for one in compare(shop).differences]


def tamper(shop: Shop, payment: Payment, **values: object) -> None:
    with shop.bank.database.write() as db:
        which = bank_tables.sessions.c.reference == payment.public_id
        db.execute(sa.update(bank_tables.sessions).where(which).values(**values))


def test_equal_books_differ_in_nothing(shop: Shop) -> None:
    invoice = shop.invoice(Money(500, "JPY"))
    refunds.refund(shop.runtime, shop.pay(shop.invoice()), usd(100), idempotency_key="k")
    shop.approve(shop.press(shop.link(invoice)), "declined")
    shop.pay(shop.invoice(), method=Method.BANK)
    shop.press(shop.link(shop.invoice()))
    assert found(shop) == []


def test_it_finds_a_payment_that_only_the_provider_knows(shop: Shop) -> None:
    shop.pay(shop.invoice())
    shop.gateway.start(WANTED)
    shop.bank.charge(WANTED.reference)
    assert found(shop) == [(K.MISSING_HERE, "", "succeeded")]


def test_it_finds_a_payment_that_only_we_know(shop: Shop) -> None:
    payment = shop.pay(shop.invoice())
    shop.pay(shop.invoice())
    with shop.bank.database.write() as db:
        db.execute(sa.delete(bank_tables.sessions).where(bank_tables.sessions.c.reference == payment.public_id))
    assert found(shop) == [(K.MISSING_THERE, "succeeded", "")]


def test_it_finds_another_amount(shop: Shop) -> None:
    tamper(shop, shop.pay(shop.invoice()), amount_minor=9_999)
    assert found(shop) == [(K.AMOUNT, "10000 USD", "9999 USD")]


@pytest.mark.parametrize("theirs", ["processing", "failed", "cancelled", "returned", "open"])
def test_it_finds_another_state(shop: Shop, theirs: str) -> None:
    tamper(shop, shop.pay(shop.invoice()), status=theirs)
    assert found(shop) == [(K.STATE, "succeeded", theirs)]


def test_it_waits_for_what_may_be_on_its_way(shop: Shop) -> None:
    tamper(shop, shop.pay(shop.invoice()), status="open")
    outcome = reconciliation.compare(shop.runtime, "sandbox", NOW - timedelta(days=1))
    assert outcome.run.compared == 0


def test_it_keeps_what_it_found(shop: Shop) -> None:
    payment = shop.pay(shop.invoice())
    tamper(shop, payment, amount_minor=1)
    run = compare(shop).run
    with shop.runtime.read() as ctx:
        which = (Difference.reconciliation_id == run.id) & (Difference.merchant_id == shop.merchant_id)
        stored = ctx.session.scalars(sa.select(Difference).where(which)).one()
    assert (stored.kind, stored.reference, stored.merchant_id) == (K.AMOUNT, payment.public_id, shop.merchant_id)


def test_a_provider_that_breaks_off_leaves_an_unfinished_run(shop: Shop) -> None:
    shop.pay(shop.invoice())
    shop.bank.troubles.cause(Trouble.DOWN, 1)
    run = compare(shop).run
    with shop.runtime.read() as ctx:
        assert ctx.session.get_one(Reconciliation, run.id).finished_at is None


def test_it_has_an_opinion_on_every_status() -> None:
    assert set(reconciliation._AGREES) == set(PaymentStatus)
