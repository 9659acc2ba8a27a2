import pytest

from bot.channels import raw_mime
from models.errors import MalformedWebhook, UnverifiedWebhook
from models.ports import InboundEmail, Mailbox
from tests.support.inbound_mail import NOW, OURS, SECRET, Mail, basic, post

RELAY = "mx.acme.example"
PASS = f"{RELAY}; dkim=pass header.d=example.com; dmarc=pass (p=none) header.from=example.com"


def read(raw: bytes, authserv_id: str | None = RELAY, headers: dict[str, str] | None = None) -> InboundEmail:
    mailbox = Mailbox(frozenset({OURS}), secret=SECRET, authserv_id=authserv_id)
    return raw_mime.verify_and_parse(post(raw, "message/rfc822", headers or basic()), mailbox, NOW)


def results(*values: str) -> bytes:
    return Mail().raw([("Authentication-Results", value) for value in values])


@pytest.mark.parametrize("headers", [{"Authorization": f"Bearer {SECRET}"}, {"X-Webhook-Secret": SECRET}, basic()])
def test_it_takes_the_secret_in_a_header(headers: dict[str, str]) -> None:
    assert read(Mail().raw(), headers=headers).text == "I already paid."


@pytest.mark.parametrize("headers", [{"Authorization": "Basic %%%"}, {"Authorization": "Bearer "}, basic("till:x")])
def test_it_refuses_another_secret(headers: dict[str, str]) -> None:
    with pytest.raises(UnverifiedWebhook):
        read(Mail().raw(), headers=headers)


def test_it_trusts_its_relays_word() -> None:
    assert read(results(PASS)).is_authenticated


@pytest.mark.parametrize(
    "value",
    [
        PASS.replace(RELAY, "mx.evil.example"),
        PASS.replace("dmarc=pass", "dmarc=fail"),
        PASS.replace("header.from=example.com", "header.from=evil.example"),
        f"{RELAY}; spf=pass (dmarc=pass header.from=example.com)",
        f"{RELAY}; dmarc=fail; dmarc=pass header.from=example.com",
        f"{RELAY}; dmarc=passable header.from=example.com",
        "",
    ],
)
def test_it_trusts_no_other_result(value: str) -> None:
    assert not read(results(value)).is_authenticated


def test_it_looks_at_the_topmost_result_only() -> None:
    assert not read(results("mx.other.example; dmarc=pass", PASS)).is_authenticated


def test_it_takes_no_result_from_below_the_relays_own_line() -> None:
    on_top = [("Received", "by mx.acme.example"), ("Received", "by evil.example"), ("Authentication-Results", PASS)]

    assert not read(Mail().raw(on_top)).is_authenticated


def test_it_trusts_nothing_where_no_relay_is_named() -> None:
    assert not read(results(PASS), authserv_id=None).is_authenticated


def test_it_refuses_an_empty_body() -> None:
    with pytest.raises(MalformedWebhook):
        read(b"\r\n")


def test_it_refuses_a_mail_larger_than_any_provider_brings() -> None:
    with pytest.raises(MalformedWebhook):
        read(b"From: a@b.example\n\n" + b"x" * (36 * 1024 * 1024))
