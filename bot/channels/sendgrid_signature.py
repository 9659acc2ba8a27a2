"""SendGrid's signature (ECDSA). Loaded with the first signed mail: the library behind it takes 7 MB."""

import base64
import binascii
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key


def is_signed(key: str, signature: str, message: bytes) -> bool:
    try:
        public_key(key).verify(base64.b64decode(signature, validate=True), message, ECDSA(SHA256()))
    except (InvalidSignature, UnsupportedAlgorithm, binascii.Error, ValueError):
        return False
    return True


@lru_cache(maxsize=256)
def public_key(key: str) -> EllipticCurvePublicKey:
    """From the one line that SendGrid shows, or the same between PEM's marks."""
    body = "".join(line for line in key.strip().splitlines() if not line.startswith("-----"))
    loaded = load_der_public_key(base64.b64decode(body))
    if not isinstance(loaded, EllipticCurvePublicKey):
        raise UnsupportedAlgorithm("not an elliptic curve key")
    return loaded
