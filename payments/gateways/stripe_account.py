"""Looks at a Stripe account from outside: whether the key lets us in, and which webhooks are pointed at us."""

import requests

from models.errors import ProviderError
from payments.gateways.stripe import API_BASE

TIMEOUT_S = 10


def webhook_addresses(secret_key: str, api_base: str = API_BASE) -> list[str]:
    """The enabled ones. Raises ProviderError."""
    try:
        answer = requests.get(f"{api_base}/v1/webhook_endpoints", auth=(secret_key, ""), timeout=TIMEOUT_S)
    except requests.RequestException as error:
        raise ProviderError("unreachable") from error
    if not answer.ok:
        raise ProviderError(str(answer.status_code), permanent=answer.status_code in (401, 403))
    return [str(one["url"]) for one in answer.json().get("data", []) if one.get("status") == "enabled"]
