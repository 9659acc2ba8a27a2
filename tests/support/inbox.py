"""One person's mailbox and their correspondence with one merchant: `writes`, `reads`. Mails come in through the real
webhook, as a relay of the merchant's brings them, with the relay's own verdict on top."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

from models.merchant import Merchant

if TYPE_CHECKING:
    from tests.support.world import World

AUTHSERV_ID = "mx.relay.example"
NONE: Mapping[str, str] = {}


def email_secrets(slug: str) -> dict[str, str]:
    return {"mime": f"mime-secret-of-{slug}", "mime_authserv_id": AUTHSERV_ID}


@dataclass
class Inbox:
    world: World
    address: str
    merchant: Merchant
    written: int = 0
    seen: int = 0

    def writes(
        self, body: str, headers: Mapping[str, str] = NONE, /, *, proven: bool = True, subject: str = "Invoice INV-1042"
    ) -> str:
        """Send a mail and let what follows happen: its Message-ID. `proven`: the relay found DMARC aligned."""
        self.written += 1
        identifier = f"<{self.written}.{self.address}>"
        mail = EmailMessage()
        usual = {"From": self.address, "To": self.merchant.inbound_email or "", "Subject": subject}
        for name, value in (usual | {"Message-ID": identifier} | dict(headers)).items():
            mail[name] = value
        mail.set_content(body)
        self.posts(mail.as_bytes(), proven=proven)
        return identifier

    def posts(self, mail: bytes, *, proven: bool = True) -> None:
        """The same bytes again are the same mail."""
        self.seen = len(self.received())
        verdict, domain = "pass" if proven else "fail", self.address.rpartition("@")[2]
        top = f"Authentication-Results: {AUTHSERV_ID}; dmarc={verdict} header.from={domain}\r\n".encode()
        status = self.world.client.post(
            f"/webhooks/email/mime/{self.merchant.slug}",
            data=top + mail,
            headers={"X-Webhook-Secret": self.merchant.email_secrets["mime"], "Content-Type": "message/rfc822"},
        ).status_code
        assert status == 200, status
        self.world.settle_down()

    def received(self) -> list[Any]:
        return self.world.mails_to(self.address)

    def answers(self) -> list[Any]:
        """What came since the last mail was written."""
        return self.received()[self.seen :]

    def reads(self, *phrases: str) -> Any:
        """One answer, with these phrases in order in its text. Returns it."""
        [answer] = self.answers()
        position = 0
        for phrase in phrases:
            position = answer.text.find(phrase, position)
            assert position >= 0, f"{phrase!r} not in {answer.text!r}"
        return answer

    def reads_nothing(self) -> None:
        assert self.answers() == []

    def link(self) -> str:
        """The path of the newest answer's link."""
        found = re.search(r"https?://[^/\s]+(/\S+)", self.answers()[-1].text)
        assert found is not None, "no link was mailed"
        return found[1]
