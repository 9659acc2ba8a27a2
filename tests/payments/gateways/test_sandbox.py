import json
from dataclasses import replace
from datetime import timedelta

import pytest

from models.errors import MalformedWebhook, UnverifiedWebhook
from models.gateway import GatewayEventKind
from models.ports import WebhookRequest
from payments.gateways import signatures
from payments.gateways.sandbox import SandboxGateway
from tests.support.shop import SECRET, WEBHOOK, Shop, usd

OLD_SECRET = "whsec_" + "b2xkZXItc2FuZGJveC1zZWNyZXQ="


def event(shop: Shop) -> WebhookRequest:
    shop.pay(shop.invoice())
    return shop.posted[-1]


def test_it_understands_its_own_event(shop: Shop) -> None:
    parsed = shop.gateway.parse_event(event(shop))

    assert parsed is not None
    assert (parsed.kind, parsed.amount, parsed.method_label) == (GatewayEventKind.SUCCEEDED, usd(10_000), "Visa 4242")


def test_it_makes_nothing_of_a_created_payment(shop: Shop) -> None:
    shop.press(shop.link(shop.invoice()))
    shop.delivery.flush()

    assert shop.gateway.parse_event(shop.posted[-1]) is None


@pytest.mark.parametrize("off", [timedelta(seconds=301), timedelta(hours=-1), timedelta(days=365)])
def test_it_refuses_an_event_out_of_time(shop: Shop, off: timedelta) -> None:
    request = event(shop)
    shop.clock.advance(off)

    with pytest.raises(UnverifiedWebhook):
        shop.gateway.parse_event(request)


@pytest.mark.parametrize("off", [timedelta(seconds=300), timedelta(seconds=-300)])
def test_it_takes_an_event_on_the_edge_of_time(shop: Shop, off: timedelta) -> None:
    request = event(shop)
    shop.clock.advance(off)

    assert shop.gateway.parse_event(request) is not None


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize("value", [None, "", "garbage", "v1,", "v1,é", "9" * 40])
def test_it_refuses_an_event_with_a_bad_header(shop: Shop, header: str, value: str | None) -> None:
    request = event(shop)
    headers = {**request.headers, header: value} if value is not None else dict(request.headers)
    if value is None:
        del headers[header]

    with pytest.raises(UnverifiedWebhook):
        shop.gateway.parse_event(replace(request, headers=headers))


def test_it_signs_the_very_bytes(shop: Shop) -> None:
    request = event(shop)
    same_json = json.dumps(json.loads(request.body), separators=(",", ":")).encode()

    with pytest.raises(UnverifiedWebhook):
        shop.gateway.parse_event(replace(request, body=same_json))


def test_it_does_not_care_how_headers_are_spelt(shop: Shop) -> None:
    request = event(shop)
    shouted = {name.title(): value for name, value in request.headers.items()}

    assert shop.gateway.parse_event(replace(request, headers=shouted)) is not None


@pytest.mark.parametrize("signer", [OLD_SECRET, SECRET])
def test_two_secrets_verify_while_one_replaces_the_other(shop: Shop, signer: str) -> None:
    rotating = SandboxGateway(shop.bank, base_url="", secrets=[OLD_SECRET, SECRET])
    body = event(shop).body
    headers = signatures.sign(signer, "evt_1", body.decode(), shop.clock.now())

    assert rotating.parse_event(WebhookRequest(WEBHOOK, headers, (), body)) is not None


def riddle(**payment: object) -> bytes:
    whole = {"id": "a", "reference": "b", "amount": 1, "currency": "USD", "method_label": None, "failure_code": None}
    return json.dumps({"id": "e", "type": "payment.succeeded", "payment": whole | payment}).encode()


NO_PAYMENT = b'{"id": "e", "type": "payment.succeeded", "payment": {}}'
AMOUNTS = [riddle(amount=amount) for amount in (1.5, "1", True, None)]
CURRENCIES = [riddle(currency=currency) for currency in ("USD?", "usd", None)]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", NO_PAYMENT, riddle(reference=7), *AMOUNTS, *CURRENCIES])
def test_it_refuses_an_authentic_riddle(shop: Shop, body: bytes) -> None:
    headers = signatures.sign(SECRET, "e", body.decode(), shop.clock.now())

    with pytest.raises(MalformedWebhook):
        shop.gateway.parse_event(WebhookRequest(WEBHOOK, headers, (), body))


def test_it_ignores_a_word_it_does_not_know(shop: Shop) -> None:
    body = '{"id": "e", "type": "payment.blessed", "payment": {}}'
    headers = signatures.sign(SECRET, "e", body, shop.clock.now())

    assert shop.gateway.parse_event(WebhookRequest(WEBHOOK, headers, (), body.encode())) is None
