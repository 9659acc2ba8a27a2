"""Who may call our webhooks: whoever signed exactly this request with the account's token."""

import random  # noqa: TID251 - Random(seed): the same flips in every run
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from bot.channels.twilio import TwilioSms
from models.errors import MalformedWebhook, UnverifiedWebhook
from models.ports import InboundSms, WebhookRequest
from tests.support.wire import (
    ACCOUNT,
    ACME,
    ALICE,
    BASE_URL,
    FORM_TYPE,
    GLOBEX_ACCOUNT,
    REFERENCE,
    SMS_URL,
    STATUS_URL,
    as_json,
    inbound_form,
    receipt_form,
    request,
    signed,
)

SMS = TwilioSms()


def parse(webhook: WebhookRequest) -> InboundSms:
    return SMS.parse_inbound(webhook, ACCOUNT)


def refused(webhook: WebhookRequest) -> bool:
    try:
        parse(webhook)
    except (UnverifiedWebhook, MalformedWebhook):
        return True
    return False


# --- the signature ---------------------------------------------------------------------------------------------------
def test_it_takes_what_twilio_signed() -> None:
    text = parse(signed(inbound_form()))
    assert (text.sender, text.to, text.body) == (ALICE, ACME, "  What do I owe?  ")


def test_it_finds_the_signature_under_any_spelling_of_the_header() -> None:
    webhook = signed(inbound_form())
    shouted = {name.upper(): value for name, value in webhook.headers.items()}
    assert parse(WebhookRequest(webhook.url, shouted, webhook.form, b"")).sender == ALICE


@pytest.mark.parametrize("signed_url", [SMS_URL, SMS_URL.replace(".com/", ".com:443/")])
def test_it_takes_the_default_port_written_or_not(signed_url: str) -> None:
    assert parse(signed(inbound_form(), signed_url=signed_url)).sender == ALICE


def test_it_signs_the_raw_query_as_well() -> None:
    url = f"{STATUS_URL}?ref={REFERENCE}&x=%2B1%20a+b"
    assert SMS.parse_receipt(signed(receipt_form(), url=url), ACCOUNT).reference == REFERENCE


@pytest.mark.parametrize("signature", [None, "", "x", "bm90IG91cnM=", "\u00e9" * 28, "\ud800"])
def test_it_refuses_a_missing_or_wrong_signature(signature: str | None) -> None:
    with pytest.raises(UnverifiedWebhook):
        parse(request(inbound_form(), signature=signature))


@pytest.mark.parametrize(
    "url",
    [
        SMS_URL.replace("https", "http"),
        SMS_URL.replace("pay.", "evil."),
        SMS_URL.replace("/sms", "/status"),
        f"{SMS_URL}?a=1",
        f"{SMS_URL}/",
        SMS_URL.replace(".com", ".com:port"),
        "http://[",
    ],
)
def test_it_refuses_a_signature_for_another_url(url: str) -> None:
    with pytest.raises(UnverifiedWebhook):
        parse(signed(inbound_form(), url=url, signed_url=SMS_URL))


@pytest.mark.parametrize(
    "changed",
    [
        [(name, value.strip()) for name, value in inbound_form()],
        [(name, value) for name, value in inbound_form() if value],
        [*inbound_form(), ("Extra", "1")],
        inbound_form(From=ALICE + "0"),
        inbound_form()[1:],
        [*inbound_form(), ("Body", "pay")],
        [],
    ],
)
def test_it_refuses_changed_added_trimmed_or_dropped_fields(changed: list[tuple[str, str]]) -> None:
    webhook = signed(inbound_form())
    with pytest.raises(UnverifiedWebhook):
        parse(WebhookRequest(webhook.url, webhook.headers, tuple(changed), b""))


def test_it_refuses_the_token_of_another_account() -> None:
    with pytest.raises(UnverifiedWebhook):
        parse(signed(inbound_form(), token=GLOBEX_ACCOUNT.auth_token))


def test_it_refuses_a_call_in_the_name_of_another_account() -> None:
    with pytest.raises(UnverifiedWebhook):
        parse(signed(inbound_form(AccountSid=GLOBEX_ACCOUNT.sid)))


