"""Twilio's REST API: sends texts, and asks what became of one. Loaded with the first of them: Twilio's client and
requests behind it take a twentieth of a web process's start, and no answer to a webhook needs them."""

import json
from datetime import timedelta
from typing import Any

from requests import ConnectTimeout, RequestException
from requests.adapters import HTTPAdapter
from requests.exceptions import SSLError
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http import HttpClient
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.exceptions import NewConnectionError

from bot.channels.twilio import API_BASE, WHATSAPP
from bot.channels.twilio_errors import TEMPORARY
from models.customer import Channel
from models.errors import ProviderError
from models.ports import OutboundSms, SmsAccount

TIMEOUTS_S = (5.0, 10.0)  # connect, read
CONNECTIONS = 100
"""Kept open, one for each text in flight. The library keeps about as many as there are cores, and greets anew after."""
CLOCK_SKEW = timedelta(minutes=6)
"""Between the carrier's clock and that of the machine that sent: five minutes, and some."""
LISTED = 50
"""Texts between two numbers that are looked through; the newest come first."""
_LIBRARY_ERRORS = (TwilioException, RequestException, OSError, ValueError, TypeError, LookupError, AttributeError)
"""All that the library raises, an answer it cannot read included."""


class RebasedHttpClient(TwilioHttpClient):
    """Twilio's client with our time-outs, pointed at `base` (TWILIO_API_BASE): a proxy, or a test's own server."""

    def __init__(self, base: str = API_BASE) -> None:
        super().__init__()
        # requests takes the pair, and the library hands it on.
        self.timeout = TIMEOUTS_S  # type: ignore[assignment]
        self._base = base.rstrip("/")
        if self.session is not None:
            for scheme in ("https://", "http://"):
                self.session.mount(scheme, HTTPAdapter(pool_maxsize=CONNECTIONS))

    def request(self, method: str, uri: str, *args: Any, **kwargs: Any) -> Response:  # type: ignore[override]
        return super().request(method, uri.replace(API_BASE, self._base, 1), *args, **kwargs)

    def log_request(self, kwargs: dict[str, Any]) -> None:
        """Silent: it would log phone numbers."""

    def log_response(self, status_code: int, response: Any) -> None:
        """Silent, likewise."""


class TwilioRest:
    """The half of bot/channels/twilio.TwilioSms that goes out."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def send(self, sms: OutboundSms) -> str:
        sender, to = _wire_addresses(sms)
        try:
            created = self._client(sms.account).messages.create(
                from_=sender, to=to, status_callback=sms.status_callback, **_words(sms)
            )
        except _LIBRARY_ERRORS as error:
            raise _provider_error(error) from error
        if not created.sid:
            raise ProviderError("no_sid", accepted_unknown=True)
        return str(created.sid)

    def find(self, sms: OutboundSms) -> str | None:
        """Twilio lists no callback URL and thus not our reference: a text is known by its numbers, words and time.
        Of several with the same words the one nearest to `claimed_at` is taken. Not by DateSent: a text that still
        waits has none."""
        sender, to = _wire_addresses(sms)
        try:
            listed = self._client(sms.account).messages.list(from_=sender, to=to, limit=LISTED, page_size=LISTED)
            found = [
                (abs(message.date_created - sms.claimed_at), str(message.sid))
                for message in listed
                if message.date_created and message.date_created >= sms.claimed_at - CLOCK_SKEW
                # A trial account puts a notice in front.
                if sms.content_sid or (message.body or "").endswith(sms.body)
                if str(message.direction).startswith("outbound") and str(message.sid) not in sms.not_these
            ]
        except _LIBRARY_ERRORS as error:
            raise ProviderError(_provider_error(error).code) from error
        return min(found)[1] if found else None

    def _client(self, account: SmsAccount) -> Client:
        return Client(account.sid, account.auth_token, http_client=self._http)


def _wire_addresses(sms: OutboundSms) -> tuple[str, str]:
    prefix = WHATSAPP if sms.channel is Channel.WHATSAPP else ""
    return prefix + sms.sender, prefix + sms.to


def _words(sms: OutboundSms) -> dict[str, str]:
    if sms.content_sid is None:
        return {"body": sms.body}
    return {"content_sid": sms.content_sid, "content_variables": json.dumps(dict(sms.content_variables))}


def _provider_error(error: Exception) -> ProviderError:
    """What Twilio refused it does not have. What it did not answer, or with a fault of its own, it may have."""
    if isinstance(error, TwilioRestException | TwilioServiceException):
        code = str(error.code or error.status)
        may_have_it = error.status >= 500
        return ProviderError(
            code,
            permanent=not may_have_it and error.status != 429 and code not in TEMPORARY,
            accepted_unknown=may_have_it,
        )
    cause = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, ConnectTimeout | SSLError) or isinstance(cause, NewConnectionError):
        return ProviderError("unreachable")
    return ProviderError("timeout", accepted_unknown=True)
