"""The sandbox bank's pages and its webhook: what its customers see, and what Till believes of it."""

import json
from dataclasses import replace

import pytest

from models.payment import PaymentStatus
from models.ports import WebhookRequest
from payments.gateways import signatures
from payments.gateways.pretend import CARDS, INSTITUTIONS
from tests.support import records
from tests.support.visitor import Visitor
from tests.support.world import BANK_SECRETS, World


@pytest.fixture
def at_bank(alice: Visitor, world: World) -> Visitor:
    """Alice, sent to the bank to pay by card."""
    return sent_to_bank(alice, world, "card")


def sent_to_bank(alice: Visitor, world: World, method: str) -> Visitor:
    url = records.link(world, "INV-1042")
    alice.opens(url)
    alice.presses_pay(url, method=method)
    alice.follows()
    return alice


def decides(alice: Visitor, **fields: str) -> Visitor:
    alice.sends(alice.page.request.path, **fields)
    return alice


def test_it_looks_like_no_merchant_and_says_what_it_is(at_bank: Visitor) -> None:
    at_bank.sees("This is a pretend bank", "Pay to Acme", "$1,284.50", "no field for a card number")
    assert "/brand/" not in at_bank.page.text


def test_it_offers_every_pretend_card(at_bank: Visitor) -> None:
    assert at_bank.values("card") == [card.value for card in CARDS]


def test_it_offers_the_accounts_of_the_chosen_bank(alice: Visitor, world: World) -> None:
    sent_to_bank(alice, world, "bank")
    assert alice.values("institution") == [one.value for one in INSTITUTIONS]
    decides(alice, decision="approve", institution="pinewood").follows()
    alice.sees("Pinewood Savings", "Choose the account to pay from", "Choose another bank")
    assert alice.values("account") == [one.value for one in INSTITUTIONS[1].accounts]


def test_it_pays_from_a_network_account(alice: Visitor, world: World) -> None:
    sent_to_bank(alice, world, "network")
    decides(alice, decision="approve", account="everyday")
    world.settle_down()
    alice.follows()
    alice.follows()
    alice.sees("Payment received", "Network account ending 8801")


@pytest.mark.parametrize("card", ["", "nonsense"])
def test_it_asks_for_a_card_it_knows(at_bank: Visitor, card: str) -> None:
    assert decides(at_bank, decision="approve", card=card).page.status_code == 400
    at_bank.sees("There is a problem", "Choose one to continue")


def test_it_asks_a_challenging_card_once_more(at_bank: Visitor, world: World) -> None:
    decides(at_bank, decision="approve", card="challenge")
    at_bank.sees("Confirm your payment", "Asks for one more confirmation")
    assert world.bank.captures() == []
    decides(at_bank, decision="approve", card="challenge")
    assert at_bank.page.status_code == 303
    assert len(world.bank.captures()) == 1


def test_it_goes_back_from_a_page_that_was_decided(at_bank: Visitor) -> None:
    page = at_bank.page.request.path
    decides(at_bank, decision="approve", card="visa")
    assert at_bank.opens(page).status_code == 303
    assert "/payment/" in at_bank.page.location


def test_it_charges_once_however_often_approve_is_sent(at_bank: Visitor, world: World) -> None:
    page = at_bank.page.request.path
    for _ in range(3):
        at_bank.sends(page, decision="approve", card="visa")
        at_bank.opens(records.link(world, "INV-1060"))
    assert len(world.bank.captures()) == 1


@pytest.mark.parametrize("session_id", ["0" * 32, "nothing", "x%00y"])
def test_it_knows_no_other_page(alice: Visitor, session_id: str) -> None:
    assert alice.opens(f"/bank/{session_id}").status_code == 404


def test_it_leads_nowhere_but_back(at_bank: Visitor) -> None:
    page = at_bank.page.request.path
    at_bank.sends(
        f"{page}?return_url=https://evil.example&next=//evil.example", decision="cancel", next="//evil.example"
    )
    assert at_bank.page.location.startswith("http://till.test/p/")


# --- its webhook -----------------------------------------------------------------------------------------------------
def event(world: World, **changed: object) -> WebhookRequest:
    """A signed one about the only payment there is."""
    payment = records.payments(world)[0]
    told = {
        "id": "bank-session",
        "reference": payment.public_id,
        "amount": payment.amount_minor,
        "currency": payment.currency,
        "method_label": "Visa 4242",
        "failure_code": None,
    }
    body = json.dumps({"id": "evt_1", "type": "payment.succeeded", "payment": {**told, **changed}})
    headers = signatures.sign(BANK_SECRETS[-1], "evt_1", body, world.clock.now())
    return WebhookRequest("/webhooks/bank", headers, (), body.encode())


def posted(world: World, hook: WebhookRequest) -> int:
    return world.client.post(hook.url, data=hook.body, headers=dict(hook.headers)).status_code


@pytest.mark.usefixtures("at_bank")
def test_it_believes_a_signed_event(world: World) -> None:
    assert posted(world, event(world)) == 204
    assert records.payments(world)[0].status is PaymentStatus.SUCCEEDED


@pytest.mark.usefixtures("at_bank")
def test_it_believes_it_once(world: World) -> None:
    hook = event(world)
    assert [posted(world, hook) for _ in range(3)] == [204, 204, 204]
    world.settle_down()
    assert len([mail for mail in world.mails_to("alice@example.com") if mail.subject.startswith("Receipt")]) == 1


@pytest.mark.usefixtures("at_bank")
def test_it_refuses_an_unsigned_event(world: World) -> None:
    assert posted(world, replace(event(world), headers={})) == 403
    assert records.payments(world)[0].status is PaymentStatus.SUBMITTED


@pytest.mark.usefixtures("at_bank")
def test_it_refuses_an_event_that_was_changed_on_the_way(world: World) -> None:
    hook = event(world)
    assert posted(world, replace(hook, body=hook.body.replace(b"128450", b"128451"))) == 403


@pytest.mark.usefixtures("at_bank")
def test_it_refuses_an_event_of_another_hour(world: World) -> None:
    hook = event(world)
    world.advance(seconds=301)
    assert posted(world, hook) == 403


@pytest.mark.usefixtures("at_bank")
def test_it_takes_an_event_about_no_payment_of_ours(world: World) -> None:
    assert posted(world, event(world, reference="0" * 32)) == 204


@pytest.mark.usefixtures("at_bank")
def test_it_refuses_an_event_that_nobody_can_read(world: World) -> None:
    body = "[]"
    headers = signatures.sign(BANK_SECRETS[-1], "evt_2", body, world.clock.now())
    assert posted(world, WebhookRequest("/webhooks/bank", headers, (), body.encode())) == 400


def test_it_knows_no_webhook_of_a_provider_it_does_not_use(world: World) -> None:
    assert world.client.post("/webhooks/stripe", data=b"{}").status_code == 404
