"""Bank payments at Stripe that wait for small deposits: one code or two amounts, confirmed on Stripe's own page."""

from datetime import timedelta

import pytest

from models.errors import ProviderError
from models.gateway import DepositsWord, GatewayEventKind
from payments.gateways.stripe import StripeGateway
from tests.support.shop import NOW, WANTED
from tests.support.stripe_server import ACCOUNT, StripeServer

K = GatewayEventKind
PAGE = "https://payments.stripe.com/microdeposit/pacs_test_x?a=1&b=2"
DAY = timedelta(days=1)


@pytest.fixture
def session_id(stripe: StripeServer, gateway: StripeGateway) -> str:
    """One that its customer has left Checkout's page of, after typing in an account."""
    session_id = gateway.start(WANTED).provider_reference
    stripe.confirm(session_id, ACCOUNT, paid=False)
    stripe.asks_for_deposits(session_id, NOW + DAY, PAGE)
    return session_id


@pytest.mark.parametrize(("kind", "count"), [("descriptor_code", 1), ("amounts", 2)])
def test_it_reads_what_has_to_be_confirmed_where_and_from_when(
    stripe: StripeServer, gateway: StripeGateway, session_id: str, kind: str, count: int
) -> None:
    stripe.asks_for_deposits(session_id, NOW + DAY, PAGE, kind)
    event = gateway.fetch(WANTED.reference, session_id)
    assert event is not None
    assert (event.kind, event.deposits) == (K.VERIFYING, DepositsWord(count, NOW + DAY, PAGE))


def test_it_takes_a_completed_page_for_no_debit(stripe: StripeServer, gateway: StripeGateway, session_id: str) -> None:
    event = gateway.parse_event(stripe.event("checkout.session.completed", session_id))
    assert event is not None
    assert (event.kind, event.reference) == (K.VERIFYING, WANTED.reference)


def test_it_has_the_event_sent_again_where_stripe_does_not_say_which(
    stripe: StripeServer, gateway: StripeGateway, session_id: str
) -> None:
    stripe.mishaps.append(500)
    with pytest.raises(ProviderError):
        gateway.parse_event(stripe.event("checkout.session.completed", session_id))


@pytest.mark.parametrize("kind", ["payment_intent.requires_action", "payment_intent.processing"])
def test_it_reads_where_it_stands_whatever_the_event_of_the_intent_says(
    stripe: StripeServer, gateway: StripeGateway, session_id: str, kind: str
) -> None:
    told = gateway.parse_event(stripe.event(kind, stripe.intent_of(session_id)))
    stripe.confirms_deposits(session_id)
    later = gateway.parse_event(stripe.event(kind, stripe.intent_of(session_id), id="evt_2"))
    assert [event.kind for event in (told, later) if event] == [K.VERIFYING, K.PROCESSING]


@pytest.mark.parametrize(
    ("code", "ours"),
    [
        ("payment_method_microdeposit_verification_attempts_exceeded", "deposits_wrong"),
        ("payment_method_microdeposit_verification_timeout", "deposits_late"),
        ("payment_method_microdeposit_failed", "deposits_refused"),
    ],
)
def test_it_says_why_they_were_not_confirmed(
    stripe: StripeServer, gateway: StripeGateway, session_id: str, code: str, ours: str
) -> None:
    stripe.bounce(session_id, code)
    event = gateway.parse_event(stripe.event("payment_intent.payment_failed", stripe.intent_of(session_id)))
    assert event is not None
    assert (event.kind, event.failure_code) == (K.FAILED, ours)


def test_it_takes_a_decline_on_the_open_page_for_no_end(stripe: StripeServer, gateway: StripeGateway) -> None:
    session_id = gateway.start(WANTED).provider_reference
    stripe.declines(session_id, "card_declined")
    assert gateway.parse_event(stripe.event("payment_intent.payment_failed", stripe.intent_of(session_id))) is None


def test_it_cannot_take_back_what_waits_for_deposits(gateway: StripeGateway, session_id: str) -> None:
    assert not gateway.cancel(WANTED.reference, session_id)
