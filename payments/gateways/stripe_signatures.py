"""Whether an event is Stripe's own, and of this hour."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from stripe import SignatureVerificationError, WebhookSignature

from models.errors import UnverifiedWebhook
from models.ports import WebhookRequest
from payments.gateways import signatures

# The library takes the first t that it finds, so ours must be that one: else an old signature passes for a new one.
_SIGNATURE = re.compile(r"t=([0-9]{1,11})(?:,[!-~]*)")


def verify(request: WebhookRequest, secrets: Sequence[str], now: datetime) -> None:
    """Raises UnverifiedWebhook."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    header = headers.get("stripe-signature", "")
    stamp = _SIGNATURE.fullmatch(header)
    if stamp is None:
        raise UnverifiedWebhook
    # Not left to the library: it compares with the system's clock, and takes any event of the future.
    if abs(now - datetime.fromtimestamp(int(stamp[1]), UTC)) > signatures.TOLERANCE:
        raise UnverifiedWebhook
    if not any(_is_signed(request.body, header, secret) for secret in secrets):
        raise UnverifiedWebhook


def _is_signed(body: bytes, header: str, secret: str) -> bool:
    try:
        return bool(WebhookSignature.verify_header(body, header, secret))
    except (SignatureVerificationError, UnicodeDecodeError):
        return False
