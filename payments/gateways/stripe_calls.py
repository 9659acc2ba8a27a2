"""How Till asks Stripe's API: clients with time limits, and every way in which a question fails as a ProviderError."""

from collections.abc import Iterator
from contextlib import contextmanager

from requests import ConnectTimeout
from requests.exceptions import SSLError
from stripe import (
    APIConnectionError,
    APIError,
    CardError,
    IdempotencyError,
    InvalidRequestError,
    RequestsClient,
    StripeClient,
    StripeError,
)
from urllib3.exceptions import NewConnectionError

from models.errors import ProviderError

FINAL = (InvalidRequestError, CardError, IdempotencyError)


def client(key: str, api_base: str, timeouts_s: tuple[float, float], *, retries: int) -> StripeClient:
    http = RequestsClient(timeout=timeouts_s)
    return StripeClient(
        key, base_addresses={"api": api_base.rstrip("/")}, http_client=http, max_network_retries=retries
    )


@contextmanager
def asking() -> Iterator[None]:
    """Every way in which a question to Stripe fails is a ProviderError."""
    try:
        yield
    except StripeError as error:
        raise provider_error(error) from error
    except (AttributeError, LookupError, TypeError, ValueError) as error:  # an answer that the library cannot read
        raise ProviderError("unreadable", accepted_unknown=True) from error


def never_left(error: Exception) -> bool:
    cause = error.__cause__
    reason = getattr(cause.args[0], "reason", None) if cause is not None and cause.args else None
    return isinstance(cause, ConnectTimeout | SSLError) or isinstance(reason, NewConnectionError)


def provider_error(error: StripeError) -> ProviderError:
    """A session whose address we never got can be paid by nobody, so a fault of Stripe's own is a refusal for now."""
    if isinstance(error, APIConnectionError):
        return ProviderError("unreachable") if never_left(error) else ProviderError("timeout", accepted_unknown=True)
    code = error.code or f"http_{error.http_status}"
    # Answered but unreadable, or our first call with this key is still being worked on.
    is_open = isinstance(error, APIError) and error.http_status in (200, 409)
    return ProviderError(code, permanent=isinstance(error, FINAL), accepted_unknown=is_open)
