import json
from dataclasses import replace
from datetime import timedelta

import pytest

from models.errors import DomainError, MalformedWebhook, ProviderError, UnverifiedWebhook
from models.payment import Method, PaymentStatus
from models.ports import GatewayEventKind, StartPayment, WebhookRequest
from payments.gateways import pretend, signatures
from payments.gateways.bank import Status
from payments.gateways.delivery import BACKOFF, Delivery
from payments.gateways.pretend import Outcome
from payments.gateways.sandbox import SandboxGateway
from payments.gateways.troubles import Trouble
from tests.support.shop import NOW, SECRET, WEBHOOK, Shop, usd

DAY = timedelta(days=1)
OLD_SECRET = "whsec_" + "b2xkZXItc2FuZGJveC1zZWNyZXQ="
WANTED = StartPayment(
    reference="r" * 32,
    short_reference="HF7Q2K",
    payee="Acme",
    amount=usd(10_000),
    method=Method.CARD,
    description="INV-1",
    return_url="https://till.example/p/x/payment/y",
    expires_at=NOW + timedelta(minutes=30),
)


# --- starting --------------------------------------------------------------------------------------------------------
def test_the_same_reference_starts_one_payment(shop: Shop) -> None:
    assert shop.gateway.start(WANTED) == shop.gateway.start(WANTED)


def test_a_reference_is_for_one_payment_only(shop: Shop) -> None:
    shop.gateway.start(WANTED)

    with pytest.raises(ProviderError, match="idempotency_mismatch"):
        shop.gateway.start(replace(WANTED, amount=usd(1)))


def test_it_shows_the_bank_what_its_pages_need(shop: Shop) -> None:
    session = shop.bank.session(shop.gateway.start(WANTED).provider_reference)

    assert (session.payee, session.short_reference, session.amount) == ("Acme", "HF7Q2K", usd(10_000))


def test_an_unknown_page_is_not_found(shop: Shop) -> None:
    with pytest.raises(DomainError, match="not_found"):
        shop.bank.session("nothing")


def test_a_closed_attempt_cannot_be_confirmed(shop: Shop) -> None:
    started = shop.gateway.start(WANTED)

    assert shop.gateway.cancel(WANTED.reference, started.provider_reference)
    assert shop.bank.confirm(started.provider_reference, "visa").status is Status.CANCELLED


def test_a_confirmed_attempt_cannot_be_closed(shop: Shop) -> None:
    started = shop.gateway.start(WANTED)
    shop.bank.confirm(started.provider_reference, "visa")

    assert not shop.gateway.cancel(WANTED.reference, started.provider_reference)


def test_closing_a_payment_that_never_arrived_keeps_it_out(shop: Shop) -> None:
    assert shop.gateway.cancel(WANTED.reference, None)
    with pytest.raises(ProviderError, match="session_closed"):
        shop.gateway.start(WANTED)


def test_it_fetches_nothing_before_the_owner_decides(shop: Shop) -> None:
    shop.gateway.start(WANTED)

    assert shop.gateway.fetch(WANTED.reference, None) is None


def test_a_page_closes_when_its_time_is_over(shop: Shop) -> None:
    started = shop.gateway.start(WANTED)
    shop.clock.advance(timedelta(minutes=30))

    assert shop.bank.confirm(started.provider_reference, "visa").failure_code == "expired"


# --- accounts and cards ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("choice", "code"), [("declined", "card_declined"), ("no-funds", "insufficient_funds"), ("expired", "expired_card")]
)
def test_cards_decline_in_their_own_words(shop: Shop, choice: str, code: str) -> None:
    payment = shop.pay(shop.invoice(), choice=choice)

    assert (payment.status, payment.failure_code, payment.method_label) == (
        PaymentStatus.FAILED,
        code,
        f"Visa {pretend.find(Method.CARD, choice).ending}",
    )


def test_a_card_can_ask_for_one_more_confirmation(shop: Shop) -> None:
    begun = shop.press(shop.link(shop.invoice()))

    assert shop.approve(begun, "challenge").challenged
    assert shop.approve(begun, "challenge").status is Status.SUCCEEDED


def test_a_card_can_answer_late(shop: Shop) -> None:
    payment = shop.pay(shop.invoice(), choice="late")
    shop.clock.advance(timedelta(minutes=2))
    shop.delivery.flush()

    assert (payment.status, shop.payment(payment).status) == (PaymentStatus.SUBMITTED, PaymentStatus.SUCCEEDED)


def test_a_network_account_can_be_empty(shop: Shop) -> None:
    assert shop.pay(shop.invoice(), method=Method.NETWORK, choice="empty").failure_code == "insufficient_funds"


def test_an_account_is_chosen_from_the_list(shop: Shop) -> None:
    started = shop.gateway.start(WANTED)

    with pytest.raises(DomainError, match="choice_unknown"):
        shop.bank.confirm(started.provider_reference, "4242424242424242")


def test_going_back_ends_the_attempt(shop: Shop) -> None:
    begun = shop.press(shop.link(shop.invoice()))
    shop.bank.decline(begun.payment.provider_reference or "")
    shop.delivery.flush()

    assert shop.payment(begun.payment).status is PaymentStatus.CANCELLED


