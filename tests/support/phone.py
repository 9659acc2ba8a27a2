"""One phone's thread with one merchant, by text or by WhatsApp: `says`, `hears`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.channels.sandbox_carrier import Texted
from models.merchant import Merchant

if TYPE_CHECKING:
    from tests.support.world import World


@dataclass
class Phone:
    world: World
    number: str
    merchant: Merchant
    prefix: str = ""
    heard: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        return self.prefix + self.number

    def says(self, body: str, **fields: str) -> Texted:
        account = self.merchant.twilio_account_sid or ""
        to = (self.merchant.whatsapp_number if self.prefix else None) or self.merchant.number or ""
        texted = self.world.carrier.text(account, self.address, self.prefix + to, body, **fields)
        assert texted.status == 200, texted.status
        self.heard = texted.replies
        self.world.settle_down()
        return texted

    def hears(self, *phrases: str) -> None:
        """What the last text was answered with, in order, each somewhere in the replies."""
        answer = "\n".join(self.heard)
        position = 0
        for phrase in phrases:
            position = answer.find(phrase, position)
            assert position >= 0, f"{phrase!r} not in {answer!r}"

    def hears_nothing(self) -> None:
        assert self.heard == ()

    def receives(self) -> list[str]:
        """Every text that this phone ever got from the merchant."""
        return [m.text for m in self.world.outside.messages(self.address)]

    def proves(self, email: str) -> None:
        self.says("hi")
        self.says(email)
        self.says(self.world.code_for(email))

    def link(self) -> str:
        """The path of the newest link that was texted."""
        found = [re.search(r"https?://[^/\s]+(/[pr]\w*/\S+)", text) for text in [*self.receives(), *self.heard]]
        links = [match.group(1) for match in found if match]
        assert links, "no link was texted"
        return links[-1]
