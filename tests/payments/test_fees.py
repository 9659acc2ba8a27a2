"""Card fees: who pays them, shown before they are charged, booked on a line of their own."""

import pytest

from models.errors import DomainError
from models.merchant import FeePayer, Merchant
from models.money import Money
from models.payment import Method
from payments import fees
from tests.support.shop import Shop, usd


@pytest.fixture(autouse=True)
def _customers_pay_for_cards(shop: Shop) -> None:
    shop.allow(fee_payer=FeePayer.CUSTOMER, fee_basis_points=290)


def quoted(shop: Shop, amount: Money, method: Method = Method.CARD) -> Money:
    with shop.runtime.read() as ctx:
        return fees.quote(ctx.session.get_one(Merchant, shop.merchant_id), method, amount).fee


@pytest.mark.parametrize(
    ("amount", "fee"),
    [(usd(10_000), usd(290)), (usd(17), usd(0)), (usd(18), usd(1)), (Money(500, "JPY"), Money(15, "JPY"))],
)
def test_it_rounds_half_up_to_the_minor_unit(shop: Shop, amount: Money, fee: Money) -> None:
    assert quoted(shop, amount) == fee


@pytest.mark.parametrize("method", [Method.BANK, Method.NETWORK])
def test_only_cards_cost_anything(shop: Shop, method: Method) -> None:
    assert quoted(shop, usd(10_000), method) == usd(0)


def test_a_merchant_who_pays_the_fees_charges_none(shop: Shop) -> None:
    shop.allow(fee_payer=FeePayer.MERCHANT)

    assert quoted(shop, usd(10_000)) == usd(0)


def test_it_charges_the_fee_on_top_and_books_it_apart(shop: Shop) -> None:
    invoice = shop.invoice(10_000)
    payment = shop.pay(invoice, shown_fee=usd(290))

    assert shop.entries(payment) == [("clearing", 10_290), ("fees", -290), ("receivable", -10_000)]
    assert shop.bank.captures() == [(payment.public_id, usd(10_290))]


@pytest.mark.parametrize("shown", [None, usd(0), usd(289)])
def test_nobody_pays_a_fee_that_they_were_not_shown(shop: Shop, shown: Money | None) -> None:
    with pytest.raises(DomainError, match="amount_changed"):
        shop.press(shop.link(shop.invoice(10_000)), shown_fee=shown)


def test_it_takes_the_fee_of_the_part_only(shop: Shop) -> None:
    shop.allow(allows_partial=True)

    assert shop.pay(shop.invoice(10_000), amount=usd(5_000), shown_fee=usd(145)).fee == usd(145)


def test_a_return_gives_the_fee_back_too(shop: Shop) -> None:
    payment = shop.pay(shop.invoice(10_000), shown_fee=usd(290))
    shop.bank.send_back(payment.public_id)
    shop.delivery.flush()

    assert sum(amount for account, amount in shop.entries(payment) if account == "fees") == 0
