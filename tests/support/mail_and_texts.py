"""The simplest other end of the wire: remembers what was handed over, and fails as it is told."""

from collections import deque
from dataclasses import dataclass, field

from bot.channels.twilio import TwilioSms
from models.ports import OutboundEmail, OutboundSms


@dataclass
class Carrier(TwilioSms):
    """A text message carrier without a wire. It knows a text by its numbers and its words; webhooks are read as ever.
    `troubles` are raised one by one: before the text is taken, or after (`lands`)."""

    sent: list[OutboundSms] = field(default_factory=list)
    troubles: deque[Exception] = field(default_factory=deque)
    lands: bool = False
    questions: int = 0
    is_mute: Exception | None = None

    def send(self, sms: OutboundSms) -> str:
        trouble = self.troubles.popleft() if self.troubles else None
        if trouble is None or self.lands:
            self.sent.append(sms)
        if trouble is not None:
            raise trouble
        return f"SM{len(self.sent)}"

    def find(self, sms: OutboundSms) -> str | None:
        self.questions += 1
        if self.is_mute is not None:
            raise self.is_mute
        same = (sms.sender, sms.to, sms.body)
        found = [f"SM{n}" for n, other in enumerate(self.sent, 1) if (other.sender, other.to, other.body) == same]
        return next((reference for reference in found if reference not in sms.not_these), None)


@dataclass
class Mailer:
    """A mail server, likewise."""

    sent: list[OutboundEmail] = field(default_factory=list)
    troubles: deque[Exception] = field(default_factory=deque)
    lands: bool = False

    def send(self, email: OutboundEmail) -> str:
        trouble = self.troubles.popleft() if self.troubles else None
        if trouble is None or self.lands:
            self.sent.append(email)
        if trouble is not None:
            raise trouble
        return email.message_id
