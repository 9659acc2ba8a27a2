"""The simulator's pages and its JSON: the same road that a real phone takes, and nobody else's business."""

import re
import shlex
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from models.errors import DomainError
from payments.gateways.troubles import Trouble
from tests.support.visitor import Visitor
from tests.support.world import ACME, ALICE, ALICE_EMAIL, World
from web import simulator
from web.config import Settings
from web.simulator import time_travel

PHONE = f"/simulator/acme/{ALICE[1:]}"
STRANGER = {"REMOTE_ADDR": "203.0.113.9"}
SANDBOX = {"TILL_SMS": "sandbox", "TILL_EMAIL": "sandbox", "TILL_PAYMENTS": "sandbox"}
LIVE = {
    "TILL_SMS": "twilio",
    "TILL_EMAIL": "smtp",
    "TILL_PAYMENTS": "stripe",
    "SMTP_URL": "smtp://127.0.0.1",
    "STRIPE_SECRET_KEY": "sk",
    "STRIPE_WEBHOOK_SECRET": "whsec",
}


def says(alice: Visitor, body: str) -> None:
    """By the form on the page, and back to it."""
    alice.opens(PHONE)
    alice.sends(f"{PHONE}/say", body=body)
    alice.world.settle_down()
    alice.opens(PHONE)


def posts(world: World, path: str, **fields: object) -> TestResponse:
    return world.client.post(f"/simulator/{path}", json=fields)


def received(world: World, to: str, after: int = 0) -> list[dict[str, Any]]:
    answer = world.client.get("/simulator/messages.json", query_string={"to": to, "after": after})
    found: list[dict[str, Any]] = answer.get_json()
    return found


# --- where it exists --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("changed", [{"TILL_ENV": "production", **LIVE}, {"TILL_ENV": "development", **LIVE}])
@pytest.mark.parametrize("mixed", [{}, {"TILL_SMS": "twilio"}])
def test_it_does_not_exist_beside_anything_live(changed: dict[str, str], mixed: dict[str, str]) -> None:
    base = {"TILL_BASE_URL": "https://till.example", "SECRET_KEY": "0123456789abcdefghijklmnopqrstuv"}
    providers = {**SANDBOX, **mixed} if mixed and changed["TILL_ENV"] == "development" else {}
    live = {name: value for name, value in changed.items() if not (providers and name in (*SANDBOX, *LIVE))}
    app = Flask("bare")
    simulator.install(app, Settings.model_validate({**base, **live, **providers}))
    assert [rule.rule for rule in app.url_map.iter_rules() if "simulator" in rule.rule] == []


@pytest.mark.parametrize("path", ["", "/people", "/acme/15550142", "/messages.json", "/clock", "/trouble"])
def test_it_is_unknown_to_other_machines(world: World, path: str) -> None:
    assert world.client.get(f"/simulator{path}", environ_base=STRANGER).status_code == 404


