"""Paying without an invoice: where it may, where it lands."""

from dataclasses import replace

import pytest

from models.base import new_public_id
from models.errors import DomainError
from models.merchant import CustomLanding
from models.money import Money
from models.payment import Method, Payment
from payments import custom
from payments.custom import Wish
from payments.starting import BeginResult
from tests.support.shop import Shop, usd

DEPOSIT = usd(5_000)


@pytest.fixture(autouse=True)
def _custom_payments_are_allowed(shop: Shop) -> None:
    shop.allow(allows_custom=True)


def wish(shop: Shop, amount: Money = DEPOSIT) -> Wish:
    return Wish(
        customer_id=shop.alice_id,
        method=Method.CARD,
        amount=amount,
        description="Deposit for the wedding",
        payer_name="Alice Adams",
        return_url="https://till.example/m/acme/payments",
    )


def begin(shop: Shop, wanted: Wish, key: str | None = None) -> BeginResult:
    return custom.begin(shop.runtime, wanted, idempotency_key=key or new_public_id())


def pay(shop: Shop, amount: Money = DEPOSIT) -> Payment:
    begun = begin(shop, wish(shop, amount))
    shop.approve(begun)
    return shop.payment(begun.payment)


def test_it_lands_as_credit(shop: Shop) -> None:
    shop.invoice()
    pay(shop)

    assert shop.credit() == usd(5_000)
    assert shop.settled[-1].alert is None


def test_it_lands_on_the_oldest_invoice_and_the_rest_is_credit(shop: Shop) -> None:
    shop.allow(custom_landing=CustomLanding.OLDEST_INVOICE)
    first, second = shop.invoice(2_000), shop.invoice(1_000)
    pay(shop)

    assert (shop.balance(first.id), shop.balance(second.id), shop.credit()) == (0, 0, usd(2_000))


def test_it_pays_a_part_of_the_oldest_invoice(shop: Shop) -> None:
    shop.allow(custom_landing=CustomLanding.OLDEST_INVOICE)
    invoice = shop.invoice(7_000)
    pay(shop)

    assert (shop.balance(invoice.id), shop.credit()) == (2_000, usd(0))


def test_it_stays_clear_of_an_invoice_that_is_being_paid(shop: Shop) -> None:
    shop.allow(custom_landing=CustomLanding.OLDEST_INVOICE)
    invoice = shop.invoice(7_000)
    shop.approve(shop.press(shop.link(invoice), Method.BANK))
    pay(shop)

    assert (shop.balance(invoice.id), shop.credit()) == (7_000, usd(5_000))


def test_it_tells_the_bank_what_it_is_for(shop: Shop) -> None:
    begun = begin(shop, wish(shop))
    session = shop.bank.find(begun.payment.public_id)
    assert session is not None
    assert session.description == "Deposit for the wedding"
    assert session.return_url == f"https://till.example/m/acme/payments/{begun.payment.public_id}"


def test_it_is_refused_where_the_merchant_does_not_want_it(shop: Shop) -> None:
    shop.allow(allows_custom=False)
    with pytest.raises(DomainError, match="custom_not_allowed"):
        begin(shop, wish(shop))


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (usd(0), "bad_amount"),
        (usd(-5), "bad_amount"),
        (usd(10**15), "bad_amount"),
        (Money(5_000, "EUR"), "mixed_currencies"),
    ],
)
def test_it_refuses_what_is_no_amount_here(shop: Shop, amount: Money, code: str) -> None:
    with pytest.raises(DomainError, match=code):
        begin(shop, wish(shop, amount))


def test_one_press_is_one_payment(shop: Shop) -> None:
    first, second = (begin(shop, wish(shop), key="once-" + shop.folder.name) for _ in range(2))

    assert first.payment.id == second.payment.id


def test_one_key_stands_for_one_wish(shop: Shop) -> None:
    begin(shop, wish(shop), key="other-" + shop.folder.name)
    with pytest.raises(DomainError, match="idempotency_mismatch"):
        begin(shop, replace(wish(shop), payer_name="Bob"), key="other-" + shop.folder.name)


def test_it_records_the_terms_that_were_accepted(shop: Shop) -> None:
    assert begin(shop, replace(wish(shop), terms_version=1)).payment.terms_version == 1


def test_it_asks_again_after_new_terms(shop: Shop) -> None:
    shop.allow(terms_version=2)
    with pytest.raises(DomainError, match="terms_changed"):
        begin(shop, replace(wish(shop), terms_version=1))
