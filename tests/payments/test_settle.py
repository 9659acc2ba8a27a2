from concurrent.futures import ThreadPoolExecutor
from itertools import permutations

import pytest

from models.gateway import GatewayEvent, GatewayEventKind
from models.invoice import InvoiceStatus
from models.money import Money
from models.paylink import PayLinkState
from models.payment import Method, Payment, PaymentStatus
from models.ports import WebhookRequest
from payments import settle
from payments.settle import Alert
from tests.support.shop import Shop, usd

K = GatewayEventKind


def begun(shop: Shop, method: Method = Method.CARD) -> Payment:
    return shop.press(shop.link(shop.invoice()), method).payment


def became(shop: Shop) -> list[str | None]:
    return [settlement.became for settlement in shop.settled]


def test_a_paid_invoice_is_paid(shop: Shop) -> None:
    invoice = shop.invoice()

    payment = shop.pay(invoice)

    assert (shop.now(invoice).status, shop.now(invoice).balance_minor) == (InvoiceStatus.PAID, 0)
    assert (payment.status, payment.method_label) == (PaymentStatus.SUCCEEDED, "Visa 4242")


def test_it_books_both_sides(shop: Shop) -> None:
    payment = shop.pay(shop.invoice(600), shop.invoice(400))

    assert shop.entries(payment) == [("clearing", 1000), ("receivable", -600), ("receivable", -400)]


def test_a_bank_payment_is_not_paid_until_it_settles(shop: Shop) -> None:
    invoice = shop.invoice()

    payment = shop.pay(invoice, method=Method.BANK)

    assert (payment.status, shop.now(invoice).status) == (PaymentStatus.PROCESSING, InvoiceStatus.OPEN)


def test_coming_back_to_the_return_url_pays_nothing(shop: Shop) -> None:
    """There is nothing to call: only an event or the provider's own answer settles."""
    invoice = shop.invoice()
    link = shop.link(invoice)
    shop.press(link)

    shop.view(link)

    assert shop.now(invoice).status is InvoiceStatus.OPEN


def test_success_spends_the_link(shop: Shop) -> None:
    link = shop.link(shop.invoice())
    shop.approve(shop.press(link))

    assert shop.view(link).link.state(shop.clock.now()) is PayLinkState.SPENT


def test_a_decline_frees_the_invoice(shop: Shop) -> None:
    link = shop.link(shop.invoice())
    shop.approve(shop.press(link), "declined")

    shop.approve(shop.press(link))

    assert became(shop) == [PaymentStatus.FAILED, PaymentStatus.SUCCEEDED]


def test_it_announces_each_change_once(shop: Shop) -> None:
    payment = begun(shop)
    for _ in range(3):
        shop.tell(payment, K.SUCCEEDED)

    assert became(shop) == [PaymentStatus.SUCCEEDED]


def test_the_same_deed_under_another_event_id_is_the_same_deed(shop: Shop) -> None:
    payment = begun(shop)
    shop.tell(payment, K.SUCCEEDED, event_id="a" + payment.public_id)
    shop.tell(payment, K.SUCCEEDED, event_id="b" + payment.public_id)

    assert len(shop.entries(payment)) == 2


def test_one_event_delivered_in_parallel_has_one_effect(shop: Shop) -> None:
    payment = begun(shop)
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda n: shop.tell(payment, K.SUCCEEDED, event_id=f"{payment.public_id}-{n % 4}"), range(12)))

    assert became(shop) == [PaymentStatus.SUCCEEDED]


def test_events_that_overtake_each_other_in_parallel_end_the_same(shop: Shop) -> None:
    payments = [begun(shop, Method.BANK) for _ in range(12)]
    words = [(payment, kind) for payment in payments for kind in (K.SUCCEEDED, K.PROCESSING, K.RETURNED)]
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda word: shop.tell(*word), words))

    assert {shop.payment(payment).status for payment in payments} == {PaymentStatus.RETURNED}


ORDERS = list(permutations(["created", "processing", "succeeded", "returned"]))


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_no_order_of_events_makes_a_difference(shop: Shop, order: tuple[str, ...]) -> None:
    invoice = shop.invoice()
    payment = shop.press(shop.link(invoice), Method.BANK).payment
    for kind in order:
        for copy in range(3):
            deliver(shop, payment, kind, copy)

    assert (shop.payment(payment).status, shop.now(invoice).status) == (PaymentStatus.RETURNED, InvoiceStatus.OPEN)
    assert sorted(shop.entries(payment)) == [
        ("clearing", -10_000),
        ("clearing", 10_000),
        ("receivable", -10_000),
        ("receivable", 10_000),
    ]


@pytest.mark.parametrize("order", list(permutations(["created", "processing", "succeeded"])), ids="-".join)
def test_a_late_word_never_undoes_a_success(shop: Shop, order: tuple[str, ...]) -> None:
    payment = begun(shop, Method.BANK)
    for kind in (*order, *order):
        deliver(shop, payment, kind, 0)

    assert shop.payment(payment).status is PaymentStatus.SUCCEEDED


