"""Refunds and payments taken elsewhere, from the console: fresh proof, once for two presses, all in the trail."""

import pytest
import sqlalchemy as sa

from models.invoice import InvoiceStatus
from models.member import FRESH_FOR
from models.payment import Method, Payment
from models.refund import Refund
from tests.support import records
from tests.support.members import MemberVisitor, enter, trail
from tests.support.world import World


@pytest.fixture
def owner(world: World) -> MemberVisitor:
    return enter(world)


def refund_of(payment: Payment) -> str:
    return f"/console/payments/{payment.public_id}/refund"


def offline_for(world: World, number: str) -> str:
    return f"/console/invoices/{records.invoice(world, number).public_id}/offline"


def refunds(world: World) -> list[int]:
    with world.runtime.read() as ctx:
        return list(ctx.session.scalars(sa.select(Refund.amount_minor)))


def test_it_refunds_once_for_two_presses(world: World, owner: MemberVisitor) -> None:
    payment = records.pay(world, "INV-1060")
    owner.opens(refund_of(payment))
    owner.sees("At most $385.50 can go back")
    key = owner.value("key")
    for _ in range(2):
        owner.opens(refund_of(payment))
        owner.sends(refund_of(payment), amount="100.00", note="Broken cups", key=key)
    assert refunds(world) == [10_000]
    assert (trail(world)[-1].action, trail(world)[-1].label) == ("payment.refunded", payment.reference)


@pytest.mark.parametrize(
    ("amount", "note", "words"),
    [("385.51", "Why not", "No more than that can go back"), ("0", "x", "Enter an amount like"), ("1", "", "Say why")],
)
def test_it_gives_back_no_more_and_never_without_a_reason(
    world: World, owner: MemberVisitor, amount: str, note: str, words: str
) -> None:
    payment = records.pay(world, "INV-1060")
    owner.opens(refund_of(payment))
    assert owner.sends(refund_of(payment), amount=amount, note=note).status_code == 422
    owner.sees(words)
    assert refunds(world) == []


def test_it_asks_for_the_authenticator_before_a_refund(world: World, owner: MemberVisitor) -> None:
    payment = records.pay(world, "INV-1060")
    world.clock.advance(FRESH_FOR)
    owner.opens(refund_of(payment))
    owner.confirms()
    owner.sees("At most $385.50 can go back")


def test_it_records_money_taken_elsewhere_once(world: World, owner: MemberVisitor) -> None:
    here = offline_for(world, "INV-1060")
    owner.opens(here)
    key = owner.value("key")
    owner.sends(here, amount="385.50", method="check", note="No. 17", key=key)
    paid = records.payments(world)
    assert [(one.method, one.amount_minor) for one in paid] == [(Method.CHECK, 38_550)]
    assert records.invoice(world, "INV-1060").status is InvoiceStatus.PAID
    assert trail(world)[-1].action == "payment.recorded"


def test_it_records_nothing_for_a_paid_invoice(world: World, owner: MemberVisitor) -> None:
    records.pay(world, "INV-1060")
    assert owner.opens(offline_for(world, "INV-1060")).status_code == 303
