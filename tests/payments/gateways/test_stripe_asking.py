"""Asking Stripe what became of a payment, and closing one."""

from dataclasses import replace
from datetime import timedelta

import pytest

from models.errors import ProviderError
from models.gateway import GatewayEventKind
from payments.gateways.stripe import StripeGateway
from tests.support.shop import WANTED, usd
from tests.support.stripe_server import ACCOUNT, VISA, StripeServer


@pytest.fixture
def session_id(gateway: StripeGateway) -> str:
    return gateway.start(WANTED).provider_reference


def test_it_fetches_nothing_before_the_customer_decides(gateway: StripeGateway, session_id: str) -> None:
    assert gateway.fetch(WANTED.reference, session_id) is None


def test_it_fetches_a_card_payment(gateway: StripeGateway, stripe: StripeServer, session_id: str) -> None:
    stripe.confirm(session_id, VISA)
    event = gateway.fetch(WANTED.reference, session_id)

    assert event is not None
    assert (event.kind, event.amount, event.method_label) == (GatewayEventKind.SUCCEEDED, usd(10_000), "Visa 4242")
    assert (event.reference, event.provider_reference, event.event_id) == (WANTED.reference, session_id, None)


def test_it_fetches_a_debit_on_its_way(gateway: StripeGateway, stripe: StripeServer, session_id: str) -> None:
    stripe.confirm(session_id, ACCOUNT, paid=False)
    event = gateway.fetch(WANTED.reference, session_id)

    assert event is not None
    assert (event.kind, event.method_label) == (GatewayEventKind.PROCESSING, "STRIPE TEST BANK 6789")


def test_it_fetches_a_debit_that_arrived(gateway: StripeGateway, stripe: StripeServer, session_id: str) -> None:
    stripe.confirm(session_id, ACCOUNT, paid=False)
    stripe.settle(session_id)
    event = gateway.fetch(WANTED.reference, session_id)

    assert event is not None
    assert event.kind is GatewayEventKind.SUCCEEDED


def test_it_fetches_a_debit_that_failed(gateway: StripeGateway, stripe: StripeServer, session_id: str) -> None:
    stripe.confirm(session_id, ACCOUNT, paid=False)
    stripe.bounce(session_id, "insufficient_funds")
    event = gateway.fetch(WANTED.reference, session_id)

    assert event is not None
    assert (event.kind, event.failure_code) == (GatewayEventKind.FAILED, "insufficient_funds")


def test_it_finds_a_session_whose_answer_was_lost(gateway: StripeGateway, stripe: StripeServer) -> None:
    for number in range(120):  # more than a page
        gateway.start(replace(WANTED, reference=f"{number:032}"))
    stripe.clock.advance(timedelta(minutes=20))
    stripe.confirm(next(iter(stripe.sessions)), VISA)
    event = gateway.fetch(f"{0:032}", None)

    assert event is not None
    assert (event.kind, event.reference) == (GatewayEventKind.SUCCEEDED, f"{0:032}")


def test_it_finds_nothing_that_never_arrived(gateway: StripeGateway, stripe: StripeServer, session_id: str) -> None:
    assert gateway.fetch("another", None) is None
    assert list(stripe.sessions) == [session_id]


@pytest.mark.parametrize("mishaps", [[500, 500], ["lost", "lost"], ["garbled"], [404]])
def test_it_says_when_stripe_cannot_be_asked(
    gateway: StripeGateway, stripe: StripeServer, session_id: str, mishaps: list[int | str]
) -> None:
    stripe.mishaps = mishaps

    with pytest.raises(ProviderError):
        gateway.fetch(WANTED.reference, session_id)


def test_it_asks_once_more_after_a_fault(gateway: StripeGateway, stripe: StripeServer, session_id: str) -> None:
    stripe.mishaps = [503]

    assert gateway.fetch(WANTED.reference, session_id) is None


# --- closing ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("is_known", [True, False])
def test_it_closes_a_session_nobody_confirmed(
    gateway: StripeGateway, stripe: StripeServer, session_id: str, is_known: bool
) -> None:
    assert gateway.cancel(WANTED.reference, session_id if is_known else None)
    assert stripe.sessions[session_id]["status"] == "expired"


def test_closing_twice_is_closing(gateway: StripeGateway, session_id: str) -> None:
    assert [gateway.cancel(WANTED.reference, session_id) for _ in range(2)] == [True, True]


def test_it_does_not_close_a_confirmed_session(gateway: StripeGateway, stripe: StripeServer, session_id: str) -> None:
    stripe.confirm(session_id, ACCOUNT, paid=False)

    assert not gateway.cancel(WANTED.reference, session_id)


def test_what_never_arrived_is_closed(gateway: StripeGateway, stripe: StripeServer) -> None:
    assert gateway.cancel(WANTED.reference, None)
    assert stripe.sessions == {}


@pytest.mark.parametrize("mishaps", [[500, 500], ["lost", "lost", 500, 500], [400, 500, 500], [400]])
def test_it_says_when_it_could_not_close(
    gateway: StripeGateway, stripe: StripeServer, session_id: str, mishaps: list[int | str]
) -> None:
    stripe.mishaps = mishaps

    with pytest.raises(ProviderError):
        gateway.cancel(WANTED.reference, session_id)