def test_it_refuses_another_sites_forms(world: World) -> None:
    answer = world.client.post("/simulator/clock", data={"advance": "7d"}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


def test_it_asks_for_the_token_in_its_own_forms(world: World) -> None:
    assert world.client.post(f"{PHONE}/say", data={"body": "hi"}).status_code == 403


# --- the phone --------------------------------------------------------------------------------------------------------
def test_it_begins_as_the_first_customer(alice: Visitor) -> None:
    alice.opens("/simulator")
    alice.sees("You are Alice Adams", "No texts yet", "hi, what do I owe?")


def test_it_takes_a_text_through_the_webhook_and_shows_the_answer(alice: Visitor) -> None:
    says(alice, "hi")
    alice.sees("Acme: hi", "1 segment, GSM-7", "Delivered", "POST /webhooks/twilio/sms", "1 reply")


def test_it_suggests_the_email_and_then_the_code(alice: Visitor) -> None:
    says(alice, "hi")
    assert alice.values("suggestion") == [ALICE_EMAIL]
    says(alice, ALICE_EMAIL)
    assert alice.values("suggestion")[0] == alice.world.code_for(ALICE_EMAIL)


def test_it_sends_a_suggestion(alice: Visitor) -> None:
    alice.opens(PHONE)
    alice.sends(f"{PHONE}/say", suggestion="HELP", body="left in the field")
    assert next(text.text for text in alice.world.outside.thread(ALICE, ACME)) == "HELP"


def test_it_links_the_pay_link_into_a_new_tab(alice: Visitor) -> None:
    for body in ("hi", ALICE_EMAIL):
        says(alice, body)
    says(alice, alice.world.code_for(ALICE_EMAIL))
    says(alice, "ALL")
    (link,) = re.findall(r'<a href="([^"]+/p/[^"]+)" target="_blank" rel="noopener">', alice.page.text)
    assert alice.opens(unescape(link)).status_code == 200


def test_it_shows_no_markup_that_somebody_texts(alice: Visitor) -> None:
    says(alice, "<b>hi</b>")
    assert "<b>hi" not in alice.page.text


def test_it_lets_someone_unknown_text(alice: Visitor) -> None:
    alice.opens("/simulator/stranger?merchant=acme&number=(212) 555-0199")
    alice.follows()
    alice.sees("You are someone unknown", "nobody's file")


def test_it_says_when_a_number_is_none(alice: Visitor) -> None:
    alice.opens("/simulator/stranger?merchant=acme&number=12")
    alice.follows()
    alice.sees("That is not a phone number")


def test_it_lists_the_customers_of_both_merchants(alice: Visitor) -> None:
    alice.opens("/simulator/people")
    alice.sees("Acme", "Bob Brown", "Globex", "Someone unknown")


def test_it_starts_over(alice: Visitor) -> None:
    for body in ("hi", ALICE_EMAIL):
        says(alice, body)
    says(alice, alice.world.code_for(ALICE_EMAIL))
    alice.sends(f"{PHONE}/start-over")
    alice.follows()
    alice.sees("No texts yet", "No mail yet")
    says(alice, "hi")
    alice.sees("reply with the email")


# --- the mailbox ------------------------------------------------------------------------------------------------------
def mail_with_code(alice: Visitor) -> int:
    says(alice, "hi")
    says(alice, ALICE_EMAIL)
    return int(alice.world.mails_to(ALICE_EMAIL)[-1].id)


def test_it_frames_a_mail_where_nothing_can_run(alice: Visitor) -> None:
    shown = alice.opens(f"/simulator/mail/{mail_with_code(alice)}")
    policy = shown.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy
    assert shown.headers["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize(("tab", "sign"), [("text", "10 minutes"), ("headers", "Auto-Submitted"), ("source", "<pre")])
def test_it_shows_a_mail_from_every_side(alice: Visitor, tab: str, sign: str) -> None:
    mail_with_code(alice)
    assert sign in alice.opens(f"{PHONE}?tab={tab}").text


def test_it_knows_no_mail_that_was_never_sent(alice: Visitor) -> None:
    assert alice.opens("/simulator/mail/4711").status_code == 404


# --- what goes wrong --------------------------------------------------------------------------------------------------
def presses(alice: Visitor, name: str) -> None:
    alice.opens(PHONE)
    alice.sends(f"{PHONE}/mishap", name=name)
    alice.follows()


def test_it_shows_a_text_that_never_arrived(alice: Visitor) -> None:
    presses(alice, "next_text_fails")
    says(alice, "hi")
    alice.sees("Never arrived (30003)")


def test_it_says_when_the_webhook_refused(alice: Visitor) -> None:
    presses(alice, "bad_signature")
    alice.sends(f"{PHONE}/say", body="hi")
    alice.follows()
    alice.sees("The webhook answered 403", "Signature refused")


def test_it_shows_that_a_repeat_changed_nothing(alice: Visitor) -> None:
    presses(alice, "webhook_sent_twice")
    alice.world.phone(ALICE).says("hi")
    alice.opens(PHONE)
    alice.sees("Duplicate")


def test_it_ends_what_is_pressed_again(alice: Visitor) -> None:
    presses(alice, "provider_is_down")
    assert 'aria-pressed="true"' in alice.page.text
    presses(alice, "provider_is_down")
    assert 'aria-pressed="true"' not in alice.page.text


def test_it_says_when_there_is_nothing_to_return(alice: Visitor) -> None:
    presses(alice, "bank_returns")
    alice.sees("There is no bank payment to send back")


def test_it_repeats_a_request_with_a_signature_that_is_good(alice: Visitor) -> None:
    presses(alice, "bad_signature")
    says(alice, "hi")
    (command,) = re.findall(r"<pre[^>]*>(curl .*?)</pre>", alice.page.text, re.DOTALL)
    words = shlex.split(unescape(command))
    headers = dict(words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H")
    path = words[4].removeprefix("http://till.test")
    assert alice.world.client.post(path, data=words[-1], headers=headers).status_code == 200


# --- for programs -----------------------------------------------------------------------------------------------------
def test_it_texts_for_a_program(world: World) -> None:
    answer = posts(world, "texts", **{"from": ALICE, "to": ACME, "body": "hi"}).get_json()
    assert answer["status"] == 200
    assert answer["replies"][0].startswith("Acme: hi")


def test_it_tells_what_a_phone_received_and_nothing_older(world: World) -> None:
    posts(world, "texts", **{"from": ALICE, "to": ACME, "body": "hi"})
    (first,) = received(world, ALICE)
    assert set(first) == {"id", "channel", "from", "to", "subject", "text", "html", "headers", "at"}
    assert (first["from"], first["to"], first["channel"]) == (ACME, ALICE, "sms")
    assert received(world, ALICE, after=first["id"]) == []


def test_it_counts_phones_and_mailboxes_together(world: World) -> None:
    for body in ("hi", ALICE_EMAIL):
        posts(world, "texts", **{"from": ALICE, "to": ACME, "body": body})
        world.settle_down()
    (mail,) = received(world, ALICE_EMAIL)
    assert mail["id"] > received(world, ALICE)[-1]["id"]
    assert mail["subject"]


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("texts", {"from": ALICE, "to": "+15550999", "body": "hi"}, 404),
        ("texts", {"from": ALICE, "to": ACME}, 400),
        ("clock", {"advance": "tomorrow"}, 400),
        ("clock", {"advance": "0d"}, 400),
        ("clock", {}, 400),
        ("trouble", {"name": "earthquake"}, 404),
        ("trouble", {"name": "bad_signature", "times": -1}, 400),
    ],
)
def test_it_refuses_what_makes_no_sense(world: World, path: str, fields: dict[str, str], status: int) -> None:
    assert posts(world, path, **fields).status_code == status


def test_it_moves_the_clock(world: World) -> None:
    before = world.clock.now()
    assert posts(world, "clock", advance="7d").get_json()["now"] == world.clock.now().isoformat()
    assert world.clock.now() == before + timedelta(days=7)


def test_it_moves_the_clock_for_a_form(alice: Visitor) -> None:
    alice.opens(PHONE)
    alice.sends("/simulator/clock", advance="1h", back=PHONE)
    assert alice.page.location == PHONE


def test_it_sends_a_form_nowhere_else(alice: Visitor) -> None:
    alice.opens(PHONE)
    assert alice.sends("/simulator/clock", advance="1h", back="https://evil.example").status_code == 200


def test_it_switches_the_bank_and_the_carrier_for_a_program(world: World) -> None:
    answer = posts(world, "trouble", name="provider_is_down").get_json()
    assert answer["going_on"] == ["provider_is_down"]
    assert set(world.bank.troubles.going_on()) == {Trouble.DOWN}
    assert posts(world, "trouble", name="provider_is_down", times=0).get_json()["going_on"] == []


@pytest.mark.parametrize(
    ("span", "hours"),
    [("7d", 168), ("90m", 1.5), ("2h", 2), ("36h", 36), ("1d12h", 36), (" 1D ", 24), ("30s", 1 / 120)],
)
def test_it_reads_a_span(span: str, hours: float) -> None:
    assert time_travel.read_span(span) == timedelta(hours=hours)


@pytest.mark.parametrize("span", ["", "d", "7", "-1d", "12h1d", "999d", "1w", "1.5h"])
def test_it_refuses_what_is_no_span(span: str) -> None:
    with pytest.raises(DomainError, match="bad_span"):
        time_travel.read_span(span)
