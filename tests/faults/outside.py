"""The town's carrier, mail server and bank: they remember what they took, and say so a little later."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Condition, Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from bot.channels.sandbox import Outside
from bot.channels.sandbox_carrier import Carrier
from models.clock import Clock
from tests.support.stripe_api import Answer
from tests.support.stripe_server import StripeServer

SID, TOKEN, NUMBER = f"AC{'b' * 32}", "token-of-the-town", "+12065550199"
ANSWER_S = 0.15
"""Between taking something and saying so: where a kill hurts most."""


@dataclass
class Pulse:
    """Beats when something outside has been taken and not yet been said to be."""

    beats: int = 0
    _changed: Condition = field(default_factory=Condition)

    def beat(self) -> None:
        with self._changed:
            self.beats += 1
            self._changed.notify_all()
        time.sleep(ANSWER_S)

    def wait(self, more: int, within_s: float) -> None:
        """For so many, or until then."""
        with self._changed:
            target = self.beats + more
            self._changed.wait_for(lambda: self.beats >= target, within_s)


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
            self._pulse.beat()
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
            self._pulse.beat()
        return delivered


@dataclass
class Bank(StripeServer):
    """Likewise."""

    pulse: Pulse = field(default_factory=Pulse)

    def answer(self, method: str, *args: Any) -> Answer | None:
        answer = super().answer(method, *args)
        if method == "POST":
            self.pulse.beat()
        return answer


def _post_form(url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, str]:
    answer = requests.post(url, data=dict(form), headers=dict(headers), timeout=30)
    return answer.status_code, answer.text
