"""The simulator's mailbox writes, too: what it sends comes in by the real webhook and is believed no more than that."""

from typing import Any

from tests.support.visitor import Visitor
from tests.support.world import ALICE, ALICE_EMAIL, BOB_EMAIL

PHONE = f"/simulator/acme/{ALICE[1:]}"


def received(alice: Visitor, to: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = alice.client.get("/simulator/messages.json", query_string={"to": to}).get_json()
    return found


def writes(alice: Visitor, body: str, **fields: str) -> None:
    alice.opens(PHONE)
    alice.sends(f"{PHONE}/write", sender=ALICE_EMAIL, body=body, **fields)
    alice.world.settle_down()
    alice.opens(PHONE)


def test_it_takes_an_email_through_the_webhook_and_shows_the_answer(alice: Visitor) -> None:
    writes(alice, "What do I owe?")
    assert "3 open invoices" in alice.page.text


def test_it_answers_the_mail_in_view_with_its_quote(alice: Visitor) -> None:
    writes(alice, "What do I owe?")
    [first] = received(alice, ALICE_EMAIL)
    writes(alice, "2", mail=str(first["id"]))
    answer = received(alice, ALICE_EMAIL)[-1]
    assert "Pay INV-1051" in answer["text"]
    assert first["headers"]["Message-ID"] in answer["headers"]["References"]


def test_it_forges_a_sender_who_learns_nothing(alice: Visitor) -> None:
    writes(alice, "What do I owe?", is_forged="on")
    [mail] = received(alice, ALICE_EMAIL)
    assert "INV-" not in mail["text"]


def test_it_writes_as_nobody_but_the_person(alice: Visitor) -> None:
    alice.opens(PHONE)
    alice.sends(f"{PHONE}/write", sender=BOB_EMAIL, body="What do I owe?")
    alice.world.settle_down()
    assert received(alice, BOB_EMAIL) == []
