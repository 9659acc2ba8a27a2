"""The simulator's phone has a second app, with a thread and a day of its own."""

from typing import Any

import pytest

from tests.support.visitor import Visitor
from tests.support.world import ACME, ALICE, World

TEXTS, WHATSAPP = f"/simulator/acme/{ALICE[1:]}", f"/simulator/acme/whatsapp-{ALICE[1:]}"
ADDRESS = f"whatsapp:{ALICE}"


def received(world: World, to: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.client.get(f"/simulator/messages.json?to={to}").get_json()
    return found


def writes(alice: Visitor, body: str) -> None:
    alice.opens(WHATSAPP)
    alice.sends(f"{WHATSAPP}/say", body=body)
    alice.world.settle_down()
    alice.opens(WHATSAPP)


def test_it_writes_by_whatsapp_and_shows_the_answer_there_only(alice: Visitor) -> None:
    writes(alice, "hi")
    alice.sees("WhatsApp", "reply with the email")
    alice.opens(TEXTS)
    assert "reply with the email" not in alice.words


def test_it_leads_from_one_app_to_the_other(alice: Visitor) -> None:
    alice.opens(TEXTS)
    assert WHATSAPP in alice.links()
    alice.opens(WHATSAPP)
    assert TEXTS in alice.links()


def test_it_says_until_when_free_words_may_go(alice: Visitor) -> None:
    alice.opens(WHATSAPP)
    alice.sees("Free words for 24 hours")
    writes(alice, "hi")
    alice.sees("Free words until Sat, Jun 20")
    alice.world.advance(hours=25)
    alice.opens(WHATSAPP)
    alice.sees("approved templates only")


def test_it_starts_over_in_the_app_that_is_open(alice: Visitor) -> None:
    writes(alice, "STOP")
    alice.sends(f"{WHATSAPP}/start-over")
    writes(alice, "hi")
    alice.sees("reply with the email")


@pytest.mark.parametrize("to", [ACME, f"whatsapp:{ACME}"])
def test_it_writes_by_whatsapp_for_a_program(world: World, to: str) -> None:
    told = {"from": ADDRESS, "to": to, "body": "hi"}
    answer = world.client.post("/simulator/texts", json=told).get_json()
    assert answer["status"] == 200
    assert "reply with the email" in answer["replies"][0]


def test_it_tells_programs_what_each_app_received(world: World) -> None:
    """The plus sign of an address may come as it is: then it is a space."""
    world.client.post("/simulator/texts", json={"from": ADDRESS, "to": ACME, "body": "hi"})
    [one] = received(world, ADDRESS)
    assert (one["channel"], one["from"], one["to"]) == ("whatsapp", f"whatsapp:{ACME}", ADDRESS)
    assert received(world, ALICE) == []


def test_it_counts_a_message_that_was_posted_by_hand(world: World) -> None:
    """Whoever signs a request to the webhook themselves has written, too."""
    acme = world.merchants["acme"]
    form = world.carrier.form(acme.twilio_account_sid or "", ADDRESS, f"whatsapp:{ACME}", "hi")
    signed = world.carrier.signed(acme.twilio_account_sid or "", "/webhooks/twilio/sms", form)
    assert world.client.post("/webhooks/twilio/sms", data=form, headers=signed).status_code == 200
    assert world.outside.window_opened_at(ADDRESS, f"whatsapp:{ACME}") == world.clock.now()