def test_it_refuses_a_thousand_flipped_bits() -> None:
    chance = random.Random(20260619)
    webhook = signed(inbound_form())
    body = urlencode(webhook.form).encode()
    flips = 0
    while flips < 1_000:
        flipped = _flip(chance, webhook, body)
        if flipped is not None:
            assert refused(flipped)
            flips += 1


def _flip(chance: random.Random, webhook: WebhookRequest, body: bytes) -> WebhookRequest | None:
    """One bit of the path, the signature or the body is wrong. None where that changes no meaning (%2b for %2B)."""
    parts = [webhook.url.removeprefix(BASE_URL).encode(), webhook.headers["X-Twilio-Signature"].encode(), body]
    which = chance.randrange(3)
    wrong = bytearray(parts[which])
    wrong[chance.randrange(len(wrong))] ^= 1 << chance.randrange(8)
    parts[which] = bytes(wrong)
    path, signature, sent = (part.decode("latin-1") for part in parts)
    form = tuple(parse_qsl(sent, keep_blank_values=True))
    if which == 2 and sorted(form) == sorted(webhook.form):
        return None
    headers = {"Content-Type": FORM_TYPE, "X-Twilio-Signature": signature}
    return WebhookRequest(BASE_URL + path, headers, form, parts[2])


@given(form=st.dictionaries(st.text(max_size=9), st.text(max_size=9), max_size=9), flaw=st.sampled_from(["", "x"]))
@pytest.mark.fuzz
def test_it_judges_forms_as_the_library_does(form: dict[str, str], flaw: str) -> None:
    validator = RequestValidator(ACCOUNT.auth_token)
    signature = validator.compute_signature(SMS_URL, form) + flaw
    try:
        SMS.verify(request(list(form.items()), signature=signature), ACCOUNT)
    except UnverifiedWebhook:
        assert not validator.validate(SMS_URL, form, signature)
    else:
        assert validator.validate(SMS_URL, form, signature)


@given(
    url=st.text(),
    signature=st.text(),
    content_type=st.sampled_from([FORM_TYPE, "application/json", "multipart/form-data", "", "\ud800"]),
    form=st.lists(st.tuples(st.text(st.characters(), max_size=9), st.text(st.characters(), max_size=9)), max_size=9),
    body=st.binary(max_size=99),
)
@pytest.mark.fuzz
def test_it_never_falls_over_garbage(
    url: str, signature: str, content_type: str, form: list[tuple[str, str]], body: bytes
) -> None:
    headers = {"Content-Type": content_type, "X-Twilio-Signature": signature}
    assert refused(WebhookRequest(url, headers, tuple(form), body))


# --- JSON ------------------------------------------------------------------------------------------------------------
def _json_call(body: bytes, query: str) -> WebhookRequest:
    url = f"{SMS_URL}{query}"
    signature = RequestValidator(ACCOUNT.auth_token).compute_signature(url, {})
    return WebhookRequest(url, {"Content-Type": "application/json", "X-Twilio-Signature": signature}, (), body)


def test_it_verifies_json_by_the_hash_of_its_bytes() -> None:
    body = as_json({"event": "x"})
    digest = RequestValidator("").compute_hash(body.decode())
    SMS.verify(_json_call(body, f"?bodySHA256={digest}"), ACCOUNT)
    with pytest.raises(UnverifiedWebhook):
        SMS.verify(_json_call(body + b" ", f"?bodySHA256={digest}"), ACCOUNT)


def test_it_refuses_json_without_a_hash() -> None:
    with pytest.raises(UnverifiedWebhook):
        SMS.verify(_json_call(as_json({"MessageSid": "SM1"}), ""), ACCOUNT)


def test_it_refuses_json_that_is_no_text() -> None:
    body = b"\xff\xfe"
    with pytest.raises(UnverifiedWebhook):
        SMS.verify(_json_call(body, "?bodySHA256=" + "0" * 64), ACCOUNT)


def test_it_reads_no_text_message_from_json() -> None:
    body = as_json({"MessageSid": "SM1"})
    digest = RequestValidator("").compute_hash(body.decode())
    with pytest.raises(MalformedWebhook):
        parse(_json_call(body, f"?bodySHA256={digest}"))
