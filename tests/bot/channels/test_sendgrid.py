import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.channels import sendgrid
from models.errors import MalformedWebhook, UnverifiedWebhook
from models.ports import InboundEmail, Mailbox, WebhookRequest
from tests.support import inbound_mail
from tests.support.inbound_mail import NOW, OURS, SECRET, SENDGRID_KEY, Mail, basic, multipart, post, sendgrid_signed

SIGNED = Mailbox(frozenset({OURS}), signing_key=SENDGRID_KEY)
BEHIND_SECRET = Mailbox(frozenset({OURS}), secret=SECRET)


def read(request: WebhookRequest, mailbox: Mailbox = SIGNED) -> InboundEmail:
    return sendgrid.verify_and_parse(request, mailbox, NOW)


def fields(**more: str) -> list[tuple[str, str | bytes]]:
    return [("headers", "From: alice@example.com\n"), ("text", "hi"), *more.items()]


def unsigned(headers: dict[str, str] | None = None, query: str = "") -> WebhookRequest:
    return post(multipart(fields()), "multipart/form-data; boundary=xYzZY", headers, query)


def test_it_takes_a_key_between_the_marks_of_a_file() -> None:
    pem = f"-----BEGIN PUBLIC KEY-----\n{SENDGRID_KEY[:64]}\n{SENDGRID_KEY[64:]}\n-----END PUBLIC KEY-----\n"

    assert read(sendgrid_signed(fields()), replace(SIGNED, signing_key=pem)).text == "hi"


def test_it_refuses_a_changed_body() -> None:
    request = sendgrid_signed(fields())

    with pytest.raises(UnverifiedWebhook):
        read(replace(request, body=request.body.replace(b"hi", b"ho")))


@pytest.mark.parametrize("age", [timedelta(hours=74), -timedelta(minutes=6)])
def test_it_refuses_another_time(age: timedelta) -> None:
    with pytest.raises(UnverifiedWebhook):
        read(sendgrid_signed(fields(), NOW - age))


def test_it_takes_the_last_of_three_days_of_tries() -> None:
    assert read(sendgrid_signed(fields(), NOW - timedelta(hours=72))).text == "hi"


@pytest.mark.parametrize("signature", ["", "AAAA", "not base64!", "é"])
def test_it_refuses_an_unreadable_signature(signature: str) -> None:
    request = sendgrid_signed(fields())

    with pytest.raises(UnverifiedWebhook):
        read(replace(request, headers={**request.headers, sendgrid.SIGNATURE: signature}))


def test_it_takes_the_secret_of_the_url() -> None:
    assert read(unsigned(query="?secret=till%3Acorrect+horse"), BEHIND_SECRET).text == "hi"


def test_it_takes_the_password_of_the_url() -> None:
    assert read(unsigned(basic()), BEHIND_SECRET).text == "hi"


def test_it_wants_both_proofs_where_both_are_set_up() -> None:
    with pytest.raises(UnverifiedWebhook):
        read(sendgrid_signed(fields()), replace(SIGNED, secret=SECRET))


def test_it_reads_a_text_in_the_charset_it_names() -> None:
    parsed: list[tuple[str, str | bytes]] = [
        ("headers", "From: alice@example.com\n"),
        ("text", "Grüße aus Köln".encode("latin-1")),
    ]

    assert read(sendgrid_signed([*parsed, ("charsets", '{"text": "iso-8859-1"}')])).text == "Grüße aus Köln"


def test_it_reads_raw_mail_byte_for_byte() -> None:
    raw = b"From: alice@example.com\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\nGr\xfc\xdfe"

    assert read(sendgrid_signed([("email", raw)])).text == "Grüße"


def test_it_takes_spf_for_an_envelope_of_the_same_domain() -> None:
    envelope = json.dumps({"from": "bounce@example.com", "to": []})

    assert read(sendgrid_signed(fields(SPF="pass", envelope=envelope))).is_authenticated


@pytest.mark.parametrize(
    "verdict", ["none", "{@example.com : fail}", "example.com : pass", "{@evil.example : pass}", "pass"]
)
def test_it_takes_no_other_dkim_field_for_a_pass(verdict: str) -> None:
    assert not read(sendgrid_signed(fields(dkim=verdict))).is_authenticated


def test_it_takes_neither_of_two_verdicts() -> None:
    twice = [("dkim", "{@example.com : pass}"), ("dkim", "{@evil.example : pass}")]

    assert not read(sendgrid_signed([*fields(), *twice])).is_authenticated


def test_it_accepts_a_form_with_most_fields_missing() -> None:
    assert read(sendgrid_signed([("from", "Alice <alice@example.com>")])).from_address == "alice@example.com"


def test_it_accepts_600_kb_of_html() -> None:
    html = "<p>wrong amount</p><blockquote>" + "<p>quoted</p>" * 50_000

    assert read(sendgrid_signed([("headers", "From: a@b.example\n"), ("html", html)])).text == "wrong amount"


def test_it_refuses_a_form_without_a_mail() -> None:
    with pytest.raises(MalformedWebhook):
        read(sendgrid_signed([("spam_score", "1")]))


def test_it_finds_the_tag_of_a_forwarded_mail_in_the_envelope() -> None:
    email = read(inbound_mail.sendgrid_parsed(Mail(to="Accounts <accounts@acme.example>")))

    assert email.reply_tag == "t.Ab3-x_9"
