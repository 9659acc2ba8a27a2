"""Stripe on a loopback port, and a gateway to it whose clock stands still."""

from collections.abc import Iterator

import pytest

from models.clock import FrozenClock
from payments.gateways.stripe import StripeGateway
from tests.support.shop import NOW
from tests.support.stripe_server import KEY, SECRET, StripeServer, serving


@pytest.fixture
def stripe() -> Iterator[StripeServer]:
    with serving(StripeServer(FrozenClock(NOW))) as server:
        yield server


@pytest.fixture
def gateway(stripe: StripeServer) -> StripeGateway:
    return StripeGateway(KEY, [SECRET], clock=stripe.clock, api_base=stripe.url, timeouts_s=(2.0, 0.5))
