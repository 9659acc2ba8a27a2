import json

import pytest

from bot.channels import postmark
from models.errors import MalformedWebhook
from models.ports import InboundEmail, Mailbox
from tests.support.inbound_mail import NOW, OURS, SECRET, Mail, basic, is_storable, post, postmark_json

MAILBOX = Mailbox(frozenset({OURS}), secret=SECRET)


def read(brought: object) -> InboundEmail:
    return postmark.verify_and_parse(post(json.dumps(brought).encode(), "application/json", basic()), MAILBOX, NOW)


def listed(*headers: tuple[str, str]) -> InboundEmail:
    return read({"From": "alice@example.com", "Headers": [{"Name": name, "Value": value} for name, value in headers]})


def test_it_takes_spf_for_an_envelope_of_the_same_domain() -> None:
    assert listed(("Received-SPF", "Pass (ok) identity=mailfrom; envelope-from=b@example.com; helo=x")).is_authenticated


@pytest.mark.parametrize("word", ["Fail", "None", "SoftFail", "Neutral", "envelope-from=x@example.com; Pass"])
def test_it_takes_no_other_spf_word_for_a_pass(word: str) -> None:
    assert not listed(("Received-SPF", f"{word} identity=mailfrom; envelope-from=b@example.com")).is_authenticated


def test_it_takes_no_verdict_from_below_the_senders_headers() -> None:
    assert not listed(("DKIM-Signature", "v=1"), ("X-Spam-Tests", "DKIM_VALID_AU")).is_authenticated


def test_it_takes_neither_of_two_verdicts() -> None:
    assert not listed(("X-Spam-Tests", "DKIM_VALID_AU"), ("X-Spam-Tests", "SPF_FAIL")).is_authenticated


@pytest.mark.parametrize(
    "brought",
    [
        {"From": None, "Headers": None, "TextBody": 7},
        {"From": {}, "Headers": [None, {"Name": 1}, {"Name": "To"}], "RawEmail": None},
        {"From": "\ud800", "TextBody": "\ud800", "Headers": [{"Name": "\ud800", "Value": "\ud800"}]},
    ],
)
def test_it_accepts_fields_of_other_kinds(brought: object) -> None:
    assert is_storable(read(brought))


def test_it_takes_the_sender_from_where_he_stands() -> None:
    assert read({"FromFull": {"Email": "alice@example.com"}}).from_address == "alice@example.com"


def test_it_does_not_take_postmarks_own_id_for_the_mails() -> None:
    assert read(postmark_json(Mail())).provider_reference == "<a1@mail.example.com>"


@pytest.mark.parametrize("brought", [[], "mail", None, {}, {"RecordType": "Bounce"}])
def test_it_refuses_what_is_no_inbound_mail(brought: object) -> None:
    with pytest.raises(MalformedWebhook):
        read(brought)
