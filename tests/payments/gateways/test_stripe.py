"""Starting a payment at Stripe: what is asked for, and what every kind of answer means."""

from dataclasses import replace
from datetime import timedelta

import pytest

from models.errors import ProviderError
from models.money import Money
from models.payment import Method
from payments import attempts
from payments.gateways.stripe import ASIDE_S, TIMEOUTS_S, StripeGateway
from tests.support.shop import NOW, WANTED, usd
from tests.support.stripe_server import KEY, SECRET, VISA, StripeServer

HOUR = timedelta(hours=1)
CREATE = "POST /v1/checkout/sessions"


def sent(stripe: StripeServer) -> dict[str, str]:
    """The form of the last call."""
    return dict(stripe.calls[-1][1])


def refusal(gateway: StripeGateway) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        gateway.start(WANTED)
    return raised.value


# --- starting --------------------------------------------------------------------------------------------------------
def test_it_sends_the_customer_to_checkout(gateway: StripeGateway, stripe: StripeServer) -> None:
    started = gateway.start(WANTED)

    assert started.redirect_url == f"https://checkout.stripe.com/c/pay/{started.provider_reference}"
    assert list(stripe.sessions) == [started.provider_reference]


def test_it_asks_for_one_payment_of_exactly_that(gateway: StripeGateway, stripe: StripeServer) -> None:
    gateway.start(WANTED)

    assert sent(stripe) == {
        "mode": "payment",
        "client_reference_id": WANTED.reference,
        "allowed_payment_method_types[0]": "card",
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "usd",
        "line_items[0][price_data][unit_amount]": "10000",
        "line_items[0][price_data][product_data][name]": "Acme",
        "line_items[0][price_data][product_data][description]": "INV-1",
        "adaptive_pricing[enabled]": "false",
        "success_url": WANTED.return_url,
        "cancel_url": WANTED.return_url,
        "expires_at": str(int(NOW.timestamp()) + 35 * 60),
        "metadata[payment]": WANTED.reference,
        "metadata[reference]": "HF7Q2K",
        "payment_intent_data[metadata][payment]": WANTED.reference,
        "payment_intent_data[metadata][reference]": "HF7Q2K",
        "payment_intent_data[description]": "INV-1",
    }


@pytest.mark.parametrize(("method", "word"), [(Method.BANK, "us_bank_account"), (Method.NETWORK, "link")])
def test_it_asks_for_the_chosen_method_only(
    gateway: StripeGateway, stripe: StripeServer, method: Method, word: str
) -> None:
    gateway.start(replace(WANTED, method=method))

    assert [value for name, value in sent(stripe).items() if "method_types" in name] == [word]


def test_it_has_banks_asked_for_the_account_only(gateway: StripeGateway, stripe: StripeServer) -> None:
    gateway.start(replace(WANTED, method=Method.BANK))

    name = "payment_method_options[us_bank_account][financial_connections][permissions][0]"
    assert sent(stripe)[name] == "payment_method"


@pytest.mark.parametrize(
    ("money", "told"),
    [
        (Money(500, "JPY"), "500"),
        (Money(500, "ISK"), "50000"),
        (Money(500, "UGX"), "50000"),
        (Money(12_340, "KWD"), "12340"),
        (Money(1_234, "EUR"), "1234"),
    ],
)
def test_it_counts_in_stripes_minor_units(
    gateway: StripeGateway, stripe: StripeServer, money: Money, told: str
) -> None:
    started = gateway.start(replace(WANTED, amount=money))
    assert sent(stripe)["line_items[0][price_data][unit_amount]"] == told

    stripe.confirm(started.provider_reference, VISA)
    event = gateway.fetch(WANTED.reference, started.provider_reference)
    assert event is not None
    assert event.amount == money


def test_it_asks_for_no_thousandth(gateway: StripeGateway, stripe: StripeServer) -> None:
    with pytest.raises(ProviderError, match="amount_not_chargeable") as raised:
        gateway.start(replace(WANTED, amount=Money(12_345, "KWD")))

    assert raised.value.permanent
    assert stripe.calls == []


def test_the_same_reference_starts_one_session(gateway: StripeGateway, stripe: StripeServer) -> None:
    assert gateway.start(WANTED) == gateway.start(WANTED)
    assert len(stripe.sessions) == 1


def test_it_repeats_the_very_same_request_later(gateway: StripeGateway, stripe: StripeServer) -> None:
    first = gateway.start(WANTED)
    stripe.clock.advance(timedelta(minutes=4))

    assert gateway.start(WANTED) == first


def test_a_reference_is_for_one_payment_only(gateway: StripeGateway) -> None:
    gateway.start(WANTED)

    with pytest.raises(ProviderError) as raised:
        gateway.start(replace(WANTED, amount=usd(1)))
    assert raised.value.permanent


# --- what can go wrong -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "permanent", "unknown"),
    [
        (400, True, False),
        (402, True, False),
        (401, False, False),
        (403, False, False),
        (409, False, True),
        (429, False, False),
        (500, False, False),
        (503, False, False),
    ],
)
def test_it_tells_a_refusal_from_a_fault(
    gateway: StripeGateway, stripe: StripeServer, status: int, permanent: bool, unknown: bool
) -> None:
    stripe.mishaps = [status]
    error = refusal(gateway)

    assert (error.permanent, error.accepted_unknown, error.code) == (permanent, unknown, f"http_{status}")


@pytest.mark.parametrize("mishaps", [["lost", "lost"], ["lost", "late"], ["late", 503], ["lost", 429]])
def test_it_does_not_know_what_came_of_a_lost_answer(
    gateway: StripeGateway, stripe: StripeServer, mishaps: list[int | str]
) -> None:
    stripe.mishaps = mishaps
    error = refusal(gateway)

    assert (error.accepted_unknown, error.permanent) == (True, False)


def test_it_asks_once_more_after_a_lost_answer(gateway: StripeGateway, stripe: StripeServer) -> None:
    stripe.mishaps = ["lost"]

    assert [gateway.start(WANTED).provider_reference] == list(stripe.sessions)
    assert [call for call, _ in stripe.calls] == [CREATE, CREATE]


def test_it_knows_when_nothing_was_sent(stripe: StripeServer) -> None:
    nowhere = StripeGateway(KEY, [SECRET], clock=stripe.clock, api_base="http://127.0.0.1:1")
    error = refusal(nowhere)

    assert (error.code, error.accepted_unknown, error.permanent) == ("unreachable", False, False)


def test_it_does_not_know_what_an_unreadable_answer_means(gateway: StripeGateway, stripe: StripeServer) -> None:
    stripe.mishaps = ["garbled"]
    error = refusal(gateway)

    assert (error.code, error.accepted_unknown) == ("unreadable", True)


def test_it_gives_up_before_anyone_takes_its_place() -> None:
    assert timedelta(seconds=2 * sum(TIMEOUTS_S)) < timedelta(seconds=50) < attempts.START_TIMEOUT
    assert sum(ASIDE_S) < 10  # of the time in which Stripe wants its event taken


# --- the server itself -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "name", ["payment_method_types[0]", "line_items[0][amount]", "metadata", "payment[metadata][x]"]
)
def test_the_server_takes_no_name_that_stripe_does_not_know(stripe: StripeServer, name: str) -> None:
    """Else all the tests above would prove nothing about names."""
    answer = stripe.answer("POST", "/v1/checkout/sessions", [(name, "card")], {"Authorization": f"Bearer {KEY}"})

    assert answer is not None
    assert answer.body["error"] == {**answer.body["error"], "code": "parameter_unknown", "param": name}
