"""What every SmsChannel must do: Twilio's library in front of the sandbox's carrier, in process and over real HTTP."""

from datetime import timedelta

import pytest

from models.errors import ProviderError
from models.ports import SmsAccount, SmsChannel
from tests.support.wire import ACCOUNT, ACME, ALICE, REFERENCE, STATUS_URL, Wire, outbound, signed


def refusal(channel: SmsChannel, **fields: object) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        channel.send(outbound(**fields))  # type: ignore[arg-type]
    return caught.value


def test_it_delivers_and_tells_the_carriers_reference(channel: SmsChannel, wire: Wire) -> None:
    assert channel.send(outbound("Acme: hello")).startswith("SM")
    assert wire.heard(ALICE) == ["Acme: hello"]


def test_it_sends_the_words_and_the_link_unaltered(channel: SmsChannel, wire: Wire) -> None:
    body = "Acme: ñ & <1> 100% + =\nhttps://pay.example.com/p/AAAA-_bb.cc?x=1&y=%20 €"
    channel.send(outbound(body))
    assert wire.heard(ALICE) == [body]


def test_it_asks_for_reports_at_the_callback_with_our_reference(channel: SmsChannel, wire: Wire) -> None:
    channel.send(outbound())
    wire.carrier.flush()
    assert {url for url, _, _ in wire.posted} == {f"{STATUS_URL}?ref={REFERENCE}"}


def test_it_reads_the_reports_that_come_back(channel: SmsChannel, wire: Wire) -> None:
    sid = channel.send(outbound())
    wire.carrier.flush()
    url, form, headers = wire.posted[-1]
    request = signed(list(form.items()), url=url)
    receipt = channel.parse_receipt(request, ACCOUNT)
    assert headers["X-Twilio-Signature"] == request.headers["X-Twilio-Signature"]
    assert (receipt.reference, receipt.provider_reference, receipt.status) == (REFERENCE, sid, "delivered")


def test_it_finds_a_text_that_the_carrier_has(channel: SmsChannel) -> None:
    sid = channel.send(outbound())
    assert channel.find(outbound()) == sid


@pytest.mark.parametrize(
    "different",
    [
        {"body": "Acme: other words"},
        {"to": "+15550100777"},
        {"sender": "+15550100888"},
        {"claimed_at": outbound().claimed_at + timedelta(hours=1)},
    ],
)
def test_it_does_not_take_another_text_for_it(channel: SmsChannel, different: dict[str, object]) -> None:
    channel.send(outbound())
    assert channel.find(outbound(**different)) is None  # type: ignore[arg-type]


def test_it_does_not_take_what_the_phone_sent_for_it(channel: SmsChannel, wire: Wire) -> None:
    wire.carrier.text(ACCOUNT.sid, ALICE, ACME, "Acme: hello")
    assert channel.find(outbound("Acme: hello")) is None


def test_it_tells_two_texts_with_the_same_words_apart_by_time(channel: SmsChannel, wire: Wire) -> None:
    first = channel.send(outbound())
    wire.clock.advance(timedelta(minutes=1))
    second = channel.send(outbound())
    assert channel.find(outbound()) == first
    assert channel.find(outbound(claimed_at=wire.clock.now())) == second


def test_it_finds_what_was_accepted_before_the_line_went_dead(channel: SmsChannel, wire: Wire) -> None:
    wire.outside.cause("carrier_hangs_after_accepting")
    error = refusal(channel)
    assert (error.permanent, error.accepted_unknown) == (False, True)
    assert channel.find(outbound()) is not None


@pytest.mark.parametrize(
    ("trouble", "code", "permanent", "accepted_unknown"),
    [
        ("carrier_is_busy", "20429", False, False),
        ("carrier_is_broken", "20503", False, True),
        ("number_opted_out", "21610", True, False),
    ],
)
def test_it_says_whether_to_try_again(
    channel: SmsChannel, wire: Wire, trouble: str, code: str, permanent: bool, accepted_unknown: bool
) -> None:
    wire.outside.cause(trouble)
    error = refusal(channel)
    assert (error.code, error.permanent, error.accepted_unknown) == (code, permanent, accepted_unknown)
    assert wire.heard(ALICE) == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"to": "+1555"}, "21211"), ({"to": "SHORT"}, "21211"), ({"body": ""}, "21602"), ({"body": "x" * 1601}, "21617")],
)
def test_it_gives_up_what_can_never_be_sent(channel: SmsChannel, fields: dict[str, object], code: str) -> None:
    error = refusal(channel, **fields)
    assert (error.code, error.permanent) == (code, True)


def test_it_does_not_blame_the_message_for_a_wrong_token(channel: SmsChannel) -> None:
    error = refusal(channel, account=SmsAccount(ACCOUNT.sid, "rotated"))
    assert (error.code, error.permanent, error.accepted_unknown) == ("20003", False, False)
