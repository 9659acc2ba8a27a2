"""Two hands start one attempt at the same moment, and the provider answers them differently."""

from collections.abc import Callable
from dataclasses import replace

from models.errors import ProviderError
from models.gateway import GatewayEventKind, StartedPayment, StartPayment
from models.payment import Payment, PaymentStatus
from payments.gateways.bank import Status
from payments.gateways.sandbox import SandboxGateway
from payments.gateways.troubles import Trouble
from payments.starting import BeginResult
from tests.support.shop import SECRET, Shop


class Interrupted(SandboxGateway):
    """While its first start is under way, something else happens; then it answers, or fails."""

    def __init__(self, shop: Shop, meanwhile: Callable[[], object], failure: ProviderError | None = None) -> None:
        super().__init__(shop.bank, base_url="https://till.example", secrets=[SECRET])
        self.meanwhile: Callable[[], object] | None = meanwhile
        self.failure = failure

    def start(self, payment: StartPayment) -> StartedPayment:
        happening, self.meanwhile = self.meanwhile, None
        if happening is None:
            return super().start(payment)
        started = super().start(payment) if self.failure is None else None
        happening()
        if started is None:
            raise self.failure or AssertionError
        return started


def press_interrupted(shop: Shop, meanwhile: Callable[[], object], failure: ProviderError | None = None) -> BeginResult:
    gateway = Interrupted(shop, meanwhile, failure)
    ports = replace(shop.runtime.ports, gateway=gateway, gateways={"sandbox": gateway})
    shop.runtime = replace(shop.runtime, ports=ports)
    return shop.press(shop.link(shop.invoice()))


def latest(shop: Shop) -> Payment:
    payment = shop.view(shop.opened[-1]).payment
    assert payment is not None
    return payment


def test_an_attempt_that_was_ended_meanwhile_leaves_nothing_to_confirm(shop: Shop) -> None:
    begun = press_interrupted(shop, lambda: shop.tell(latest(shop), GatewayEventKind.CANCELLED))

    session = shop.bank.find(begun.payment.public_id)
    assert session is not None
    assert (begun.redirect_url, session.status) == (None, Status.CANCELLED)


def test_an_answer_ends_another_hands_doubt(shop: Shop) -> None:
    def another_hand_times_out() -> None:
        shop.bank.troubles.cause(Trouble.HANGS, 1)
        shop.press(shop.opened[-1])

    begun = press_interrupted(shop, another_hand_times_out)

    assert (begun.payment.status, begun.redirect_url is None) == (PaymentStatus.SUBMITTED, False)


def test_a_time_out_does_not_undo_another_hands_answer(shop: Shop) -> None:
    timeout = ProviderError("timeout", accepted_unknown=True)

    begun = press_interrupted(shop, lambda: shop.press(shop.opened[-1]), timeout)

    assert (begun.payment.status, begun.redirect_url is None) == (PaymentStatus.SUBMITTED, False)


def test_a_refusal_does_not_undo_another_hands_answer(shop: Shop) -> None:
    begun = press_interrupted(shop, lambda: shop.press(shop.opened[-1]), ProviderError("unreachable"))

    assert (begun.payment.status, begun.redirect_url is None) == (PaymentStatus.SUBMITTED, False)


def test_an_event_may_come_before_the_address(shop: Shop) -> None:
    begun = press_interrupted(shop, lambda: shop.tell(latest(shop), GatewayEventKind.SUCCEEDED))

    assert (begun.payment.status, begun.redirect_url) == (PaymentStatus.SUCCEEDED, None)
