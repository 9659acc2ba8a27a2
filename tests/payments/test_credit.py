"""A customer's unapplied credit: seen, and put on invoices, once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from models.errors import DomainError
from models.invoice import Invoice, InvoiceStatus
from models.money import Money
from models.payment import Method
from payments import credit
from tests.support.shop import Shop, usd


def overpay(shop: Shop, amount: Money | int = 5_000) -> None:
    """Money for an invoice that was voided meanwhile."""
    invoice = shop.invoice(amount)
    begun = shop.press(shop.link(invoice))
    shop.void(invoice)
    shop.approve(begun)


def apply(shop: Shop, invoice: Invoice, amount: Money | None = None) -> Money:
    with shop.runtime.write() as ctx:
        return credit.apply(ctx, invoice, amount)


def refusal(shop: Shop, invoice: Invoice, amount: Money | None = None) -> str:
    with pytest.raises(DomainError) as refused:
        apply(shop, invoice, amount)
    return refused.value.code


def test_it_pays_an_invoice(shop: Shop) -> None:
    overpay(shop)
    invoice = shop.invoice(3_000)

    assert apply(shop, invoice) == usd(3_000)
    assert (shop.now(invoice).status, shop.credit()) == (InvoiceStatus.PAID, usd(2_000))


def test_it_reaches_as_far_as_there_is(shop: Shop) -> None:
    overpay(shop)
    invoice = shop.invoice(8_000)
    apply(shop, invoice)

    assert (shop.balance(invoice.id), shop.credit()) == (3_000, usd(0))


def test_it_applies_exactly_what_is_asked(shop: Shop) -> None:
    overpay(shop)
    invoice = shop.invoice(8_000)
    apply(shop, invoice, usd(1_000))

    assert (shop.balance(invoice.id), shop.credit()) == (7_000, usd(4_000))


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (usd(0), "bad_amount"),
        (usd(-1), "bad_amount"),
        (usd(5_001), "no_credit"),
        (usd(8_001), "above_balance"),
        (Money(1, "EUR"), "mixed_currencies"),
    ],
)
def test_it_refuses_what_there_is_not(shop: Shop, amount: Money, code: str) -> None:
    overpay(shop)

    assert refusal(shop, shop.invoice(8_000), amount) == code


def test_it_refuses_with_nothing_to_apply(shop: Shop) -> None:
    assert refusal(shop, shop.invoice()) == "no_credit"


def test_it_is_the_customers_own(shop: Shop) -> None:
    overpay(shop)

    assert refusal(shop, shop.invoice(customer_id=shop.customer("Bob"))) == "no_credit"


def test_it_leaves_alone_what_is_being_paid(shop: Shop) -> None:
    overpay(shop)
    invoice = shop.invoice()
    shop.approve(shop.press(shop.link(invoice), Method.BANK))

    assert refusal(shop, invoice) == "payment_in_flight"


def test_it_ends_the_page_with_the_old_amount(shop: Shop) -> None:
    overpay(shop)
    invoice = shop.invoice(8_000)
    begun = shop.press(shop.link(invoice))
    apply(shop, invoice)
    shop.work()
    shop.approve(begun)

    assert len(shop.bank.captures()) == 1


def test_it_lists_every_currency(shop: Shop) -> None:
    overpay(shop)
    overpay(shop, Money(900, "JPY"))
    with shop.runtime.read() as ctx:
        assert credit.balances(ctx, shop.alice_id) == [Money(900, "JPY"), usd(5_000)]


def test_many_hands_spend_it_once(shop: Shop) -> None:
    overpay(shop)
    invoices = [shop.invoice(5_000) for _ in range(8)]

    def spend(invoice: Invoice) -> bool:
        try:
            return bool(apply(shop, invoice))
        except DomainError:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(spend, invoices)) == 1
    assert shop.credit() == usd(0)
