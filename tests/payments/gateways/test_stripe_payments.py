"""Whole payments through Stripe: from the press of the button to the ledger, whatever goes wrong between."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from models.gateway import Gateway
from models.invoice import Invoice
from models.payment import Method, Payment, PaymentStatus
from payments import accounts, attempts, reconcile, settle
from payments.gateways.stripe import StripeGateway
from tests.support.shop import Shop, usd
from tests.support.stripe_server import ACCOUNT, VISA, StripeServer, serving

PAID, SETTLED = "checkout.session.completed", "checkout.session.async_payment_succeeded"
FIVE_MINUTES = timedelta(minutes=5)
S = PaymentStatus


@pytest.fixture
def stripe(shop: Shop) -> Iterator[StripeServer]:
    """With the shop's clock."""
    with serving(StripeServer(shop.clock)) as server:
        yield server


@pytest.fixture(autouse=True)
def _through_stripe(shop: Shop, gateway: StripeGateway) -> None:
    # The sandbox stays known: the janitor meets what earlier tests left open there.
    gateways: dict[str, Gateway] = {"sandbox": shop.gateway, "stripe": gateway}
    shop.runtime = replace(shop.runtime, ports=replace(shop.runtime.ports, gateways=gateways, gateway=gateway))


def pressed(shop: Shop, invoice: Invoice, method: Method = Method.CARD) -> tuple[Payment, str]:
    """The payment, and the session that it is at Stripe."""
    payment = shop.press(shop.link(invoice), method).payment
    return payment, shop.payment(payment).provider_reference or ""


def tell(shop: Shop, stripe: StripeServer, kind: str, about: str | Mapping[str, Any]) -> None:
    """What the webhook does. Told twice, it is the same event."""
    event = shop.runtime.ports.gateway.parse_event(stripe.event(kind, about, id=f"{shop.folder.name}-{kind}"))
    assert event is not None
    settle.record(shop.runtime, "stripe", event, shop.announce)


def check(shop: Shop, pause: timedelta) -> None:
    shop.clock.advance(pause)
    reconcile.resolve_due(shop.runtime, shop.announce)


def test_a_card_pays_an_invoice(shop: Shop, stripe: StripeServer) -> None:
    payment, session_id = pressed(shop, invoice := shop.invoice())
    stripe.confirm(session_id, VISA)
    tell(shop, stripe, PAID, session_id)

    assert (shop.payment(payment).status, shop.payment(payment).method_label) == (S.SUCCEEDED, "Visa 4242")
    assert shop.balance(invoice.id) == 0


def test_a_debit_pays_when_it_arrives(shop: Shop, stripe: StripeServer) -> None:
    payment, session_id = pressed(shop, invoice := shop.invoice(), Method.BANK)
    stripe.confirm(session_id, ACCOUNT, paid=False)
    tell(shop, stripe, PAID, session_id)
    before = (shop.payment(payment).status, shop.balance(invoice.id))
    stripe.settle(session_id)
    tell(shop, stripe, SETTLED, session_id)

    assert before == (S.PROCESSING, 10_000)
    assert (shop.payment(payment).status, shop.balance(invoice.id)) == (S.SUCCEEDED, 0)


def test_a_debit_that_comes_back_opens_the_invoice_again(shop: Shop, stripe: StripeServer) -> None:
    payment, session_id = pressed(shop, invoice := shop.invoice(), Method.BANK)
    stripe.confirm(session_id, ACCOUNT)
    tell(shop, stripe, PAID, session_id)
    shop.clock.advance(timedelta(days=45))
    tell(shop, stripe, "charge.dispute.created", stripe.dispute(session_id))
    tell(shop, stripe, "charge.dispute.closed", stripe.dispute(session_id, "lost"))

    assert (shop.payment(payment).status, shop.balance(invoice.id)) == (S.RETURNED, 10_000)
    assert shop.payment(payment).failure_code == "R10"


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_the_order_of_events_does_not_matter(shop: Shop, stripe: StripeServer, order: tuple[int, ...]) -> None:
    payment, session_id = pressed(shop, shop.invoice(), Method.BANK)
    stripe.confirm(session_id, ACCOUNT, paid=False)
    unpaid = dict(stripe.sessions[session_id])
    stripe.settle(session_id)
    paid, dispute = stripe.sessions[session_id], stripe.dispute(session_id)
    events = [(PAID, unpaid), (SETTLED, paid), ("charge.dispute.created", dispute)]
    for number in [*order, *order]:
        tell(shop, stripe, *events[number])

    assert (shop.payment(payment).status, len(shop.entries(payment))) == (S.RETURNED, 4)


def test_money_of_another_amount_is_kept_as_credit(shop: Shop, stripe: StripeServer) -> None:
    payment, session_id = pressed(shop, invoice := shop.invoice())
    stripe.confirm(session_id, VISA)
    tell(shop, stripe, PAID, stripe.sessions[session_id] | {"amount_total": 9_999})

    assert (shop.balance(invoice.id), shop.credit()) == (10_000, usd(9_999))
    assert shop.payment(payment).status is S.FAILED


# --- lost on the way -------------------------------------------------------------------------------------------------
def test_a_lost_answer_is_looked_up_and_closed(shop: Shop, stripe: StripeServer) -> None:
    stripe.mishaps = ["lost", "lost"]
    payment, _ = pressed(shop, shop.invoice())
    before = shop.payment(payment).status
    check(shop, FIVE_MINUTES)

    assert (before, shop.payment(payment).status) == (S.UNKNOWN, S.CANCELLED)
    assert [one["status"] for one in stripe.sessions.values()] == ["expired"]