def deliver(shop: Shop, payment: Payment, kind: str, copy: int) -> None:
    if kind != "created":  # the gateway makes nothing of it: tests/payments/gateways/test_sandbox.py
        shop.tell(payment, K(kind), event_id=f"{payment.public_id}-{kind}-{copy // 2}")


@pytest.mark.parametrize("first", [K.FAILED, K.CANCELLED])
def test_money_that_comes_after_we_gave_up_is_still_money(shop: Shop, first: K) -> None:
    invoice = shop.invoice()
    payment = shop.press(shop.link(invoice)).payment
    shop.tell(payment, first)
    shop.tell(payment, K.SUCCEEDED)

    assert shop.now(invoice).status is InvoiceStatus.PAID


def test_a_failure_never_undoes_a_success(shop: Shop) -> None:
    payment = shop.pay(shop.invoice())
    shop.tell(payment, K.FAILED)

    assert shop.payment(payment).status is PaymentStatus.SUCCEEDED


@pytest.mark.parametrize("amount", [usd(9_999), usd(10_001), Money(10_000, "EUR")])
def test_another_amount_marks_nothing_paid(shop: Shop, amount: Money) -> None:
    invoice = shop.invoice()
    payment = shop.press(shop.link(invoice)).payment
    shop.tell(payment, K.SUCCEEDED, amount)

    assert shop.now(invoice).status is InvoiceStatus.OPEN
    assert shop.credit(amount.currency) == amount
    assert shop.settled[-1].alert is Alert.AMOUNT_MISMATCH


def test_the_invoice_stays_payable_after_another_amount(shop: Shop) -> None:
    link = shop.link(shop.invoice())
    shop.tell(shop.press(link).payment, K.SUCCEEDED, usd(1))

    assert shop.press(link).redirect_url is not None


def test_money_for_a_voided_invoice_becomes_credit_with_an_alert(shop: Shop) -> None:
    invoice = shop.invoice()
    begun = shop.press(shop.link(invoice))
    shop.void(invoice)
    shop.approve(begun)

    assert (shop.now(invoice).status, shop.credit()) == (InvoiceStatus.VOID, usd(10_000))
    assert shop.settled[-1].alert is Alert.UNAPPLIED_CREDIT


def test_money_beyond_a_lowered_invoice_becomes_credit(shop: Shop) -> None:
    invoice = shop.invoice(10_000)
    begun = shop.press(shop.link(invoice))
    shop.amend(invoice, usd(7_000))
    shop.approve(begun)

    assert (shop.now(invoice).status, shop.credit()) == (InvoiceStatus.PAID, usd(3_000))


def test_late_money_for_an_invoice_paid_meanwhile_becomes_credit(shop: Shop) -> None:
    invoice = shop.invoice()
    link = shop.link(invoice)
    given_up = shop.press(link).payment
    shop.tell(given_up, K.CANCELLED)
    shop.approve(shop.press(link))
    shop.tell(given_up, K.SUCCEEDED)

    assert shop.credit() == usd(10_000)


def test_a_return_reopens_the_invoice(shop: Shop) -> None:
    invoice = shop.invoice()
    payment = shop.pay(invoice)
    shop.bank.send_back(payment.public_id, "R10")
    shop.delivery.flush()

    assert (shop.now(invoice).status, shop.now(invoice).balance_minor) == (InvoiceStatus.OPEN, 10_000)
    assert shop.payment(payment).failure_code == "R10"


def test_a_returned_invoice_can_be_paid_again(shop: Shop) -> None:
    invoice = shop.invoice()
    shop.bank.send_back(shop.pay(invoice).public_id)
    shop.delivery.flush()

    shop.pay(invoice)

    assert shop.now(invoice).status is InvoiceStatus.PAID


def test_a_return_takes_back_the_credit_too(shop: Shop) -> None:
    invoice = shop.invoice()
    begun = shop.press(shop.link(invoice))
    shop.void(invoice)
    shop.approve(begun)
    shop.tell(begun.payment, K.RETURNED)

    assert (shop.credit(), shop.now(invoice).status) == (usd(0), InvoiceStatus.VOID)


def test_a_return_of_another_amount_is_only_an_alert(shop: Shop) -> None:
    invoice = shop.invoice()
    payment = shop.pay(invoice)
    shop.tell(payment, K.RETURNED, usd(1))

    assert (shop.now(invoice).status, shop.settled[-1].alert) == (InvoiceStatus.PAID, Alert.AMOUNT_MISMATCH)


def test_it_knows_nothing_of_other_providers_payments(shop: Shop) -> None:
    payment = begun(shop)
    event = GatewayEvent(None, payment.public_id, "", K.SUCCEEDED, payment.amount)

    assert settle.record(shop.runtime, "stripe", event) is None


def test_it_knows_nothing_of_payments_it_never_made(shop: Shop) -> None:
    event = GatewayEvent(None, "0" * 32, "", K.SUCCEEDED, usd(1))

    assert settle.record(shop.runtime, "sandbox", event) is None


def test_a_replayed_webhook_changes_nothing(shop: Shop) -> None:
    payment = shop.pay(shop.invoice())
    request: WebhookRequest = shop.posted[-1]

    assert shop.receive(request.url, request.headers, request.body) == 204
    assert len(shop.entries(payment)) == 2
