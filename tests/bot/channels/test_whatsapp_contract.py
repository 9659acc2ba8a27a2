"""WhatsApp over the same wire: addresses of its own, free words within a day, approved templates after it."""

import json
from datetime import timedelta

import pytest

from bot import whatsapp
from bot.channels import sandbox_content
from models.customer import Channel
from models.errors import ProviderError
from models.ports import OutboundSms, SmsChannel
from tests.support.wire import ACME, ALICE, Wire, outbound
from tests.support.words import LANGUAGES

PHONE, NUMBER = f"whatsapp:{ALICE}", f"whatsapp:{ACME}"
CONTENT = sandbox_content.approved()["bank_started"]["en"]
FILLED = (("1", "$5.00"), ("2", "INV-1"))
SAID = "Your bank payment of $5.00 for INV-1 is on its way."


def template(
    content_sid: str = CONTENT, variables: tuple[tuple[str, str], ...] = FILLED, **fields: object
) -> OutboundSms:
    words = {"content_sid": content_sid, "content_variables": variables}
    return outbound(channel=Channel.WHATSAPP, **words, **fields)  # type: ignore[arg-type]


@pytest.fixture
def asked(wire: Wire) -> Wire:
    """Alice has just written."""
    wire.outside.open_window(PHONE, NUMBER)
    return wire


def test_it_keeps_whatsapp_on_whatsapp(channel: SmsChannel, asked: Wire) -> None:
    sms = outbound(channel=Channel.WHATSAPP)
    sid = channel.send(sms)
    [message] = asked.outside.messages(PHONE)
    assert (message.channel, message.sender, channel.find(sms)) == ("whatsapp", NUMBER, sid)
    assert channel.find(outbound()) is None
    assert asked.heard(ALICE) == []


@pytest.mark.parametrize("hours", [None, 25])
def test_it_reports_free_words_outside_the_window(channel: SmsChannel, wire: Wire, hours: int | None) -> None:
    if hours is not None:
        wire.outside.open_window(PHONE, NUMBER)
        wire.clock.advance(timedelta(hours=hours))
    channel.send(outbound(channel=Channel.WHATSAPP))
    wire.carrier.flush()
    _, form, _ = wire.posted[-1]
    assert (form["MessageStatus"], form["ErrorCode"], wire.heard(PHONE)) == ("undelivered", "63016", [])


def test_it_takes_free_words_to_the_last_minute(channel: SmsChannel, asked: Wire) -> None:
    asked.clock.advance(whatsapp.WINDOW)
    channel.send(outbound("Acme: hello", channel=Channel.WHATSAPP))
    assert asked.heard(PHONE) == ["Acme: hello"]


def test_it_says_an_approved_template_at_any_time(channel: SmsChannel, wire: Wire) -> None:
    channel.send(template())
    [said] = wire.heard(PHONE)
    assert said.startswith(SAID)


def test_it_finds_a_template_that_the_carrier_has(channel: SmsChannel) -> None:
    sid = channel.send(template())
    assert channel.find(template()) == sid
    assert channel.find(template(not_these=frozenset({sid}))) is None


@pytest.mark.parametrize(("content_sid", "variables"), [("HX" + "0" * 32, FILLED), (CONTENT, (("1", "$5.00"),))])
def test_it_gives_up_a_template_that_nobody_approved(
    channel: SmsChannel, content_sid: str, variables: tuple[tuple[str, str], ...]
) -> None:
    with pytest.raises(ProviderError) as caught:
        channel.send(template(content_sid, variables))
    assert (caught.value.code, caught.value.permanent) == ("21655", True)


def test_it_has_a_text_to_hand_in_for_every_template() -> None:
    assert set(sandbox_content.approved()) == set(whatsapp.VARIABLES)
    for kind, names in whatsapp.VARIABLES.items():
        for language in LANGUAGES:
            places = {str(n): f"<{name}>" for n, name in enumerate(names, 1)}
            said = sandbox_content.render(sandbox_content.approved()[kind][language], json.dumps(places))
            assert all(f"<{name}>" in (said or "") for name in names), (kind, language)
