"""A carrier with phones of its own for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.channels.sandbox_rest import SandboxHttpClient
from bot.channels.twilio import TwilioSms
from bot.channels.twilio_rest import RebasedHttpClient
from models.ports import SmsChannel
from tests.support.wire import Wire, served


@pytest.fixture
def wire(tmp_path: Path) -> Wire:
    return Wire(tmp_path)


@pytest.fixture(params=["in process", "over http"])
def channel(request: pytest.FixtureRequest, wire: Wire) -> Iterator[SmsChannel]:
    """Twilio's library in front of the sandbox's carrier, in process and over real HTTP."""
    if request.param == "in process":
        yield TwilioSms(SandboxHttpClient(wire.carrier))
        return
    with served(wire.carrier) as base:
        yield TwilioSms(RebasedHttpClient(base))
