"""Fernet's part of models/signing.py. Loaded with the first secret of a process: the library behind it takes 7 MB."""

import base64
import hashlib
from collections.abc import Iterable

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

__all__ = ["InvalidToken", "box"]


def box(purpose: str, keys: Iterable[str]) -> MultiFernet:
    """The first of `keys` hides, all reveal."""
    derived = [
        hashlib.blake2b(purpose.encode(), key=hashlib.sha256(key.encode()).digest(), digest_size=32).digest()
        for key in keys
    ]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])
