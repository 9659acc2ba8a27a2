"""Cash, checks and transfers that the merchant records itself."""

from datetime import timedelta

import pytest

from models.errors import DomainError
from models.invoice import Invoice, InvoiceStatus
from models.money import Money
from models.payment import Method, Payment, PaymentStatus
from models.refund import RefundStatus
from payments import offline, refunds
from tests.support.shop import Shop, usd


def record(shop: Shop, *covered: Invoice, amount: Money, method: Method = Method.CASH, key: str = "k") -> Payment:
    with shop.runtime.write() as ctx:
        return offline.record(
            ctx, covered, amount, method, idempotency_key=key + shop.folder.name, announce=shop.announce
        )


def test_it_pays_the_invoice(shop: Shop) -> None:
    invoice = shop.invoice()
    payment = record(shop, invoice, amount=usd(10_000))
    assert (shop.now(invoice).status, shop.payment(payment).status) == (InvoiceStatus.PAID, PaymentStatus.SUCCEEDED)
    assert shop.entries(payment) == [("cash", 10_000), ("receivable", -10_000)]


def test_it_pays_a_part_without_asking_the_merchants_rules(shop: Shop) -> None:
    invoice = shop.invoice()
    record(shop, invoice, amount=usd(1))
    assert shop.balance(invoice.id) == 9_999


def test_what_is_too_much_is_credit(shop: Shop) -> None:
    record(shop, shop.invoice(), amount=usd(12_000), method=Method.CHECK)
    assert shop.credit() == usd(2_000)


def test_it_records_once(shop: Shop) -> None:
    invoice = shop.invoice()
    first, second = (record(shop, invoice, amount=usd(4_000)) for _ in range(2))
    assert (first.id, shop.balance(invoice.id)) == (second.id, 6_000)


def test_it_ends_what_is_being_paid_online(shop: Shop) -> None:
    invoice = shop.invoice()
    begun = shop.press(shop.link(invoice))
    record(shop, invoice, amount=usd(10_000))
    shop.work()
    shop.approve(begun)
    assert shop.bank.captures() == []


def test_a_debit_under_way_becomes_credit_when_it_arrives(shop: Shop) -> None:
    invoice = shop.invoice()
    begun = shop.press(shop.link(invoice), Method.BANK)
    shop.approve(begun)
    record(shop, invoice, amount=usd(10_000))
    shop.clock.advance(timedelta(days=2))
    shop.bank.settle_due()
    shop.delivery.flush()
    assert shop.credit() == usd(10_000)


@pytest.mark.parametrize(
    ("method", "amount", "code"),
    [
        (Method.CARD, usd(1), "method_unknown"),
        (Method.CASH, usd(0), "bad_amount"),
        (Method.CASH, Money(1, "EUR"), "mixed_currencies"),
    ],
)
def test_it_refuses_what_is_no_cash(shop: Shop, method: Method, amount: Money, code: str) -> None:
    with pytest.raises(DomainError, match=code):
        record(shop, shop.invoice(), amount=amount, method=method)


def test_it_refuses_invoices_of_two_customers(shop: Shop) -> None:
    with pytest.raises(DomainError, match="not_found"):
        record(shop, shop.invoice(), shop.invoice(customer_id=shop.customer("Bob")), amount=usd(1))


def test_it_refuses_an_invoice_that_asks_for_nothing(shop: Shop) -> None:
    invoice = shop.invoice()
    shop.void(invoice)
    with pytest.raises(DomainError, match="invoice_state"):
        record(shop, invoice, amount=usd(1))


def test_the_merchant_hands_a_refund_over_itself(shop: Shop) -> None:
    payment = record(shop, shop.invoice(), amount=usd(10_000))
    done = refunds.refund(shop.runtime, payment, usd(4_000), idempotency_key="back")
    assert done.status is RefundStatus.SUCCEEDED
    assert shop.entries(payment)[2:] == [("cash", -4_000), ("refunded", 4_000)]
