"""A merchant's people: who may sign in to the console, as what, and the proofs they carry. Knows no request."""

import base64
import secrets
from datetime import datetime, timedelta
from enum import StrEnum

import pyotp
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identified, stored
from models.verification import slow_hash

TOTP_PERIOD = timedelta(seconds=30)
TOTP_DRIFT = 1
"""Periods that a phone's clock may be off, either way (RFC 6238 section 5.2)."""
RECOVERY_CODES = 8
SIGN_IN_LIFETIME = timedelta(minutes=15)
"""From asking for the code to the end of the second step."""

IDLE_LIFETIME = timedelta(minutes=30)  # OWASP Session Management
ABSOLUTE_LIFETIME = timedelta(hours=8)
FRESH_FOR = timedelta(minutes=10)
"""How long the second factor is good for what moves money or hands out keys (ASVS 7.5.3)."""


class Role(StrEnum):
    """Each may do what the one before it may."""

    VIEWER = "viewer"
    STAFF = "staff"
    OWNER = "owner"

    def covers(self, needed: "Role") -> bool:
        order = list(Role)
        return order.index(self) >= order.index(needed)


class Member(Identified, Base):
    """`totp_secret` is hidden (models/signing.py); it counts from `enrolled_at` on, when its first code was right."""

    __tablename__ = "member"
    __table_args__ = (sa.UniqueConstraint("merchant_id", "email"), sa.Index("ix_member_email", "email"))

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"))
    email: Mapped[str] = mapped_column(sa.String(254))
    name: Mapped[str] = mapped_column(sa.String(80))
    role: Mapped[Role] = mapped_column(stored(Role))
    totp_secret: Mapped[str | None] = mapped_column(sa.String(255))
    totp_step: Mapped[int] = mapped_column(default=0)
    """The period of the last code that was taken: none is taken twice (RFC 6238 section 5.2)."""
    enrolled_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    def take_code(self, secret: str, code: str, now: datetime) -> bool:
        """Use up the code of an authenticator. False: wrong, or used before. Callers hold the row's lock."""
        step = int(now.timestamp() // TOTP_PERIOD.total_seconds())
        totp = pyotp.TOTP(secret)
        for candidate in range(step - TOTP_DRIFT, step + TOTP_DRIFT + 1):
            if candidate > self.totp_step and secrets.compare_digest(totp.generate_otp(candidate), code):
                self.totp_step = candidate
                return True
        return False


class RecoveryCode(Base):
    """A way in without the authenticator, once. Only its slow hash is kept."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"), index=True)
    salt: Mapped[str] = mapped_column(sa.String(32))
    code_hash: Mapped[str] = mapped_column(sa.String(64))
    used_at: Mapped[datetime | None]

    @classmethod
    def draw(cls, member_id: int) -> tuple["RecoveryCode", str]:
        """A new one and its text, which exists nowhere else: `k3mf-9q2x-hbta`, 60 bits."""
        letters = base64.b32encode(secrets.token_bytes(8)).decode().lower()[:12]
        salt = secrets.token_hex(16)
        code = cls(member_id=member_id, salt=salt, code_hash=slow_hash(letters, salt))
        return code, "-".join(letters[i : i + 4] for i in (0, 4, 8))

    def is_for(self, typed: str) -> bool:
        return self.used_at is None and secrets.compare_digest(slow_hash(typed, self.salt), self.code_hash)


class SignIn(Base):
    """One browser on its way in. Made alike for members' emails and for any other; `verification_id` only follows, in a
    job, where there is someone to send a code to."""

    __tablename__ = "sign_in"
    __table_args__ = (sa.Index("ix_sign_in_browser", "browser_hash", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    browser_hash: Mapped[str] = mapped_column(sa.String(64))
    email: Mapped[str] = mapped_column(sa.String(254))
    verification_id: Mapped[int | None] = mapped_column(sa.ForeignKey("verification.id"))
    tries: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    proven_at: Mapped[datetime | None]
    """When the emailed code was right."""
    used_at: Mapped[datetime | None]

    def is_open(self, now: datetime) -> bool:
        return self.used_at is None and now < self.expires_at


class ConsoleSession(Base):
    """A signed-in member's browser: a random id in a cookie, its hash in this row. Revocable at once."""

    __tablename__ = "console_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"))
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"), index=True)
    network: Mapped[str] = mapped_column(sa.String(45))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    fresh_at: Mapped[datetime]
    """When the second factor was last shown."""
    revoked_at: Mapped[datetime | None]

    def is_live(self, now: datetime) -> bool:
        fresh = now < self.seen_at + IDLE_LIFETIME and now < self.created_at + ABSOLUTE_LIFETIME
        return fresh and self.revoked_at is None

    def is_fresh(self, now: datetime) -> bool:
        return now < self.fresh_at + FRESH_FOR
