"""Signed webhooks after the Standard Webhooks scheme, timed by the given clock. Several secrets verify at once."""

import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from standardwebhooks import Webhook

from models.errors import UnverifiedWebhook
from models.ports import WebhookRequest

TOLERANCE = timedelta(seconds=300)
"""Both ways. The scheme's own library compares with the system's clock, which the demo's clock has left behind."""
_EPOCH_SECONDS = re.compile(r"[0-9]{1,11}")


def sign(secret: str, event_id: str, body: str, at: datetime) -> Mapping[str, str]:
    """The three headers that vouch for `body`."""
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(event_id, at, body),
    }


def verify(request: WebhookRequest, secrets: Sequence[str], now: datetime) -> None:
    """Over the bytes as they came. Raises UnverifiedWebhook."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    event_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not event_id or _EPOCH_SECONDS.fullmatch(stamp) is None:
        raise UnverifiedWebhook
    at = datetime.fromtimestamp(int(stamp), UTC)
    if abs(now - at) > TOLERANCE:
        raise UnverifiedWebhook
    try:
        body = request.body.decode()
    except UnicodeDecodeError as error:
        raise UnverifiedWebhook from error
    given = [one.encode(errors="replace") for one in headers.get("webhook-signature", "").split()]
    right = [Webhook(secret).sign(event_id, at, body).encode() for secret in secrets]
    if not any(hmac.compare_digest(one, other) for one in given for other in right):
        raise UnverifiedWebhook
