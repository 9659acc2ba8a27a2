"""Signed, dated, purpose-bound tokens short enough for a text (41 characters for 8 bytes), and secrets hidden in
columns. Knows no rows."""

import hashlib
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Any

from itsdangerous import BadSignature, TimestampSigner
from itsdangerous.encoding import base64_decode, base64_encode

from models.errors import DomainError

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

CLOCK_SKEW = timedelta(seconds=60)
"""How much longer than its age a token is good: its reader's clock may be the faster one."""
MOST_AHEAD = timedelta(hours=2)
"""A token from the future is ours all the same: of a faster machine, or from before the clock was set back."""


_UNDATED = datetime.fromtimestamp(0, UTC)


class Purpose(StrEnum):
    """One salt each, so that a token for one door opens no other."""

    PAY = "till.pay"
    RECEIPT = "till.receipt"
    REMINDER = "till.reminder"
    UNSUBSCRIBE = "till.unsubscribe"
    SESSION = "till.session"
    REPLY = "till.reply"
    CURSOR = "till.cursor"
    FORM = "till.form"
    TOTP = "till.totp"
    TEXT = "till.text"


def _digest(data: bytes = b"") -> "hashlib.blake2b":
    return hashlib.blake2b(data, digest_size=16)


class _DatedSigner(TimestampSigner):
    """TimestampSigner that takes its time from the caller's clock instead of the system's."""

    at: int = 0

    def get_timestamp(self) -> int:
        return self.at


class Signer:
    def __init__(self, keys: list[str]) -> None:
        """`keys` run from oldest to newest: the newest signs, all verify."""
        self._keys = keys
        self._boxes: dict[Purpose, MultiFernet] = {}

    def _signer(self, purpose: Purpose, at: datetime) -> _DatedSigner:
        signer = _DatedSigner(self._keys, salt=purpose.value, key_derivation="hmac", digest_method=_digest)
        signer.at = int(at.timestamp())
        return signer

    def mint(self, purpose: Purpose, payload: bytes, at: datetime) -> str:
        """The token for `payload`, dated `at`. The same arguments give the same token while the newest key stays."""
        return self._signer(purpose, at).sign(base64_encode(payload)).decode("ascii")

    def seal(self, purpose: Purpose, text: str) -> str:
        """A signature alone, without a date: good for as long as what it belongs to."""
        return self._signer(purpose, _UNDATED).get_signature(text).decode("ascii")

    def is_seal(self, purpose: Purpose, text: str, seal: str) -> bool:
        return seal.isascii() and self._signer(purpose, _UNDATED).verify_signature(text.encode(), seal)

    def read(self, purpose: Purpose, token: str, *, now: datetime, max_age: timedelta) -> bytes:
        """The payload. Raises DomainError("bad_token") or DomainError("expired_token")."""
        signer = self._signer(purpose, now)
        try:
            value, signed_at = signer.unsign(token, max_age=None, return_timestamp=True)
            payload = base64_decode(value)
        except (BadSignature, ValueError, UnicodeError) as error:
            raise DomainError("bad_token") from error
        # The last base64 character has spare bits: fifteen other spellings would verify, too.
        signature = token.rpartition(".")[2]
        if base64_encode(base64_decode(signature)).decode() != signature or base64_encode(payload) != value:
            raise DomainError("bad_token")
        age = now - signed_at
        if age < -MOST_AHEAD:
            raise DomainError("bad_token")
        if age > max_age + CLOCK_SKEW:
            raise DomainError("expired_token")
        return payload

    # --- secrets that must be read again ------------------------------------------------------------------------------
    def hide(self, purpose: Purpose, secret: str) -> str:
        """For a column: unreadable without the signing keys, and for no other purpose."""
        return self._box(purpose).encrypt(secret.encode()).decode("ascii")

    def reveal(self, purpose: Purpose, hidden: str) -> str:
        """Raises DomainError("bad_token"), also once the key that hid it is no longer among ours."""
        try:
            return self._box(purpose).decrypt(hidden).decode()
        except _boxes().InvalidToken as error:
            raise DomainError("bad_token") from error

    def _box(self, purpose: Purpose) -> "MultiFernet":
        """The newest key hides, all reveal."""
        if purpose not in self._boxes:
            self._boxes[purpose] = _boxes().box(purpose.value, reversed(self._keys))
        return self._boxes[purpose]


def _boxes() -> Any:
    return import_module("models.boxes")
