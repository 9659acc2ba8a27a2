"""A payment that waits for its owner to confirm small deposits: what it holds, what ends it, in any order of words."""

from datetime import timedelta
from itertools import permutations

import pytest

from models.errors import DomainError
from models.gateway import DepositsWord, GatewayEvent, GatewayEventKind
from models.invoice import InvoiceStatus
from models.payment import Method, Payment, PaymentStatus
from payments import reconcile, reconciliation, settle
from payments.begin import PaymentInFlight
from tests.support.shop import Shop

K, S = GatewayEventKind, PaymentStatus
DAY = timedelta(days=1)
PAGE = "https://bank.example/confirm"


@pytest.fixture
def payment(shop: Shop) -> Payment:
    begun = shop.press(shop.link(shop.invoice()), Method.BANK)
    shop.approve(begun, "000123456789", "county")
    return shop.payment(begun.payment)


def go_on(shop: Shop, days: float) -> None:
    """A day as the demo has it: the bank acts, its events arrive, then the janitor looks."""
    shop.clock.advance(DAY * days)
    shop.bank.settle_due()
    shop.delivery.flush()
    reconcile.resolve_due(shop.runtime, shop.announce)


def confirm(shop: Shop, payment: Payment, *, by: int = 0) -> None:
    session = shop.bank.find(payment.public_id)
    assert session is not None
    sent = shop.bank.deposits_in(session.id)
    assert sent is not None
    shop.bank.confirm_deposits(session.id, (sent.first_minor, (sent.second_minor + by - 1) % 99 + 1))
    shop.delivery.flush()


def test_it_waits_and_says_where_and_when(shop: Shop, payment: Payment) -> None:
    assert (payment.status, payment.deposits, payment.deposits_at) == (S.VERIFYING, 2, shop.clock.now() + DAY)
    assert payment.redirect_url == f"https://till.example/bank/{payment.provider_reference}"
    assert [settled.became for settled in shop.settled] == [S.VERIFYING]


def test_it_holds_its_invoice(shop: Shop) -> None:
    invoice = shop.invoice()
    begun = shop.press(shop.link(invoice), Method.BANK)
    shop.approve(begun, "000123456789", "county")
    shop.clock.advance(DAY)
    for method in (Method.CARD, Method.BANK):
        with pytest.raises(PaymentInFlight):
            shop.press(shop.link(invoice), method)


def test_it_settles_late_once_they_are_confirmed(shop: Shop, payment: Payment) -> None:
    go_on(shop, 1)
    confirm(shop, payment)
    assert shop.payment(payment).status is S.PROCESSING
    go_on(shop, 2)
    assert (shop.payment(payment).status, len(shop.bank.captures())) == (S.SUCCEEDED, 1)


def test_it_tells_once_that_they_have_arrived(shop: Shop, payment: Payment) -> None:
    go_on(shop, 0.9)
    assert [len(arrivals(shop, days)) for days in (0.1, 1, 1)] == [1, 0, 0]
    assert shop.payment(payment).status is S.VERIFYING


def arrivals(shop: Shop, days: float) -> list[settle.Settlement]:
    told: list[settle.Settlement] = []
    shop.clock.advance(DAY * days)
    reconcile.resolve_due(shop.runtime, lambda _ctx, settlement: told.append(settlement))
    return [one for one in told if one.are_deposits_here and one.payment.merchant_id == shop.merchant_id]


def test_it_tells_nobody_who_was_quicker(shop: Shop, payment: Payment) -> None:
    shop.clock.advance(DAY)
    confirm(shop, payment)
    assert arrivals(shop, 0.1) == []


def test_it_fails_after_three_wrong_guesses_and_frees_the_invoice(shop: Shop, payment: Payment) -> None:
    go_on(shop, 1)
    for _ in range(2):
        with pytest.raises(DomainError, match="deposits_wrong"):
            confirm(shop, payment, by=1)
    confirm(shop, payment, by=1)
    ended = shop.payment(payment)
    assert (ended.status, ended.failure_code, shop.bank.captures()) == (S.FAILED, "deposits_wrong", [])


