"""Disputes and returns: what they withhold, what they take, what stays of it; with refunds in between, in any order."""

from datetime import timedelta
from itertools import permutations

import pytest
import sqlalchemy as sa

from models.errors import DomainError
from models.gateway import GatewayEventKind
from models.invoice import InvoiceStatus
from models.payment import Method, Payment, PaymentStatus
from models.refund import DisputeStatus
from models.webhook import WebhookEvent
from payments import credit, refunds
from payments.settle import Alert
from tests.support.shop import Shop, usd

S, K, D = PaymentStatus, GatewayEventKind, DisputeStatus


def disputed(shop: Shop, payment: Payment, amount: int | None = None) -> str:
    dispute_id = shop.bank.dispute(payment.public_id, usd(amount) if amount else None)
    shop.delivery.flush()
    return dispute_id


def decide(shop: Shop, dispute_id: str, status: DisputeStatus) -> None:
    shop.bank.decide_dispute(dispute_id, status)
    shop.delivery.flush()


def alerts(shop: Shop) -> list[Alert | None]:
    return [settlement.alert for settlement in shop.settled if settlement.alert]


def test_an_open_dispute_withholds_the_money(shop: Shop) -> None:
    invoice = shop.invoice()
    payment = shop.pay(invoice)
    disputed(shop, payment)
    assert (shop.payment(payment).status, shop.now(invoice).status) == (S.DISPUTED, InvoiceStatus.PAID)
    assert shop.entries(payment)[2:] == [("clearing", -10_000), ("disputed", 10_000)]
    assert alerts(shop) == [Alert.DISPUTED]


def test_a_dispute_that_is_won_brings_it_back(shop: Shop) -> None:
    payment = shop.pay(shop.invoice())
    decide(shop, disputed(shop, payment), D.WON)
    assert shop.payment(payment).status is S.SUCCEEDED
    assert sum(amount for account, amount in shop.entries(payment) if account == "clearing") == 10_000
    assert alerts(shop) == [Alert.DISPUTED, Alert.DISPUTE_WON]


def test_programs_hear_of_success_once_however_often_it_is_doubted(shop: Shop) -> None:
    """Who fulfils an order on that word must not do so twice."""
    payment = shop.pay(shop.invoice())
    for _ in range(2):
        decide(shop, disputed(shop, payment), D.WON)
    told = ["payment.succeeded", *["payment.disputed", "payment.reinstated"] * 2]
    assert [kind for kind in heard(shop, payment) if kind != "payment.processing"] == told


def test_programs_hear_of_success_when_what_was_doubted_before_it_came_is_good(shop: Shop) -> None:
    """The dispute overtook the arrival: nobody has fulfilled anything yet."""
    payment = shop.press(shop.link(shop.invoice())).payment
    for reference in ("dp_1", "dp_2"):
        shop.tell_dispute(payment, reference, D.OPEN)
        if reference == "dp_1":
            shop.tell(payment, K.SUCCEEDED)
        shop.tell_dispute(payment, reference, D.WON)
    assert heard(shop, payment) == [
        *("payment.disputed", "payment.succeeded"),
        *("payment.disputed", "payment.reinstated"),
    ]


def heard(shop: Shop, payment: Payment) -> list[str]:
    """By programs, of this payment."""
    with shop.runtime.read() as ctx:
        told = ctx.session.scalars(sa.select(WebhookEvent).order_by(WebhookEvent.id))
        return [event.kind.value for event in told if event.payload["id"] == payment.public_id]


def test_a_dispute_that_is_lost_opens_the_invoice_again(shop: Shop) -> None:
    invoice = shop.invoice()
    payment = shop.pay(invoice)
    decide(shop, disputed(shop, payment), D.LOST)
    assert (shop.payment(payment).status, shop.balance(invoice.id)) == (S.RETURNED, 10_000)
    assert alerts(shop) == [Alert.DISPUTED, Alert.DISPUTE_LOST]


def test_a_part_that_is_lost_leaves_the_rest_paid(shop: Shop) -> None:
    invoice = shop.invoice()
    payment = shop.pay(invoice)
    decide(shop, disputed(shop, payment, 3_000), D.LOST)
    assert (shop.payment(payment).status, shop.balance(invoice.id)) == (S.SUCCEEDED, 3_000)


def test_the_first_end_of_a_dispute_stays(shop: Shop) -> None:
    payment = shop.pay(shop.invoice())
    dispute_id = disputed(shop, payment)
    shop.tell_dispute(payment, dispute_id, D.WON)
    shop.tell_dispute(payment, dispute_id, D.LOST)
    assert shop.payment(payment).status is S.SUCCEEDED


