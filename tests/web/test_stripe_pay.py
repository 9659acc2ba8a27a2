"""The pay page in front of Stripe, and its webhook as it arrives over HTTP."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import cast

import pytest

from models.gateway import Gateway
from models.payment import Payment, PaymentStatus
from models.ports import WebhookRequest
from payments.gateways.stripe import StripeGateway
from payments.gateways.stripe_facts import LateStripe
from tests.support import records
from tests.support.stripe_server import KEY, SECRET, VISA, StripeServer, serving
from tests.support.visitor import Visitor
from tests.support.world import World
from web.app import create_app
from web.assembly import Assembly

PAID = "checkout.session.completed"


@dataclass
class Counter:
    """Acme's, where Alice pays by card."""

    world: World
    alice: Visitor
    stripe: StripeServer
    link: str
    made: threading.Event
    """Stripe's library is there."""

    @property
    def payment(self) -> Payment:
        return records.payments(self.world)[-1]

    def paid(self) -> WebhookRequest:
        session_id = self.payment.provider_reference or ""
        self.stripe.confirm(session_id, VISA)
        return self.stripe.event(PAID, session_id)

    def posts(self, hook: WebhookRequest) -> int:
        client = self.world.client
        return client.post("/webhooks/stripe", data=hook.body, headers=dict(hook.headers)).status_code


@pytest.fixture
def counter(world: World) -> Iterator[Counter]:
    with serving(StripeServer(world.clock)) as stripe:
        made = threading.Event()

        def make() -> StripeGateway:
            made.set()
            return StripeGateway(KEY, [SECRET], clock=world.clock, api_base=stripe.url, timeouts_s=(2.0, 2.0))

        late = LateStripe(KEY, make)
        gateway = cast(Gateway, late)
        ports = replace(world.runtime.ports, gateways={gateway.name: gateway}, gateway=gateway)
        world.runtime = replace(world.runtime, ports=ports)
        sandbox = world.client.application.extensions["till.assembly"].sandbox
        assembly = Assembly(world.runtime, world.directory, sandbox, late)
        world.client = create_app(world.client.application.extensions["till.settings"], assembly).test_client()
        yield Counter(world, Visitor(world), stripe, records.link(world, "INV-1042"), made)


def test_stripes_library_comes_before_anybody_presses(counter: Counter) -> None:
    counter.alice.opens("/m/acme")
    assert not counter.made.is_set()
    counter.alice.opens(counter.link)

    assert counter.made.wait(60)


def test_the_page_may_lead_to_checkout(counter: Counter) -> None:
    page = counter.alice.opens(counter.link)

    assert "form-action 'self' http://till.test https://checkout.stripe.com;" in page.headers["Content-Security-Policy"]


def test_the_button_leads_to_checkout(counter: Counter) -> None:
    counter.alice.opens(counter.link)
    answer = counter.alice.presses_pay(counter.link, method="card")

    assert answer.status_code == 303
    assert answer.location == counter.stripe.sessions[counter.payment.provider_reference or ""]["url"]


@pytest.fixture
def pressed(counter: Counter) -> Counter:
    counter.alice.opens(counter.link)
    counter.alice.presses_pay(counter.link, method="card")
    return counter


def test_a_signed_event_pays(pressed: Counter) -> None:
    assert pressed.posts(pressed.paid()) == 204
    assert pressed.payment.status is PaymentStatus.SUCCEEDED


def test_coming_back_from_checkout_does_not(pressed: Counter) -> None:
    pressed.alice.opens(f"{pressed.link}/payment/{pressed.payment.public_id}?session_id=cs_test&status=paid")

    assert pressed.payment.status is PaymentStatus.SUBMITTED


@pytest.mark.parametrize("headers", [{}, {"Stripe-Signature": "t=1,v1=0"}])
def test_an_unsigned_event_does_not(pressed: Counter, headers: dict[str, str]) -> None:
    assert pressed.posts(replace(pressed.paid(), headers=headers)) == 403
    assert pressed.payment.status is PaymentStatus.SUBMITTED


def test_an_authentic_riddle_is_refused_as_unreadable(pressed: Counter) -> None:
    assert pressed.posts(pressed.stripe.signed(b"[]")) == 400


def test_an_event_that_cannot_be_placed_is_wanted_again(pressed: Counter) -> None:
    pressed.paid()
    dispute = pressed.stripe.dispute(pressed.payment.provider_reference or "", "lost")
    pressed.stripe.mishaps = [503]

    assert pressed.posts(pressed.stripe.event("charge.dispute.closed", dispute)) == 503


def test_an_event_of_another_program_is_taken(pressed: Counter) -> None:
    theirs = {"id": "cs_test_theirs", "payment_status": "paid", "amount_total": 1, "currency": "usd"}

    assert pressed.posts(pressed.stripe.event(PAID, theirs | {"client_reference_id": "order-7"})) == 204
