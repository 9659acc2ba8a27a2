from dataclasses import replace
from datetime import timedelta

import pytest

from bot.channels import mailgun
from models.errors import MalformedWebhook, UnverifiedWebhook
from models.ports import InboundEmail, Mailbox, WebhookRequest
from tests.support.inbound_mail import MAILGUN_KEY, NOW, OURS, SECRET, Mail, basic, mailgun_parsed, mailgun_signed

MAILBOX = Mailbox(frozenset({OURS}), signing_key=MAILGUN_KEY)
MIME = "From: alice@example.com\r\n\r\nhi"


def read(request: WebhookRequest, mailbox: Mailbox = MAILBOX) -> InboundEmail:
    return mailgun.verify_and_parse(request, mailbox, NOW)


def mime(*on_top: str, signature: str = "") -> WebhookRequest:
    head = "".join(
        f"{line}\r\n" for line in [*on_top, "Received: by mxa.mailgun.org", *([signature] if signature else [])]
    )
    return mailgun_signed([("body-mime", head + MIME)])


@pytest.mark.parametrize("age", [timedelta(seconds=121), -timedelta(seconds=121), timedelta(days=365)])
def test_it_refuses_what_is_not_of_these_two_minutes(age: timedelta) -> None:
    with pytest.raises(UnverifiedWebhook):
        read(mailgun_signed([("body-mime", MIME)], at=NOW - age))


def test_it_says_which_token_must_not_come_again() -> None:
    assert read(mailgun_signed([("body-mime", MIME)], token="abc")).replay_key == "mailgun:abc"


def test_it_gives_a_swapped_body_the_token_of_the_first() -> None:
    first = mailgun_signed([("body-mime", MIME)])
    swapped = replace(first, body=first.body.replace(b"hi", b"PAY+ALL"))

    assert read(swapped).replay_key == read(first).replay_key


def test_it_wants_the_secret_of_the_url_where_one_is_set_up() -> None:
    request, mailbox = mailgun_parsed(Mail()), replace(MAILBOX, secret=SECRET)

    assert read(replace(request, headers={**request.headers, **basic()}), mailbox).text
    with pytest.raises(UnverifiedWebhook):
        read(request, mailbox)


@pytest.mark.parametrize("token", ["", "two words", "é" * 50, "x" * 201])
def test_it_refuses_a_token_that_is_none(token: str) -> None:
    with pytest.raises(UnverifiedWebhook):
        read(mailgun_signed([("body-mime", MIME)], token=token))


def test_it_refuses_two_signatures() -> None:
    request = mailgun_signed([("body-mime", MIME)])

    with pytest.raises(UnverifiedWebhook):
        read(replace(request, body=request.body + b"&signature=00"))


def test_it_takes_a_valid_signature_of_the_senders_domain() -> None:
    request = mime("X-Mailgun-Dkim-Check-Result: Pass", signature="DKIM-Signature: v=1; d=example.com; s=x; b=y")

    assert read(request).is_authenticated


@pytest.mark.parametrize("domain", ["evil.example", "mail.example.com"])
def test_it_takes_no_signature_of_another_domain(domain: str) -> None:
    request = mime("X-Mailgun-Dkim-Check-Result: Pass", signature=f"DKIM-Signature: v=1; d={domain}; s=x; b=y")

    assert not read(request).is_authenticated


def test_it_takes_neither_of_two_signatures() -> None:
    signatures = "DKIM-Signature: v=1; d=example.com; b=y\r\nDKIM-Signature: v=1; d=evil.example; b=y"

    assert not read(mime("X-Mailgun-Dkim-Check-Result: Pass", signature=signatures)).is_authenticated


def test_it_reads_a_form_without_a_list_of_headers() -> None:
    email = read(mailgun_signed([("From", "Alice <alice@example.com>"), ("Message-Id", "<a@b>"), ("body-plain", "hi")]))

    assert (email.from_address, email.provider_reference, email.text) == ("alice@example.com", "<a@b>", "hi")


def test_it_refuses_a_form_without_a_mail() -> None:
    with pytest.raises(MalformedWebhook):
        read(mailgun_signed([("recipient", OURS)]))


def test_it_reads_the_lower_case_fields_where_the_headers_are_missing() -> None:
    email = read(mailgun_signed([("from", "Alice <alice@example.com>"), ("subject", "Hi"), ("body-plain", "hi")]))

    assert (email.from_address, email.subject, email.text) == ("alice@example.com", "Hi", "hi")


def test_it_keeps_a_text_that_comes_without_a_sender() -> None:
    email = read(mailgun_signed([("body-plain", "hi")]))

    assert (email.from_address, email.text) == (None, "hi")
