"""Refunds through Stripe: asked for, looked up, told of by its events."""

from typing import Any

import pytest

from models.errors import ProviderError
from models.gateway import GatewayEventKind, RefundWord, StartRefund
from models.money import Money
from models.refund import RefundStatus
from payments.gateways.stripe import StripeGateway
from tests.support.shop import WANTED, usd
from tests.support.stripe_server import VISA, StripeServer

BACK = "b" * 32


@pytest.fixture
def paid(gateway: StripeGateway, stripe: StripeServer) -> str:
    """The session of a card payment that went through."""
    session_id = gateway.start(WANTED).provider_reference
    stripe.confirm(session_id, VISA)
    return session_id


def wanted(session_id: str | None, amount: Money | None = None) -> StartRefund:
    return StartRefund(BACK, WANTED.reference, session_id, amount or usd(4_000))


def test_it_gives_money_back(gateway: StripeGateway, paid: str) -> None:
    assert gateway.refund(wanted(paid)) == RefundWord(BACK, "re_1", RefundStatus.SUCCEEDED, usd(4_000))


def test_it_asks_under_its_own_reference_once(gateway: StripeGateway, stripe: StripeServer, paid: str) -> None:
    assert gateway.refund(wanted(paid)) == gateway.refund(wanted(paid))
    assert len(stripe.refunds) == 1


def test_it_finds_the_payment_whose_session_was_never_told(gateway: StripeGateway, paid: str) -> None:
    assert gateway.refund(wanted(None)).status is RefundStatus.SUCCEEDED
    assert paid


def test_it_says_when_stripe_gives_back_no_more(gateway: StripeGateway, paid: str) -> None:
    with pytest.raises(ProviderError) as refused:
        gateway.refund(wanted(paid, usd(10_001)))
    assert (refused.value.code, refused.value.permanent) == ("charge_already_refunded", True)


def test_it_does_not_know_what_came_of_a_lost_answer(gateway: StripeGateway, stripe: StripeServer, paid: str) -> None:
    stripe.mishaps = ["", "lost", "lost"]
    with pytest.raises(ProviderError) as lost:
        gateway.refund(wanted(paid))
    assert lost.value.accepted_unknown
    assert len(stripe.refunds) == 1


def test_it_finds_a_refund_whose_answer_was_lost(gateway: StripeGateway, paid: str) -> None:
    assert gateway.find_refund(wanted(paid)) is None
    made = gateway.refund(wanted(paid))
    assert gateway.find_refund(wanted(paid)) == made


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("pending", RefundStatus.PENDING),
        ("requires_action", RefundStatus.PENDING),
        ("succeeded", RefundStatus.SUCCEEDED),
        ("failed", RefundStatus.FAILED),
        ("canceled", RefundStatus.FAILED),
    ],
)
def test_it_understands_each_state(
    gateway: StripeGateway, stripe: StripeServer, paid: str, said: str, means: RefundStatus
) -> None:
    stripe.refund_status = said
    assert gateway.refund(wanted(paid)).status is means


@pytest.mark.parametrize("kind", ["refund.created", "refund.updated", "refund.failed", "charge.refund.updated"])
def test_it_hears_of_a_refund(gateway: StripeGateway, stripe: StripeServer, paid: str, kind: str) -> None:
    made = gateway.refund(wanted(paid))
    event = gateway.parse_event(stripe.event(kind, stripe.refunds[0]))
    assert event is not None
    assert (event.kind, event.reference, event.refund) == (GatewayEventKind.REFUND, WANTED.reference, made)


def test_it_asks_which_refund_a_charge_tells_of(gateway: StripeGateway, stripe: StripeServer, paid: str) -> None:
    gateway.refund(wanted(paid))
    charge: dict[str, Any] = {"payment_intent": stripe.sessions[paid]["payment_intent"], "amount_refunded": 4_000}
    event = gateway.parse_event(stripe.event("charge.refunded", charge))
    assert event is not None
    assert event.refund is not None
    assert event.refund.provider_reference == "re_1"


def test_it_ignores_a_refund_of_somebody_else(gateway: StripeGateway, stripe: StripeServer, paid: str) -> None:
    gateway.refund(wanted(paid))
    theirs = stripe.refunds[0] | {"payment_intent": "pi_of_another_program"}
    assert gateway.parse_event(stripe.event("refund.updated", theirs)) is None


def test_it_lists_what_it_has(gateway: StripeGateway, stripe: StripeServer, paid: str) -> None:
    gateway.refund(wanted(paid))
    (record,) = gateway.list_since(stripe.clock.now())
    assert (record.reference, record.provider_reference, record.kind) == (
        WANTED.reference,
        paid,
        GatewayEventKind.SUCCEEDED,
    )
    assert (record.amount, record.refunded) == (usd(10_000), usd(4_000))