def test_a_lost_payment_is_found(shop: Shop, stripe: StripeServer) -> None:
    stripe.mishaps = ["lost", "lost"]
    payment, _ = pressed(shop, shop.invoice())
    stripe.confirm(next(iter(stripe.sessions)), VISA)
    check(shop, FIVE_MINUTES)

    assert shop.payment(payment).status is S.SUCCEEDED


def test_a_lost_event_is_made_up_for(shop: Shop, stripe: StripeServer) -> None:
    payment, session_id = pressed(shop, shop.invoice())
    stripe.confirm(session_id, VISA)
    check(shop, FIVE_MINUTES)

    assert shop.payment(payment).status is S.SUCCEEDED


def test_a_page_nobody_confirms_is_closed_at_stripe(shop: Shop, stripe: StripeServer) -> None:
    payment, session_id = pressed(shop, shop.invoice())
    for pause in (FIVE_MINUTES, attempts.ATTEMPT_LIFETIME):
        check(shop, pause)

    assert (shop.payment(payment).status, stripe.sessions[session_id]["status"]) == (S.CANCELLED, "expired")


def test_stripe_out_of_order_is_told_as_such(shop: Shop, stripe: StripeServer) -> None:
    stripe.mishaps = [503]
    payment, _ = pressed(shop, shop.invoice())

    assert (shop.payment(payment).status, shop.payment(payment).failure_code) == (S.FAILED, "provider_unavailable")


def test_another_press_closes_the_page_before(shop: Shop, stripe: StripeServer) -> None:
    _, first = pressed(shop, invoice := shop.invoice())
    _, second = pressed(shop, invoice, Method.BANK)

    assert [stripe.sessions[one]["status"] for one in (first, second)] == ["expired", "open"]


def test_an_amended_invoice_closes_the_page_with_the_old_amount(shop: Shop, stripe: StripeServer) -> None:
    _, session_id = pressed(shop, invoice := shop.invoice())
    shop.amend(invoice, usd(500))
    shop.work()

    assert stripe.sessions[session_id]["status"] == "expired"


def keeps(shop: Shop, stripe: StripeServer) -> tuple[Payment, str]:
    """A bank payment whose account Alice keeps, settled; and its session."""
    begun = shop.press(shop.link(shop.invoice()), Method.BANK, saves_account=True)
    session_id = shop.payment(begun.payment).provider_reference or ""
    stripe.confirm(session_id, ACCOUNT, paid=False)
    tell(shop, stripe, PAID, session_id)
    stripe.settle(session_id)
    tell(shop, stripe, SETTLED, session_id)
    return shop.payment(begun.payment), session_id


def of_alice(shop: Shop) -> list[str]:
    with shop.runtime.read() as ctx:
        return [one.public_id for one in accounts.of(ctx, shop.alice_id)]


def test_a_kept_account_opens_a_page_that_offers_that_one(shop: Shop, stripe: StripeServer) -> None:
    keeps(shop, stripe)
    begun = shop.press(shop.link(shop.invoice(700)), Method.BANK, saved_account=of_alice(shop)[0])
    form = dict(next(form for call, form in reversed(stripe.calls) if call == "POST /v1/checkout/sessions"))
    assert form["customer"] in stripe.customers
    assert str(begun.redirect_url).startswith("https://checkout.stripe.com/")


def test_a_kept_account_is_never_used_again_after_it_was_not_authorised(shop: Shop, stripe: StripeServer) -> None:
    _, session_id = keeps(shop, stripe)
    assert len(of_alice(shop)) == 1
    tell(shop, stripe, "charge.dispute.created", stripe.dispute(session_id))
    assert of_alice(shop) == []


def test_another_account_chosen_on_the_page_is_to_blame_itself(shop: Shop, stripe: StripeServer) -> None:
    keeps(shop, stripe)
    begun = shop.press(shop.link(shop.invoice(700)), Method.BANK, saved_account=of_alice(shop)[0])
    session_id = shop.payment(begun.payment).provider_reference or ""
    stripe.customers[stripe.sessions[session_id]["customer"]].insert(0, "pm_other")
    stripe.confirm(session_id, ACCOUNT)
    event = shop.runtime.ports.gateway.parse_event(stripe.event(PAID, session_id, id=f"{shop.folder.name}-other"))
    assert event is not None
    settle.record(shop.runtime, "stripe", event, shop.announce)
    assert shop.payment(begun.payment).saved_account_id is None


def test_a_removed_account_is_gone_at_stripe(shop: Shop, stripe: StripeServer) -> None:
    keeps(shop, stripe)
    accounts.remove(shop.runtime, shop.alice_id, of_alice(shop)[0])
    assert of_alice(shop) == []
    assert list(stripe.customers.values()) == [[]]


def test_what_stripe_keeps_is_an_expense(shop: Shop, stripe: StripeServer) -> None:
    stripe.fee = 320
    payment, session_id = pressed(shop, shop.invoice())
    stripe.confirm(session_id, VISA)
    tell(shop, stripe, PAID, session_id)
    assert shop.entries(payment)[-2:] == [("provider_fees", 320), ("clearing", -320)]
