"""The TwiML that answers a webhook."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.twiml.messaging_response import MessagingResponse

from bot.channels.twilio import twiml

CALLBACK = "https://pay.example.com/webhooks/twilio/status?ref=1&x='\"<>"
Replies = Sequence[tuple[str, str]]


def by_the_library(replies: Replies) -> str:
    response = MessagingResponse()
    for text, callback in replies:
        response.message(text, status_callback=callback)
    return str(response)


@pytest.mark.parametrize(
    "replies",
    [
        [],
        [("Acme: hello", CALLBACK)],
        [("1 <b>&amp; \"quoted\" 'too'\n2 ñ \U0001f44d", CALLBACK), ("https://pay.example.com/p/a?b=1&c=2", CALLBACK)],
    ],
)
def test_it_says_what_the_library_would(replies: Replies) -> None:
    assert ET.canonicalize(twiml(replies)) == ET.canonicalize(by_the_library(replies))


@given(text=st.text(), callback=st.text(st.characters(min_codepoint=32, max_codepoint=126)))
@pytest.mark.fuzz
def test_it_is_xml_whatever_is_said(text: str, callback: str) -> None:
    [message] = ET.fromstring(twiml([(text, callback)]))
    assert message.get("statusCallback") == callback
