"""What the provider keeps for itself: an expense in the ledger, booked once, whenever it is told."""

from models.gateway import GatewayEvent, GatewayEventKind
from models.money import Money
from models.payment import Method, Payment
from payments import ledger, refunds, settle
from tests.support.shop import Shop, usd

BOOKED = [("clearing", 10_000), ("receivable", -10_000), ("provider_fees", 250), ("clearing", -250)]


def tell(shop: Shop, payment: Payment, fee: Money | None) -> None:
    event = GatewayEvent(None, payment.public_id, "", GatewayEventKind.SUCCEEDED, payment.amount, fee=fee)
    settle.record(shop.runtime, "sandbox", event, shop.announce)


def borne(shop: Shop, payment: Payment) -> Money | None:
    with shop.runtime.read() as ctx:
        return ledger.borne(ctx.session, [payment.id]).get(payment.id)


def test_it_books_the_fee_of_a_card_as_an_expense(shop: Shop) -> None:
    shop.bank.card_basis_points = 250
    payment = shop.pay(shop.invoice())
    assert shop.entries(payment) == BOOKED


def test_it_books_nothing_where_nobody_tells_of_a_fee(shop: Shop) -> None:
    shop.bank.card_basis_points = 250
    assert borne(shop, shop.pay(shop.invoice(), method=Method.NETWORK)) is None


def test_it_books_it_once_however_often_it_is_told(shop: Shop) -> None:
    payment = shop.press(shop.link(shop.invoice())).payment
    for _ in range(3):
        tell(shop, payment, usd(250))
    assert shop.entries(payment) == BOOKED


def test_it_books_one_that_is_known_only_later(shop: Shop) -> None:
    payment = shop.press(shop.link(shop.invoice())).payment
    for fee in (None, usd(250), usd(300)):
        tell(shop, payment, fee)
    assert shop.entries(payment) == BOOKED


def test_a_refund_of_everything_leaves_the_fee_with_the_merchant(shop: Shop) -> None:
    shop.bank.card_basis_points = 250
    payment = shop.pay(shop.invoice())
    refunds.refund(shop.runtime, payment, idempotency_key="k")
    held = sum(amount for account, amount in shop.entries(payment) if account == "clearing")
    assert (held, borne(shop, payment), shop.discrepancies()) == (-250, usd(250), [])


def test_it_changes_nothing_of_what_the_invoice_was_paid(shop: Shop) -> None:
    shop.bank.card_basis_points = 250
    payment = shop.pay(invoice := shop.invoice())
    with shop.runtime.read() as ctx:
        capture = ledger.capture_of(ctx.session, payment)
    assert capture is not None
    assert [(paid.id, share) for paid, share in capture.shares] == [(invoice.id, usd(10_000))]
