"""Paying a part: where the merchant allows it, never more than is owed, the rest later and by another method."""

from datetime import date

import pytest

from models.errors import DomainError
from models.invoice import Invoice, InvoiceStatus
from models.money import Money
from models.paylink import PayLinkState
from models.payment import Method
from payments.begin import PaymentInFlight
from payments.standing import LinkState
from tests.support.shop import Shop, usd


@pytest.fixture(autouse=True)
def _parts_are_allowed(shop: Shop) -> None:
    shop.allow(allows_partial=True, partial_minimum_minor=500)


def refusal(shop: Shop, invoice: Invoice, **wishes: object) -> str:
    with pytest.raises(DomainError) as refused:
        shop.press(shop.link(invoice), **wishes)  # type: ignore[arg-type]
    return refused.value.code


def test_it_pays_a_part(shop: Shop) -> None:
    invoice = shop.invoice(10_000)
    shop.pay(invoice, amount=usd(6_000))

    assert (shop.now(invoice).status, shop.now(invoice).balance_minor) == (InvoiceStatus.OPEN, 4_000)


def test_it_refuses_more_than_is_left(shop: Shop) -> None:
    invoice = shop.invoice(10_000)
    shop.pay(invoice, amount=usd(6_000))

    assert refusal(shop, invoice, amount=usd(5_000)) == "above_balance"


def test_the_same_link_pays_the_rest_by_another_method(shop: Shop) -> None:
    invoice = shop.invoice(10_000)
    link = shop.link(invoice)
    shop.approve(shop.press(link, amount=usd(6_000)))
    assert shop.view(link).state is LinkState.PAYABLE

    shop.approve(shop.press(link, Method.NETWORK))

    assert shop.now(invoice).status is InvoiceStatus.PAID
    assert shop.view(link).link.state(shop.clock.now()) is PayLinkState.SPENT


def test_the_two_halves_have_receipts_of_their_own(shop: Shop) -> None:
    invoice = shop.invoice(10_000)
    halves = [shop.pay(invoice, amount=usd(6_000)), shop.pay(invoice, method=Method.NETWORK)]

    assert [half.amount for half in halves] == [usd(6_000), usd(4_000)]


def test_it_fills_the_oldest_due_first(shop: Shop) -> None:
    young, old = shop.invoice(5_000), shop.invoice(5_000)
    with shop.runtime.write() as ctx:
        ctx.session.get_one(Invoice, old.id).due_on = date(2026, 6, 1)

    shop.pay(young, old, amount=usd(6_000))

    assert (shop.balance(old.id), shop.balance(young.id)) == (0, 4_000)


def test_it_pays_each_as_named(shop: Shop) -> None:
    first, second = shop.invoice(5_000), shop.invoice(5_000)
    shop.pay(first, second, named={first.public_id: usd(1_000), second.public_id: usd(4_500)})

    assert (shop.balance(first.id), shop.balance(second.id)) == (4_000, 500)


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (usd(0), "bad_amount"),
        (usd(-1), "bad_amount"),
        (usd(499), "below_minimum"),
        (usd(10_001), "above_balance"),
        (usd(10**15), "above_balance"),
        (Money(5_000, "EUR"), "mixed_currencies"),
    ],
)
def test_it_refuses_an_amount_that_is_no_part(shop: Shop, amount: Money, code: str) -> None:
    assert refusal(shop, shop.invoice(10_000), amount=amount) == code


def test_it_takes_a_rest_below_the_minimum(shop: Shop) -> None:
    invoice = shop.invoice(10_000)
    shop.pay(invoice, amount=usd(9_700))
    shop.pay(invoice, amount=usd(300))

    assert shop.now(invoice).status is InvoiceStatus.PAID


def test_it_refuses_parts_that_the_merchant_does_not_want(shop: Shop) -> None:
    shop.allow(allows_partial=False)

    assert refusal(shop, shop.invoice(10_000), amount=usd(5_000)) == "partial_not_allowed"


def test_the_whole_is_no_part(shop: Shop) -> None:
    shop.allow(allows_partial=False)

    assert shop.pay(shop.invoice(10_000), amount=usd(10_000)).amount == usd(10_000)


def test_it_refuses_a_share_of_an_invoice_behind_another_link(shop: Shop) -> None:
    other = shop.invoice()

    assert refusal(shop, shop.invoice(), named={other.public_id: usd(600)}) == "not_found"


def test_it_refuses_a_share_above_its_own_invoice(shop: Shop) -> None:
    small, large = shop.invoice(1_000), shop.invoice(9_000)
    with pytest.raises(DomainError, match="above_balance"):
        shop.press(shop.link(small, large), named={small.public_id: usd(1_001)})


def test_a_part_under_way_holds_the_whole_invoice(shop: Shop) -> None:
    """Decision 11: two open attempts could add up to more than is owed."""
    invoice = shop.invoice(10_000)
    shop.approve(shop.press(shop.link(invoice), Method.BANK, amount=usd(5_000)))

    with pytest.raises(PaymentInFlight):
        shop.press(shop.link(invoice), amount=usd(5_000))


def test_another_amount_on_the_page_takes_the_place_of_the_first(shop: Shop) -> None:
    link = shop.link(shop.invoice(10_000))
    first = shop.press(link, amount=usd(5_000))
    second = shop.press(link, amount=usd(7_000))
    shop.approve(first)
    shop.approve(second)

    assert [amount for _, amount in shop.bank.captures()] == [usd(7_000)]


def test_the_same_part_is_taken_up_again(shop: Shop) -> None:
    link = shop.link(shop.invoice(10_000))

    assert shop.press(link, amount=usd(5_000)).redirect_url == shop.press(link, amount=usd(5_000)).redirect_url


def test_one_key_stands_for_one_amount(shop: Shop) -> None:
    link = shop.link(shop.invoice(10_000))
    shop.press(link, key="once", amount=usd(5_000))

    with pytest.raises(DomainError, match="idempotency_mismatch"):
        shop.press(link, key="once", amount=usd(5_001))


@pytest.mark.parametrize("currency", ["JPY", "KWD"])
def test_it_pays_parts_in_any_minor_units(shop: Shop, currency: str) -> None:
    invoice = shop.invoice(Money(1_001, currency))
    shop.pay(invoice, amount=Money(500, currency))

    assert [amount for _, amount in shop.bank.captures()] == [Money(500, currency)]
    assert shop.balance(invoice.id) == 501


def test_a_return_reopens_the_part_that_it_paid(shop: Shop) -> None:
    invoice = shop.invoice(10_000)
    part = shop.pay(invoice, amount=usd(6_000))
    shop.pay(invoice)
    shop.bank.send_back(part.public_id)
    shop.delivery.flush()

    assert shop.balance(invoice.id) == 6_000
