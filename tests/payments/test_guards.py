"""What begin refuses by itself, whatever page or program asks: terms that nobody accepted, money of the other mode."""

import pytest

from models.customer import Customer
from models.errors import DomainError
from models.invoice import Invoice
from models.merchant import Mode
from models.money import Money
from models.payment import Method
from payments import custom
from payments.custom import Wish
from tests.support.shop import Shop, usd


def invoice(shop: Shop, mode: Mode) -> Invoice:
    """Of a customer of that mode: no other can have it."""
    tess = shop.customer("Tess")
    with shop.runtime.write() as ctx:
        ctx.session.get_one(Customer, tess).mode = mode
    return shop.invoice(customer_id=tess, mode=mode)


def wish(shop: Shop, customer_id: int | None = None) -> Wish:
    return Wish(customer_id or shop.alice_id, Method.BANK, usd(500), "Deposit", "Alice", "https://till.example/m/x/pay")


def test_it_starts_nothing_while_terms_are_not_accepted(shop: Shop) -> None:
    shop.allow(terms="Pay on time.", terms_version=3)
    link = shop.link(shop.invoice())
    for accepted, code in ((None, "terms_missing"), (2, "terms_changed")):
        with pytest.raises(DomainError, match=code):
            shop.press(link, terms_version=accepted)
    assert shop.view(link).payment is None
    assert shop.press(link, terms_version=3).payment.terms_version == 3


def test_it_starts_nothing_without_an_invoice_either(shop: Shop) -> None:
    shop.allow(terms="Pay on time.", terms_version=3, allows_custom=True)
    with pytest.raises(DomainError, match="terms_missing"):
        custom.begin(shop.runtime, wish(shop), idempotency_key="k")


@pytest.mark.parametrize(
    ("takes", "mode"), [(Mode.LIVE, Mode.TEST), (Mode.TEST, Mode.LIVE)], ids=["test invoice", "live invoice"]
)
def test_it_charges_nobody_in_the_other_mode(shop: Shop, takes: Mode, mode: Mode) -> None:
    shop.gateway.mode = takes
    link = shop.link(invoice(shop, mode))
    with pytest.raises(DomainError, match="mode_mismatch"):
        shop.press(link)
    assert shop.view(link).payment is None


@pytest.mark.parametrize("takes", [None, Mode.TEST])
def test_it_pays_an_invoice_of_a_test_where_no_real_money_moves(shop: Shop, takes: Mode | None) -> None:
    shop.gateway.mode = takes
    assert shop.press(shop.link(invoice(shop, Mode.TEST))).redirect_url is not None


def test_it_takes_no_real_money_from_a_customer_of_a_test(shop: Shop) -> None:
    shop.allow(allows_custom=True)
    shop.gateway.mode = Mode.LIVE
    carol = shop.customer("Carol")
    with shop.runtime.write() as ctx:
        ctx.session.get_one(Customer, carol).mode = Mode.TEST
    with pytest.raises(DomainError, match="mode_mismatch"):
        custom.begin(shop.runtime, wish(shop, carol), idempotency_key="k")
    assert shop.credit() == Money(0, "USD")
