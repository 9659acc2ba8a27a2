"""Stripe's webhooks: which are believed, and what each means."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from stripe import WebhookSignature

from models.errors import MalformedWebhook, ProviderError, UnverifiedWebhook
from models.gateway import GatewayEventKind
from models.ports import WebhookRequest
from models.refund import DisputeStatus
from payments.gateways.stripe import StripeGateway
from tests.support.shop import WANTED, usd
from tests.support.stripe_server import ACCOUNT, KEY, SECRET, VISA, StripeServer

OLD_SECRET = "whsec_" + "z9Y8x7W6" * 4
COMPLETED = "checkout.session.completed"
KINDS = GatewayEventKind


@pytest.fixture
def session_id(gateway: StripeGateway) -> str:
    return gateway.start(WANTED).provider_reference


@pytest.fixture
def paid(stripe: StripeServer, session_id: str) -> WebhookRequest:
    """A card payment that went through."""
    stripe.confirm(session_id, VISA)
    return stripe.event(COMPLETED, session_id)


def signed_by_hand(stripe: StripeServer, body: str, **other: Any) -> WebhookRequest:
    header = WebhookSignature.generate_signature_header(body, SECRET, int(stripe.clock.now().timestamp()))
    return WebhookRequest("", {"Stripe-Signature": header, **other}, (), body.encode())


# --- what is believed ------------------------------------------------------------------------------------------------
def test_it_understands_a_paid_session(gateway: StripeGateway, paid: WebhookRequest, session_id: str) -> None:
    event = gateway.parse_event(paid)

    assert event is not None
    assert (event.event_id, event.reference, event.provider_reference) == ("evt_1", WANTED.reference, session_id)
    assert (event.kind, event.amount, event.method_label) == (KINDS.SUCCEEDED, usd(10_000), "Visa 4242")


@pytest.mark.parametrize("off", [301, -301, -3600, 365 * 86_400, -365 * 86_400])
def test_it_refuses_an_event_out_of_time(
    gateway: StripeGateway, stripe: StripeServer, paid: WebhookRequest, off: int
) -> None:
    stripe.clock.advance(timedelta(seconds=off))

    with pytest.raises(UnverifiedWebhook):
        gateway.parse_event(paid)


@pytest.mark.parametrize("off", [300, -300])
def test_it_takes_an_event_on_the_edge_of_time(
    gateway: StripeGateway, stripe: StripeServer, paid: WebhookRequest, off: int
) -> None:
    stripe.clock.advance(timedelta(seconds=off))

    assert gateway.parse_event(paid) is not None


HEADERS = ["", "garbage", "t={now}", "t={now},v1=", "t={now},v1=0", "t={now},v1=é", "t={now}.5,v1=0", "v1=0", "=,=,="]
HEADERS += ["t=,v1=0", "t=now,v1=0", "t=\uff11,v1=0", "t=99999999999,v1=0", "t=" + "9" * 40 + ",v1=0"]


@pytest.mark.parametrize("header", [None, *HEADERS])
def test_it_refuses_an_event_with_a_bad_header(
    gateway: StripeGateway, stripe: StripeServer, paid: WebhookRequest, header: str | None
) -> None:
    now = int(stripe.clock.now().timestamp())
    headers = {} if header is None else {"Stripe-Signature": header.format(now=now)}

    with pytest.raises(UnverifiedWebhook):
        gateway.parse_event(replace(paid, headers=headers))


@pytest.mark.parametrize(
    "front", ["t={now},{old}", "t={now},t={then},{old}", "{old},t={now}", "t=+{then},t={now},{old}"]
)
def test_an_old_signature_passes_for_no_new_one(
    gateway: StripeGateway, stripe: StripeServer, paid: WebhookRequest, front: str
) -> None:
    stamp, _, old = paid.headers["Stripe-Signature"].partition(",")
    stripe.clock.advance(timedelta(hours=1))
    told = front.format(now=int(stripe.clock.now().timestamp()), then=stamp[2:], old=old)

    with pytest.raises(UnverifiedWebhook):
        gateway.parse_event(replace(paid, headers={"Stripe-Signature": told}))


def test_it_takes_a_header_with_more_in_it(gateway: StripeGateway, paid: WebhookRequest) -> None:
    """Stripe adds schemes, and a signature for each secret that is being replaced."""
    stamp, _, right = paid.headers["Stripe-Signature"].partition(",")
    more = f"{stamp},v1={'0' * 64},{right},v0={'1' * 64}"

    assert gateway.parse_event(replace(paid, headers={"stripe-signature": more})) is not None


def test_it_signs_the_very_bytes(gateway: StripeGateway, paid: WebhookRequest) -> None:
    same_json = json.dumps(json.loads(paid.body), separators=(",", ":")).encode()

    with pytest.raises(UnverifiedWebhook):
        gateway.parse_event(replace(paid, body=same_json))


def test_it_refuses_bytes_that_are_no_text(gateway: StripeGateway, paid: WebhookRequest) -> None:
    with pytest.raises(UnverifiedWebhook):
        gateway.parse_event(replace(paid, body=b"\xff" + paid.body))


@pytest.mark.parametrize("signer", [OLD_SECRET, SECRET])
def test_two_secrets_verify_while_one_replaces_the_other(stripe: StripeServer, session_id: str, signer: str) -> None:
    rotating = StripeGateway(KEY, [OLD_SECRET, SECRET], clock=stripe.clock, api_base=stripe.url)
    stripe.confirm(session_id, VISA)

    assert rotating.parse_event(stripe.event(COMPLETED, session_id, secret=signer)) is not None


def test_it_refuses_a_secret_that_was_replaced(gateway: StripeGateway, stripe: StripeServer, session_id: str) -> None:
    with pytest.raises(UnverifiedWebhook):
        gateway.parse_event(stripe.event(COMPLETED, session_id, secret=OLD_SECRET))


WRONG_SHAPES = [
    {"id": 7},
    {"id": "s", "amount_total": 1.5},
    {"id": "s", "amount_total": "1"},
    {"id": "s", "currency": 1},
]


@pytest.mark.parametrize("body", ["", "[]", "{}", "null", "[" * 100_000, '{"id": "e", "type": "x", "data": {}}'])
def test_it_refuses_an_authentic_riddle(gateway: StripeGateway, stripe: StripeServer, body: str) -> None:
    with pytest.raises(MalformedWebhook):
        gateway.parse_event(signed_by_hand(stripe, body))


@pytest.mark.parametrize("thing", WRONG_SHAPES)
def test_it_refuses_a_session_of_another_shape(
    gateway: StripeGateway, stripe: StripeServer, thing: dict[str, Any]
) -> None:
    with pytest.raises(MalformedWebhook):
        gateway.parse_event(stripe.event(COMPLETED, thing))


# --- what is none of ours --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["charge.refunded", "payment_intent.succeeded", "customer.created", "blessed"])
def test_it_ignores_what_it_does_not_know(gateway: StripeGateway, stripe: StripeServer, kind: str) -> None:
    assert gateway.parse_event(stripe.event(kind, {"anything": [1, 2]})) is None


def test_it_ignores_test_events_with_a_live_key(gateway: StripeGateway, stripe: StripeServer, session_id: str) -> None:
    stripe.confirm(session_id, VISA)

    assert gateway.parse_event(stripe.event(COMPLETED, session_id, livemode=False)) is None


@pytest.mark.parametrize("key", ["sk_test_x", "rk_test_x"])
def test_it_ignores_live_events_with_a_test_key(stripe: StripeServer, paid: WebhookRequest, key: str) -> None:
    test = StripeGateway(key, [SECRET], clock=stripe.clock, api_base=stripe.url)

    assert test.parse_event(paid) is None


def test_it_ignores_a_session_of_somebody_else(gateway: StripeGateway, stripe: StripeServer, session_id: str) -> None:
    stripe.confirm(session_id, VISA)
    theirs = {**stripe.sessions[session_id], "client_reference_id": None}

    assert gateway.parse_event(stripe.event(COMPLETED, theirs)) is None


@pytest.mark.parametrize("money", [{"currency": "zzz"}, {"currency": "isk", "amount_total": 10_050}])
def test_it_ignores_money_that_does_not_exist(
    gateway: StripeGateway, stripe: StripeServer, session_id: str, money: dict[str, Any]
) -> None:
    stripe.confirm(session_id, VISA)

    assert gateway.parse_event(stripe.event(COMPLETED, stripe.sessions[session_id] | money)) is None


# --- what the rest means ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "payment_status", "means"),
    [
        (COMPLETED, "paid", KINDS.SUCCEEDED),
        (COMPLETED, "unpaid", KINDS.PROCESSING),
        ("checkout.session.async_payment_succeeded", "paid", KINDS.SUCCEEDED),
        ("checkout.session.async_payment_failed", "unpaid", KINDS.FAILED),
        ("checkout.session.expired", "unpaid", KINDS.CANCELLED),
        ("checkout.session.async_payment_succeeded", "unpaid", None),
        ("checkout.session.async_payment_failed", "paid", None),
        (COMPLETED, "no_payment_required", None),
    ],
)
def test_it_believes_in_money_where_both_words_agree(
    gateway: StripeGateway, stripe: StripeServer, session_id: str, kind: str, payment_status: str, means: KINDS | None
) -> None:
    event = gateway.parse_event(stripe.event(kind, stripe.sessions[session_id] | {"payment_status": payment_status}))

    assert (event.kind if event else None) == means


def test_it_asks_why_a_debit_failed(gateway: StripeGateway, stripe: StripeServer, session_id: str) -> None:
    stripe.confirm(session_id, ACCOUNT, paid=False)
    stripe.bounce(session_id, "insufficient_funds")
    event = gateway.parse_event(stripe.event("checkout.session.async_payment_failed", session_id))

    assert event is not None
    assert (event.failure_code, event.method_label) == ("insufficient_funds", "STRIPE TEST BANK 6789")


@pytest.mark.parametrize("mishap", [500, "lost", "garbled"])
def test_money_does_not_wait_for_details(
    gateway: StripeGateway, stripe: StripeServer, paid: WebhookRequest, mishap: int | str
) -> None:
    stripe.mishaps = [mishap]
    event = gateway.parse_event(paid)

    assert event is not None
    assert (event.kind, event.method_label) == (KINDS.SUCCEEDED, None)


# --- disputes --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("details", "event_name", "status", "means"),
    [
        (ACCOUNT, "created", "lost", KINDS.RETURNED),
        (ACCOUNT, "created", "needs_response", KINDS.RETURNED),
        (ACCOUNT, "created", "warning_needs_response", None),
        (ACCOUNT, "closed", "won", None),
        (VISA, "created", "needs_response", DisputeStatus.OPEN),
        (VISA, "created", "warning_needs_response", None),
        (VISA, "closed", "won", DisputeStatus.WON),
        (VISA, "closed", "warning_closed", None),
        (VISA, "closed", "lost", DisputeStatus.LOST),
    ],
)
def test_it_tells_a_dispute_from_money_that_is_gone_for_good(
    gateway: StripeGateway,
    stripe: StripeServer,
    session_id: str,
    details: dict[str, Any],
    event_name: str,
    status: str,
    means: KINDS | DisputeStatus | None,
) -> None:
    stripe.confirm(session_id, details)
    event = gateway.parse_event(stripe.event(f"charge.dispute.{event_name}", stripe.dispute(session_id, status)))

    assert (event and (event.dispute.status if event.dispute else event.kind)) == means


def test_it_finds_the_payment_behind_a_dispute(gateway: StripeGateway, stripe: StripeServer, session_id: str) -> None:
    stripe.confirm(session_id, ACCOUNT)
    event = gateway.parse_event(stripe.event("charge.dispute.created", stripe.dispute(session_id, amount=9_000)))

    assert event is not None
    assert (event.reference, event.provider_reference) == (WANTED.reference, session_id)
    assert (event.amount, event.failure_code) == (usd(9_000), "R10")


@pytest.mark.parametrize("intent", ["pi_of_another_program", None])
def test_it_ignores_a_dispute_of_somebody_else(
    gateway: StripeGateway, stripe: StripeServer, session_id: str, intent: str | None
) -> None:
    stripe.confirm(session_id, ACCOUNT)
    theirs = stripe.dispute(session_id, "lost", payment_intent=intent)

    assert gateway.parse_event(stripe.event("charge.dispute.closed", theirs)) is None


def test_it_wants_a_dispute_again_that_it_cannot_place(
    gateway: StripeGateway, stripe: StripeServer, session_id: str
) -> None:
    stripe.confirm(session_id, ACCOUNT)
    stripe.mishaps = [500]

    with pytest.raises(ProviderError):
        gateway.parse_event(stripe.event("charge.dispute.created", stripe.dispute(session_id)))
