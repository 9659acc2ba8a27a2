"""One one-time-code challenge. The code itself is never stored; wrong tries are counted here and across challenges."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identified, stored
from models.customer import Channel
from models.merchant import LiveOnly

CODE_LIFETIME = timedelta(minutes=10)  # ASVS 5.0 6.5.5: at most 10 min
CODE_AHEAD = timedelta(minutes=6)
"""A code of a faster machine is good; one from before the clock was set back further would outlive its ten minutes."""
MAX_TRIES = 5  # Twilio Verify 60202
CODE_DIGITS = 6  # ASVS 5.0 6.5.4: at least 20 bits
LONG_CODE_DIGITS = 8  # after LONG_CODE_AFTER wrong tries a day at one merchant: spraying gets 100 times harder
_SCRYPT = {"n": 2**12, "r": 8, "p": 1}
"""About 10 ms: slow enough for a dump of ten-minute codes (ASVS 11.2.4), quick enough inside a webhook."""


class VerificationStatus(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    EXPIRED = "expired"
    CANCELED = "canceled"
    MAX_ATTEMPTS_REACHED = "max_attempts_reached"


class Verification(LiveOnly, Identified, Base):
    """Made alike for emails on file and for any other, so that neither answer nor effort tells them apart.
    `contact_point_id` stays empty for an email that is not on file, and such a challenge can never be approved."""

    __tablename__ = "verification"
    __table_args__ = (
        sa.Index("ix_verification_conversation", "conversation_id", "id"),
        sa.Index("ix_verification_created_at", "created_at"),
    )

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"))
    channel: Mapped[Channel | None] = mapped_column(stored(Channel))
    """Where the question was asked: a channel, or None for the web portal."""
    conversation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("conversation.id"))
    browser_hash: Mapped[str | None] = mapped_column(sa.String(64), index=True)
    """SHA-256 of the portal visitor's own random id: a code works only in the browser that asked for it."""
    email: Mapped[str] = mapped_column(sa.String(254))
    is_email_hidden: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """Taken from the file, not typed: whoever asked for the code is never shown it."""
    contact_point_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contact_point.id"))
    member_id: Mapped[int | None] = mapped_column(sa.ForeignKey("member.id"))
    """The merchant's own people, at the console's door, instead of a contact point."""
    status: Mapped[VerificationStatus] = mapped_column(stored(VerificationStatus), default=VerificationStatus.PENDING)
    digits: Mapped[int] = mapped_column(sa.SmallInteger, default=CODE_DIGITS)
    salt: Mapped[str] = mapped_column(sa.String(32))
    code_hash: Mapped[str] = mapped_column(sa.String(64))
    tries: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    sent_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]

    def set_code(self) -> str:
        """Draw a new code, keep its hash, return it. Whatever code was sent before stops working."""
        code = "".join(secrets.choice("0123456789") for _ in range(self.digits))
        self.salt = secrets.token_hex(16)
        self.code_hash = slow_hash(code, self.salt)
        return code

    def check(self, code: str, now: datetime) -> VerificationStatus:
        """Try a code: PENDING after a wrong one, APPROVED only once. Costs the same whatever the outcome."""
        matches = hmac.compare_digest(slow_hash(code, self.salt), self.code_hash)
        if self.status is not VerificationStatus.PENDING:
            return self.status if self.status is not VerificationStatus.APPROVED else VerificationStatus.EXPIRED
        if not self.created_at - CODE_AHEAD <= now < self.expires_at:
            self.status = VerificationStatus.EXPIRED
            return self.status
        if matches and (self.contact_point_id is not None or self.member_id is not None):
            self.status = VerificationStatus.APPROVED
            return self.status
        self.tries += 1
        if self.tries >= MAX_TRIES:
            self.status = VerificationStatus.MAX_ATTEMPTS_REACHED
        return self.status

    @property
    def tries_left(self) -> int:
        return MAX_TRIES - self.tries


def slow_hash(code: str, salt: str) -> str:
    """For secrets short enough to be guessed from a dump. `salt` is hex."""
    return hashlib.scrypt(code.encode(), salt=bytes.fromhex(salt), dklen=32, **_SCRYPT).hex()