def test_nobody_refunds_what_is_disputed(shop: Shop) -> None:
    payment = shop.pay(shop.invoice())
    disputed(shop, payment)
    with pytest.raises(DomainError, match="payment_disputed"):
        refunds.refund(shop.runtime, shop.payment(payment), idempotency_key="k")


def test_a_refund_and_a_dispute_are_not_both_taken_off(shop: Shop) -> None:
    invoice = shop.invoice()
    payment = shop.pay(invoice)
    refunds.refund(shop.runtime, shop.payment(payment), idempotency_key="k")
    shop.tell_dispute(payment, "dp_1", D.OPEN)
    shop.tell_dispute(payment, "dp_1", D.LOST)
    assert shop.now(invoice).status is InvoiceStatus.PAID
    assert alerts(shop) == [Alert.TAKEN_TWICE, Alert.TAKEN_TWICE]


ORDERS = list(permutations(["created", "processing", "succeeded", "refunded", "disputed"]))


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_no_order_of_events_makes_a_difference(shop: Shop, order: tuple[str, ...]) -> None:
    invoice = shop.invoice()
    payment = shop.press(shop.link(invoice)).payment
    for kind in order:
        for copy in range(3):
            deliver(shop, payment, kind, copy // 2)
    assert (shop.payment(payment).status, shop.now(invoice).status) == (S.DISPUTED, InvoiceStatus.PAID)
    assert standing(shop, payment) == {"receivable": -10_000, "refunded": 4_000, "disputed": 6_000}


def deliver(shop: Shop, payment: Payment, kind: str, copy: int) -> None:
    event_id = f"{payment.public_id}-{kind}-{copy}"
    if kind == "refunded":
        shop.tell_refund(payment, "re_1", usd(4_000), event_id)
    elif kind == "disputed":
        shop.tell_dispute(payment, "dp_1", D.OPEN, event_id)
    elif kind != "created":  # the gateway makes nothing of it
        shop.tell(payment, K(kind), event_id=event_id)


def standing(shop: Shop, payment: Payment) -> dict[str, int]:
    sums: dict[str, int] = {}
    for account, amount in shop.entries(payment):
        sums[account] = sums.get(account, 0) + amount
    return {account: amount for account, amount in sums.items() if amount}


@pytest.mark.parametrize("order", list(permutations(["refunded", "open", "lost"])), ids="-".join)
def test_a_refund_counts_before_a_lost_dispute_in_any_order(shop: Shop, order: tuple[str, ...]) -> None:
    invoice = shop.invoice()
    payment = shop.pay(invoice)
    for kind in order:
        if kind == "refunded":
            shop.tell_refund(payment, "re_1", usd(4_000))
        else:
            shop.tell_dispute(payment, "dp_1", D(kind))
    assert (shop.payment(payment).status, shop.balance(invoice.id)) == (S.RETURNED, 6_000)
    assert standing(shop, payment) == {"receivable": -4_000, "refunded": 4_000}


# --- returns ---------------------------------------------------------------------------------------------------------
def test_a_return_on_day_45_opens_the_invoice_again(shop: Shop) -> None:
    invoice = shop.invoice()
    payment = shop.pay(invoice, method=Method.BANK, choice="checking")
    for days in (2, 43):
        shop.clock.advance(timedelta(days=days))
        shop.bank.settle_due()
        shop.delivery.flush()
    shop.bank.send_back(payment.public_id, "R10")
    shop.delivery.flush()
    assert (shop.payment(payment).status, shop.balance(invoice.id)) == (S.RETURNED, 10_000)
    assert alerts(shop) == [Alert.RETURNED]


def test_a_return_takes_back_credit_that_was_spent(shop: Shop) -> None:
    """The credit paid another invoice: there is no such credit, so that one is owed again."""
    voided, other = shop.invoice(5_000), shop.invoice(3_000)
    begun = shop.press(shop.link(voided))
    shop.void(voided)
    shop.approve(begun)
    with shop.runtime.write() as ctx:
        credit.apply(ctx, other)
    shop.bank.send_back(begun.payment.public_id)
    shop.delivery.flush()
    assert (shop.balance(other.id), shop.credit()) == (3_000, usd(0))


def test_a_refund_spares_credit_that_was_spent(shop: Shop) -> None:
    voided, other = shop.invoice(5_000), shop.invoice(3_000)
    begun = shop.press(shop.link(voided))
    shop.void(voided)
    shop.approve(begun)
    with shop.runtime.write() as ctx:
        credit.apply(ctx, other)
    refunds.refund(shop.runtime, shop.payment(begun.payment), idempotency_key="k")
    assert (shop.balance(other.id), shop.credit()) == (0, usd(0))