def test_it_fails_after_ten_days(shop: Shop) -> None:
    invoice = shop.invoice()
    begun = shop.press(shop.link(invoice), Method.BANK)
    shop.approve(begun, "000123456789", "county")
    for _ in range(10):
        go_on(shop, 1)
    assert shop.payment(begun.payment).failure_code == "deposits_late"
    assert shop.press(shop.link(invoice)).redirect_url is not None


def test_it_is_found_out_without_any_event(shop: Shop) -> None:
    begun = shop.press(shop.link(shop.invoice()), Method.BANK)
    shop.bank.confirm(begun.redirect_url.rpartition("/")[2] if begun.redirect_url else "", "000123456789", "county")
    shop.clock.advance(timedelta(minutes=5))
    reconcile.resolve_due(shop.runtime, shop.announce)
    found = shop.payment(begun.payment)
    assert (found.status, found.deposits) == (S.VERIFYING, 2)


def test_it_is_not_closed_with_the_page_it_began_on(shop: Shop, payment: Payment) -> None:
    go_on(shop, 5)
    assert shop.payment(payment).status is S.VERIFYING


def test_a_voided_invoice_takes_the_attempt_back(shop: Shop) -> None:
    invoice = shop.invoice()
    begun = shop.press(shop.link(invoice), Method.BANK)
    shop.approve(begun, "000123456789", "county")
    shop.void(invoice)
    shop.work()
    shop.delivery.flush()
    assert (shop.payment(begun.payment).status, shop.now(invoice).status) == (S.CANCELLED, InvoiceStatus.VOID)
    go_on(shop, 20)
    assert shop.bank.captures() == []


def test_money_for_an_invoice_voided_too_late_is_credit(shop: Shop) -> None:
    invoice = shop.invoice()
    begun = shop.press(shop.link(invoice), Method.BANK)
    shop.approve(begun, "000123456789", "county")
    go_on(shop, 1)
    confirm(shop, begun.payment)
    shop.void(invoice)
    shop.work()
    go_on(shop, 2)
    assert shop.credit().minor == 10_000


def test_a_second_tab_sees_the_same_attempt(shop: Shop) -> None:
    link = shop.link(shop.invoice())
    begun = shop.press(link, Method.BANK, key="k1")
    shop.approve(begun, "000123456789", "county")
    again = shop.press(link, Method.BANK, key="k1")
    assert (again.payment.id, again.redirect_url) == (begun.payment.id, None)


def word(payment: Payment, kind: GatewayEventKind, at: Shop) -> GatewayEvent:
    deposits = DepositsWord(2, at.clock.now() + DAY, PAGE) if kind is K.VERIFYING else None
    return GatewayEvent(None, payment.public_id, "", kind, payment.amount, deposits=deposits)


@pytest.mark.parametrize("order", list(permutations([K.VERIFYING, K.PROCESSING, K.SUCCEEDED])))
def test_no_order_of_words_makes_a_difference(shop: Shop, order: tuple[GatewayEventKind, ...]) -> None:
    payment = shop.press(shop.link(shop.invoice()), Method.BANK).payment
    for kind in (*order, *order):
        settle.record(shop.runtime, "sandbox", word(payment, kind, shop), shop.announce)
    assert shop.payment(payment).status is S.SUCCEEDED
    assert [settled.became for settled in shop.settled].count(S.SUCCEEDED) == 1


def test_a_late_word_takes_nothing_back(shop: Shop) -> None:
    payment = shop.press(shop.link(shop.invoice()), Method.BANK).payment
    for kind in (K.FAILED, K.VERIFYING):
        settle.record(shop.runtime, "sandbox", word(payment, kind, shop), shop.announce)
    found = shop.payment(payment)
    assert (found.status, found.deposits) == (S.FAILED, None)


def test_both_books_agree_on_it(shop: Shop, payment: Payment) -> None:
    shop.clock.advance(timedelta(hours=2))
    [outcome] = reconciliation.reconcile(shop.runtime, shop.clock.now() - DAY)
    assert [one for one in outcome.differences if one.payment_id == payment.id] == []