@pytest.mark.parametrize(
    ("institution", "account", "days", "status", "code"),
    [
        ("first-harbor", "checking", 2, PaymentStatus.SUCCEEDED, None),
        ("first-harbor", "savings", 2, PaymentStatus.FAILED, "R01"),
        ("pinewood", "closed", 1, PaymentStatus.FAILED, "R02"),
        ("pinewood", "missing", 1, PaymentStatus.FAILED, "R03"),
        ("lakeside", "disputed", 3, PaymentStatus.SUCCEEDED, None),
        ("lakeside", "disputed", 43, PaymentStatus.RETURNED, "R10"),
    ],
)
def test_bank_accounts_take_days(
    shop: Shop, institution: str, account: str, days: int, status: PaymentStatus, code: str | None
) -> None:
    begun = shop.press(shop.link(shop.invoice()), Method.BANK)
    shop.approve(begun, account, institution)
    shop.clock.advance(days * DAY)
    shop.bank.settle_due()
    shop.delivery.flush()

    payment = shop.payment(begun.payment)
    assert (payment.status, payment.failure_code) == (status, code)


def test_a_debit_can_be_sent_back_before_it_settles(shop: Shop) -> None:
    payment = shop.pay(shop.invoice(), method=Method.BANK)
    shop.bank.send_back(payment.public_id, "R01")
    shop.delivery.flush()

    assert shop.payment(payment).status is PaymentStatus.FAILED


def test_only_money_that_is_there_can_be_sent_back(shop: Shop) -> None:
    with pytest.raises(DomainError, match="not_returnable"):
        shop.bank.send_back("nothing")


def test_every_outcome_can_be_chosen_somewhere() -> None:
    accounts = [*pretend.CARDS, *pretend.NETWORK_ACCOUNTS, *(a for i in pretend.INSTITUTIONS for a in i.accounts)]

    assert {account.outcome for account in accounts} == set(Outcome)


# --- troubles --------------------------------------------------------------------------------------------------------
def test_a_trouble_strikes_as_often_as_it_was_told(shop: Shop) -> None:
    shop.bank.troubles.cause(Trouble.DOWN, 2)

    for _ in range(2):
        with pytest.raises(ProviderError, match="unreachable"):
            shop.gateway.fetch("r", None)
    assert shop.gateway.fetch("r", None) is None


def test_a_trouble_without_number_lasts(shop: Shop) -> None:
    shop.bank.troubles.cause(Trouble.DOWN)

    for _ in range(3):
        with pytest.raises(ProviderError):
            shop.gateway.fetch("r", None)


def test_the_next_card_can_be_made_to_decline(shop: Shop) -> None:
    shop.bank.troubles.cause(Trouble.DECLINES_CARDS, 1)
    outcomes = [shop.pay(shop.invoice()).status for _ in range(2)]

    assert outcomes == [PaymentStatus.FAILED, PaymentStatus.SUCCEEDED]


def test_a_slow_bank_still_answers(shop: Shop) -> None:
    shop.bank.troubles.cause(Trouble.SLOW, 1)

    assert shop.gateway.start(WANTED).redirect_url


# --- events ----------------------------------------------------------------------------------------------------------
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
CURRENCIES = [riddle(currency=currency) for currency in ("XXX?", "usd", None)]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", NO_PAYMENT, riddle(reference=7), *AMOUNTS, *CURRENCIES])
def test_it_refuses_an_authentic_riddle(shop: Shop, body: bytes) -> None:
    headers = signatures.sign(SECRET, "e", body.decode(), shop.clock.now())

    with pytest.raises(MalformedWebhook):
        shop.gateway.parse_event(WebhookRequest(WEBHOOK, headers, (), body))


def test_it_ignores_a_word_it_does_not_know(shop: Shop) -> None:
    body = '{"id": "e", "type": "payment.blessed", "payment": {}}'
    headers = signatures.sign(SECRET, "e", body, shop.clock.now())

    assert shop.gateway.parse_event(WebhookRequest(WEBHOOK, headers, (), body.encode())) is None


# --- delivery --------------------------------------------------------------------------------------------------------
def test_it_posts_until_somebody_takes_it(shop: Shop) -> None:
    answers = iter([0, 503, 204])
    tries: list[str] = []

    def post(*_request: object) -> int:
        tries.append("try")
        if (answer := next(answers)) == 0:
            raise ConnectionRefusedError
        return answer

    shop.gateway.start(WANTED)
    delivery = Delivery(shop.bank, url=WEBHOOK, secrets=[SECRET], post=post)
    taken = []
    for pause in (timedelta(), *BACKOFF[:3]):
        shop.clock.advance(pause)
        taken.append(delivery.flush())

    assert (taken, len(tries)) == ([0, 0, 1, 0], 3)


def test_it_waits_between_tries(shop: Shop) -> None:
    tries: list[int] = []
    shop.gateway.start(WANTED)

    def post(*_request: object) -> int:
        tries.append(1)
        return 500

    refusing = Delivery(shop.bank, url=WEBHOOK, secrets=[SECRET], post=post)
    refusing.flush()
    refusing.flush()

    assert len(tries) == 1


def test_it_signs_each_try_afresh(shop: Shop) -> None:
    """Else an event that waited an hour would be refused for its age."""
    answers = iter([503, 204])
    accepted = []

    def post(url: str, headers: dict[str, str], body: bytes) -> int:
        answer = next(answers)
        if answer == 204:
            accepted.append(shop.receive(url, headers, body))
        return answer

    shop.gateway.start(WANTED)
    delivery = Delivery(shop.bank, url=WEBHOOK, secrets=[SECRET], post=post)  # type: ignore[arg-type]
    delivery.flush()
    shop.clock.advance(timedelta(hours=1))
    delivery.flush()

    assert accepted == [204]


def test_it_can_send_everything_twice(shop: Shop) -> None:
    shop.bank.troubles.cause(Trouble.DUPLICATES_EVENTS)
    payment = shop.pay(shop.invoice())

    assert len(shop.posted) == 4  # created and succeeded
    assert len(shop.entries(payment)) == 2
