"""How amounts came to be: told from the ledger, complete, and adding up."""

from models.customer import Customer
from models.gateway import GatewayEventKind
from models.invoice import Invoice
from models.money import Money
from payments import history, invoices
from payments.history import Step, StepKind
from tests.support.shop import Shop, usd


def of_invoice(shop: Shop, invoice: Invoice) -> list[Step]:
    with shop.runtime.read() as ctx:
        return history.of_invoice(ctx, invoice)


def of_alice(shop: Shop, currency: str = "USD") -> list[Step]:
    with shop.runtime.read() as ctx:
        return history.of_customer(ctx, ctx.session.get_one(Customer, shop.alice_id), currency)


def kinds(told: list[Step]) -> list[StepKind]:
    return [step.kind for step in told]


def total(told: list[Step]) -> Money:
    return sum([step.amount for step in told], start=usd(0))


def test_it_begins_with_what_was_billed(shop: Shop) -> None:
    told = of_invoice(shop, shop.invoice(10_000))
    assert [(step.kind, step.amount) for step in told] == [(StepKind.BILLED, usd(10_000))]


def test_it_tells_of_a_change_and_of_a_withdrawal(shop: Shop) -> None:
    invoice = shop.invoice(10_000)
    with shop.runtime.write() as ctx:
        invoices.amend(ctx, invoice, usd(12_000))
        invoices.void(ctx, invoice)
    told = of_invoice(shop, invoice)
    assert kinds(told) == [StepKind.BILLED, StepKind.CHANGED, StepKind.WITHDRAWN]
    assert total(told) == usd(0)


def test_it_tells_of_a_payment_over_two_invoices_once_for_each(shop: Shop) -> None:
    first, second = shop.invoice(10_000), shop.invoice(5_000)
    shop.pay(first, second)
    assert [of_invoice(shop, invoice)[-1].amount for invoice in (first, second)] == [usd(-10_000), usd(-5_000)]
    told = of_alice(shop)
    assert kinds(told) == [StepKind.BILLED, StepKind.BILLED, StepKind.PAID]
    assert [invoice.id for invoice in told[-1].invoices] == [first.id, second.id]


def test_it_tells_of_a_payment_that_came_back(shop: Shop) -> None:
    invoice = shop.invoice(10_000)
    payment = shop.pay(invoice)
    shop.tell(payment, GatewayEventKind.RETURNED)
    told = of_invoice(shop, invoice)
    assert kinds(told) == [StepKind.BILLED, StepKind.PAID, StepKind.CAME_BACK]
    assert total(told) == usd(10_000)


def test_it_keeps_currencies_apart(shop: Shop) -> None:
    shop.invoice(10_000)
    shop.invoice(Money(5_000, "EUR"))
    assert total(of_alice(shop)) == usd(10_000)
    assert [step.amount for step in of_alice(shop, "EUR")] == [Money(5_000, "EUR")]


def test_it_tells_of_nobody_else(shop: Shop) -> None:
    bob = shop.customer("Bob")
    shop.invoice(10_000, customer_id=bob)
    assert of_alice(shop) == []
