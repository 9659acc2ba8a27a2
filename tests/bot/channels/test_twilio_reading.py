"""What is read out of a webhook that is signed: texts from any sender, and reports in the carrier's words."""

from urllib.parse import quote_plus

import pytest

from bot.channels.twilio import TwilioSms, is_answerable
from models.customer import Channel
from models.errors import MalformedWebhook
from models.message import Failure, MessageStatus
from models.ports import InboundSms, WebhookRequest
from tests.support.wire import ACCOUNT, ACME, ALICE, REFERENCE, STATUS_URL, inbound_form, receipt_form, signed

SMS = TwilioSms()


def parse(webhook: WebhookRequest) -> InboundSms:
    return SMS.parse_inbound(webhook, ACCOUNT)


# --- what is read ----------------------------------------------------------------------------------------------------
def test_it_refuses_a_field_that_comes_twice() -> None:
    """The validator folds repeats away, so whoever repeats a field with its own value still has a good signature."""
    webhook = signed(inbound_form())
    with pytest.raises(MalformedWebhook):
        parse(WebhookRequest(webhook.url, webhook.headers, (*webhook.form, webhook.form[0], ("To", ACME)), b""))


def test_it_gives_one_signed_request_no_second_message_id() -> None:
    """Signatures have no separators: a field may be hidden in the value before it without breaking one."""
    webhook = signed(inbound_form())
    fields = dict(webhook.form)
    swallowed = "NumMedia" + fields.pop("NumMedia")
    fields["MessageSid"] += swallowed
    shifted = WebhookRequest(webhook.url, webhook.headers, tuple(fields.items()), b"")
    SMS.verify(shifted, ACCOUNT)
    with pytest.raises(MalformedWebhook):
        parse(shifted)


@pytest.mark.parametrize("sid", ["", "SM 1", "SM1\x00", "S" * 35])
def test_it_refuses_a_text_without_a_proper_id(sid: str) -> None:
    with pytest.raises(MalformedWebhook):
        parse(signed(inbound_form(MessageSid=sid, SmsSid=sid)))


@pytest.mark.parametrize(
    ("sender", "channel", "read"),
    [
        (ALICE, Channel.SMS, ALICE),
        (f"whatsapp:{ALICE}", Channel.WHATSAPP, ALICE),
        ("rcs:acme_agent", Channel.SMS, "rcs:acme_agent"),
        ("messenger:123", Channel.SMS, "messenger:123"),
        ("22395", Channel.SMS, "22395"),
        ("HARBOR", Channel.SMS, "HARBOR"),
        ("", Channel.SMS, ""),
        ("+12345678901234567890", Channel.SMS, "+12345678901234567890"),
        (ALICE + "\x00\u202e", Channel.SMS, ALICE + "??"),
    ],
)
def test_it_takes_any_sender_for_what_it_is(sender: str, channel: Channel, read: str) -> None:
    text = parse(signed(inbound_form(From=sender)))
    assert (text.channel, text.sender) == (channel, read)


@pytest.mark.parametrize(
    "address", ["rcs:acme", "messenger:1", "22395", "HARBOR", "", "+12345678901234567890", "+0155501"]
)
def test_it_answers_phone_numbers_only(address: str) -> None:
    assert not is_answerable(address)
    assert is_answerable(ALICE)


@pytest.mark.parametrize(
    ("body", "read"),
    [
        ("pay\x00 now\x07", "pay now"),
        ("\u202eyap\u202c", "yap"),
        ("p\u200bay", "pay"),
        ("a\r\nb", "a\nb"),
        ("thanks \U0001f468\u200d\U0001f469\u200d\U0001f466", "thanks \U0001f468\u200d\U0001f469\u200d\U0001f466"),
        ("x" * 2_000, "x" * 1_600),
        ("", ""),
    ],
)
def test_it_keeps_of_a_body_what_can_be_kept(body: str, read: str) -> None:
    assert parse(signed(inbound_form(Body=body))).body == read


def test_it_says_when_twilio_has_answered_an_opt_out_itself() -> None:
    assert parse(signed(inbound_form(Body="STOP", OptOutType="STOP"))).opt_out_type == "STOP"
    assert parse(signed(inbound_form(Body="STOP"))).opt_out_type is None


def test_it_never_looks_at_attached_media() -> None:
    media = {"NumMedia": "1", "MediaUrl0": "http://169.254.169.254/", "MediaContentType0": "image/png"}
    assert "169.254" not in repr(parse(signed(inbound_form(Body="", **media))))


# --- delivery reports ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("accepted", MessageStatus.SENDING),
        ("queued", MessageStatus.SENDING),
        ("sending", MessageStatus.SENDING),
        ("sent", MessageStatus.SENT),
        ("delivered", MessageStatus.DELIVERED),
        ("read", MessageStatus.DELIVERED),
        ("undelivered", MessageStatus.FAILED),
        ("failed", MessageStatus.FAILED),
        ("teleported", None),
        ("", None),
    ],
)
def test_it_translates_the_carriers_words(word: str, status: MessageStatus | None) -> None:
    assert SMS.parse_receipt(signed(receipt_form(word), url=STATUS_URL), ACCOUNT).status == status


@pytest.mark.parametrize(
    ("code", "failure", "kept"),
    [
        ("30003", Failure.TEMPORARY, "30003"),
        ("30008", Failure.TEMPORARY, "30008"),
        ("30005", Failure.PERMANENT, "30005"),
        ("30007", Failure.PERMANENT, "30007"),
        ("", Failure.PERMANENT, None),
        ("<script>", Failure.PERMANENT, None),
    ],
)
def test_it_tells_lasting_failures_from_passing_ones(code: str, failure: Failure, kept: str | None) -> None:
    receipt = SMS.parse_receipt(signed(receipt_form("undelivered", ErrorCode=code), url=STATUS_URL), ACCOUNT)
    assert (receipt.failure, receipt.error_code) == (failure, kept)


@pytest.mark.parametrize("query", ["", "?ref=", "?ref=1", "?ref=" + quote_plus("' or 1=1"), "?other=" + REFERENCE])
def test_it_takes_only_a_whole_reference_for_ours(query: str) -> None:
    assert SMS.parse_receipt(signed(receipt_form(), url=STATUS_URL + query), ACCOUNT).reference is None
