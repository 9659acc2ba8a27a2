"""The town's carrier, mail server and bank: they remember what they took, and say so a little later."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from bot.channels.sandbox import Outside
from bot.channels.sandbox_carrier import Carrier
from models.clock import Clock
from tests.faults.pulse import Beat, Pulse
from tests.support.stripe_api import Answer
from tests.support.stripe_server import StripeServer

SID, TOKEN, NUMBER = f"AC{'b' * 32}", "token-of-the-town", "+12065550199"


class Memory(Carrier):
    """A carrier that remembers the reference of each text that it took."""

    def __init__(self, outside: Outside, base_url: str, pulse: Pulse) -> None:
        super().__init__(outside, base_url, _post_form, lambda sid: TOKEN if sid == SID else None)
        self.taken: Counter[str] = Counter()
        self._pulse = pulse
        self._counting = Lock()

    def accept(
        self,
        account: str,
        sender: str,
        to: str,
        body: str,
        callback: str | None,
        direction: str,
        *,
        is_free: bool = True,
    ) -> str:
        with self._counting:
            self.taken[parse_qs(urlsplit(callback or "").query)["ref"][0]] += 1
        sid = super().accept(account, sender, to, body, callback, direction, is_free=is_free)
        if direction == "outbound-api":
            self._pulse.beat(Beat.TEXT)
        return sid

    def hand_over(self, phone: str, twiml: str) -> int:
        """The replies of a response, onto the phone. Returns how many."""
        return len(self._deliver_twiml(SID, phone, NUMBER, twiml))


class Mailboxes(Outside):
    """Whose server says so a little after it has taken a mail."""

    def __init__(self, url: str, clock: Clock, pulse: Pulse) -> None:
        super().__init__(url, clock)
        self._pulse = pulse

    def deliver(self, channel: str, *args: Any, **fields: Any) -> int:
        delivered = super().deliver(channel, *args, **fields)
        if channel == "email":
            self._pulse.beat(Beat.MAIL)
        return delivered


@dataclass
class Bank(StripeServer):
    """Likewise."""

    pulse: Pulse = field(default_factory=Pulse)

    def answer(self, method: str, *args: Any) -> Answer | None:
        answer = super().answer(method, *args)
        if method == "POST":
            self.pulse.beat(Beat.CHARGE)
        return answer


def _post_form(url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, str]:
    answer = requests.post(url, data=dict(form), headers=dict(headers), timeout=30)
    return answer.status_code, answer.text
