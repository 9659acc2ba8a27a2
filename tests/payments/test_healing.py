"""What a lost event explains is settled by the provider's own word; everything else is only told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from models.base import new_public_id
from models.payment import Method, Payment, PaymentStatus
from models.reconciliation import Difference, DifferenceKind
from payments import ledger, reconciliation, takebacks
from payments.gateways import bank_tables
from payments.gateways.troubles import Trouble
from payments.reconciliation import Outcome
from tests.support.shop import NOW, Shop, usd

K, S = DifferenceKind, PaymentStatus


def compare(shop: Shop) -> Outcome:
    """Some hours later. Without what earlier tests paid at banks of their own."""
    shop.clock.advance(timedelta(hours=2))
    outcome = reconciliation.compare(shop.runtime, "sandbox", NOW - timedelta(days=1), shop.announce)
    mine = [one for one in outcome.differences if one.merchant_id == shop.merchant_id]
    return replace(outcome, differences=mine, news=[one for one in outcome.news if one in mine])


def healed(shop: Shop) -> list[tuple[DifferenceKind, bool]]:
    return [(one.kind, one.is_healed) for one in compare(shop).differences]


def tamper(shop: Shop, payment: Payment, **values: object) -> None:
    with shop.bank.database.write() as db:
        which = bank_tables.sessions.c.reference == payment.public_id
        db.execute(sa.update(bank_tables.sessions).where(which).values(**values))


def give_back(shop: Shop, payment: Payment, minor: int) -> None:
    """Somebody at the provider, and the event is lost."""
    row = {"id": new_public_id(), "reference": new_public_id(), "payment": payment.public_id, "amount_minor": minor}
    made = bank_tables.refunds.insert().values(**row, status="succeeded", settles_at=NOW, created_at=NOW)
    with shop.bank.database.write() as db:
        db.execute(made)


def submitted(shop: Shop) -> Payment:
    return shop.press(shop.link(shop.invoice())).payment


def processing(shop: Shop) -> Payment:
    return shop.pay(shop.invoice(), method=Method.BANK)


def verifying(shop: Shop) -> Payment:
    begun = shop.press(shop.link(shop.invoice()), Method.BANK)
    shop.approve(begun, "000123456789", "county")
    return shop.payment(begun.payment)


@pytest.mark.parametrize("begin", [submitted, processing, verifying], ids=lambda begin: begin.__name__)
def test_it_settles_a_capture_that_we_have_not_heard_of(shop: Shop, begin: Callable[[Shop], Payment]) -> None:
    payment = begin(shop)
    tamper(shop, payment, status="succeeded")
    assert healed(shop) == [(K.STATE, True)]
    assert shop.payment(payment).status is S.SUCCEEDED
    assert shop.settled[-1].became is S.SUCCEEDED
    assert healed(shop) == []


def test_it_settles_a_charge_behind_a_time_out(shop: Shop) -> None:
    shop.bank.troubles.cause(Trouble.CHARGES_THEN_HANGS, 1)
    payment = submitted(shop)
    assert shop.payment(payment).status is S.UNKNOWN
    assert healed(shop) == [(K.STATE, True)]
    assert shop.payment(payment).status is S.SUCCEEDED


def test_it_books_a_refund_that_only_the_provider_knew(shop: Shop) -> None:
    payment = shop.pay(shop.invoice())
    give_back(shop, payment, 300)
    assert healed(shop) == [(K.REFUND, True)]
    with shop.runtime.read() as ctx:
        assert takebacks.refunded(ctx, payment) == usd(300)
    assert healed(shop) == []


def test_it_books_a_fee_that_no_event_told_of(shop: Shop) -> None:
    payment = shop.pay(shop.invoice())
    tamper(shop, payment, fee_minor=250)
    assert healed(shop) == [(K.FEE, True)]
    with shop.runtime.read() as ctx:
        assert ledger.borne(ctx.session, [payment.id]) == {payment.id: usd(250)}


def test_it_tells_of_another_fee_than_the_one_booked(shop: Shop) -> None:
    shop.bank.card_basis_points = 250
    tamper(shop, shop.pay(shop.invoice()), fee_minor=300)
    assert healed(shop) == [(K.FEE, False)]


@pytest.mark.parametrize("theirs", ["failed", "cancelled", "open", "processing"])
def test_it_takes_nothing_back_that_was_paid(shop: Shop, theirs: str) -> None:
    payment = shop.pay(shop.invoice())
    tamper(shop, payment, status=theirs)
    assert healed(shop) == [(K.STATE, False)]
    assert shop.payment(payment).status is S.SUCCEEDED


def test_it_marks_nothing_paid_by_another_amount(shop: Shop) -> None:
    invoice = shop.invoice()
    payment = shop.press(shop.link(invoice)).payment
    tamper(shop, payment, status="succeeded", amount_minor=9_999)
    assert (K.AMOUNT, False) in healed(shop)
    assert shop.balance(invoice.id) == 10_000


def test_it_leaves_everything_while_the_provider_does_not_answer(shop: Shop) -> None:
    payment = submitted(shop)
    tamper(shop, payment, status="succeeded")
    shop.bank.troubles.cause(Trouble.DOWN)
    outcome = compare(shop)
    assert (outcome.run.finished_at, shop.payment(payment).status) == (None, S.SUBMITTED)


def test_it_says_once_what_nobody_can_heal(shop: Shop) -> None:
    tamper(shop, shop.pay(shop.invoice()), status="failed")
    assert [len(compare(shop).news) for _ in range(2)] == [1, 0]


def test_it_keeps_what_was_healed(shop: Shop) -> None:
    tamper(shop, submitted(shop), status="succeeded")
    run = compare(shop).run
    with shop.runtime.read() as ctx:
        which = (Difference.reconciliation_id == run.id) & (Difference.merchant_id == shop.merchant_id)
        assert [one.is_healed for one in ctx.session.scalars(sa.select(Difference).where(which))] == [True]
