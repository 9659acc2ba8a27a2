"""Twilio, both directions: signs off webhooks, parses them, sends texts, and asks what became of one.
Twilio's words become ours in the tables at the top; a word that is not there is ignored, never guessed."""

import hmac
import json
import re
from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import structlog
from markupsafe import escape
from requests import ConnectTimeout, RequestException
from requests.adapters import HTTPAdapter
from requests.exceptions import SSLError
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http import HttpClient
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from urllib3.exceptions import NewConnectionError

from bot.channels.twilio_errors import TEMPORARY
from models.customer import Channel
from models.errors import MalformedWebhook, ProviderError, UnverifiedWebhook
from models.message import Failure, MessageStatus
from models.ports import DeliveryReceipt, InboundSms, OutboundSms, SmsAccount, WebhookRequest

log = structlog.get_logger()

STATUSES: dict[str, tuple[MessageStatus, Failure | None]] = {
    **dict.fromkeys(("accepted", "scheduled", "queued", "sending"), (MessageStatus.SENDING, None)),
    **dict.fromkeys(("sent", "partially_delivered"), (MessageStatus.SENT, None)),
    **dict.fromkeys(("delivered", "read"), (MessageStatus.DELIVERED, None)),
    **dict.fromkeys(("undelivered", "failed"), (MessageStatus.FAILED, Failure.PERMANENT)),
}
API_BASE = "https://api.twilio.com"
TIMEOUTS_S = (5.0, 10.0)  # connect, read
CONNECTIONS = 100
"""Kept open, one for each text in flight. The library keeps about as many as there are cores, and greets anew after."""
CLOCK_SKEW = timedelta(minutes=6)
"""Between the carrier's clock and that of the machine that sent: five minutes, and some."""
LISTED = 50
"""Texts between two numbers that are looked through; the newest come first."""
BODY_CHARS = 1600  # Twilio's own limit
ADDRESS_CHARS = 254

# A signature covers names and values without separators. An id of at most 34 characters, as Twilio's are, cannot have
# swallowed the field after it, so one signed request is one message.
_SID = re.compile(r"[A-Za-z0-9]{1,34}")
_REFERENCE = re.compile(r"[0-9a-f]{32}")
_ERROR_CODE = re.compile(r"[1-9]\d{0,5}")
_ANSWERABLE = re.compile(r"\+[1-9][0-9]{6,14}")
# Controls, invisible and direction-changing characters and lone surrogates. The joiner of emoji (U+200D) stays.
_UNWANTED = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SHA256 = "bodySHA256"
_WHATSAPP = "whatsapp:"
_READ_ONCE = frozenset({"AccountSid", "Body", "ErrorCode", "From", "MessageSid", "MessageStatus", "OptOutType", "To"})
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


class TwilioSms:
    """models.ports.SmsChannel. `http` is Twilio's own client unless a sandbox stands at the wire."""

    def __init__(self, http: HttpClient | None = None) -> None:
        self._http = http or RebasedHttpClient()

    # --- out ---------------------------------------------------------------------------------------------------------
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

    # --- in ----------------------------------------------------------------------------------------------------------
    def verify(self, request: WebhookRequest, account: SmsAccount) -> None:
        """What the library's validator cannot read (no header, a bad port, a lone surrogate) is unverified, too."""
        signature = _header(request, "X-Twilio-Signature")
        validator = _validator(account.auth_token)
        try:
            if _is_json(request):
                signed = _SHA256 in parse_qs(urlsplit(request.url).query) and validator.validate(
                    request.url, request.body.decode(), signature
                )
            else:
                signed = _is_signed_form(validator, request, signature)
        except (TypeError, ValueError) as error:
            raise UnverifiedWebhook("unreadable") from error
        if not signature or not signed:
            raise UnverifiedWebhook("wrong signature")

    def parse_inbound(self, request: WebhookRequest, account: SmsAccount) -> InboundSms:
        """Any sender is let through as what it is (a short code, a name, nothing): `is_answerable` tells."""
        fields = self._fields(request, account)
        channel, sender = channel_and_address(fields.get("From", ""))
        _, to = channel_and_address(fields.get("To", ""))
        return InboundSms(
            provider_reference=_sid(fields),
            channel=channel,
            sender=sender,
            to=to,
            messaging_service=fields.get("MessagingServiceSid") or None,
            body=_UNWANTED.sub("", fields.get("Body", ""))[:BODY_CHARS],
            opt_out_type=fields.get("OptOutType") or None,
        )

    def parse_receipt(self, request: WebhookRequest, account: SmsAccount) -> DeliveryReceipt:
        fields = self._fields(request, account)
        word = (fields.get("MessageStatus") or fields.get("SmsStatus") or "").lower()
        status, failure = STATUSES.get(word, (None, None))
        if status is None:
            log.info("twilio.unknown_status", status=re.sub(r"\W", "", word)[:32])
        code = fields.get("ErrorCode", "")
        if failure is not None and code in TEMPORARY:
            failure = Failure.TEMPORARY
        reference = parse_qs(urlsplit(request.url).query).get("ref", [""])[0]
        return DeliveryReceipt(
            reference=reference if _REFERENCE.fullmatch(reference) else None,
            provider_reference=_sid(fields),
            status=status,
            failure=failure,
            error_code=code if _ERROR_CODE.fullmatch(code) else None,
        )

    def _fields(self, request: WebhookRequest, account: SmsAccount) -> dict[str, str]:
        self.verify(request, account)
        if _is_json(request):
            raise MalformedWebhook("not a form")
        fields: dict[str, str] = {}
        for name, value in request.form:
            if name in fields and name in _READ_ONCE:
                raise MalformedWebhook("repeated field")
            fields[name] = value
        # The token alone would do, but an account's webhook must not speak for another one that shares it.
        if fields.get("AccountSid") != account.sid:
            raise UnverifiedWebhook("another account")
        return fields


def is_answerable(address: str) -> bool:
    """A phone number that can receive our reply: no short code, no name, nothing empty or too long."""
    return _ANSWERABLE.fullmatch(address) is not None


def twiml(replies: Sequence[tuple[str, str]]) -> str:
    """The answer to a webhook: (text, status callback) for each reply; none is silence."""
    messages = (
        f'<Message statusCallback="{escape(callback)}">{escape(_NOT_XML.sub("", text))}</Message>'
        for text, callback in replies
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{"".join(messages)}</Response>'


class _Form(dict[str, list[str]]):
    """A form as the validator likes it: every value of a name."""

    getall = dict.__getitem__


def _is_signed_form(validator: RequestValidator, request: WebhookRequest, signature: str) -> bool:
    """One HMAC for the URL as it stands, which is what Twilio signs nearly always; else the library's whole search,
    with and without the port."""
    form = _Form()
    for name, value in request.form:
        form.setdefault(name, []).append(value)
    if hmac.compare_digest(validator.compute_signature(request.url, form), signature):
        return True
    return bool(validator.validate(request.url, form, signature))


@lru_cache(maxsize=1024)
def _validator(token: str) -> RequestValidator:
    return RequestValidator(token)


def _header(request: WebhookRequest, name: str) -> str:
    """Names compare in any case; the exact one costs least."""
    exact = request.headers.get(name)
    if exact is not None:
        return exact
    return next((value for key, value in request.headers.items() if key.lower() == name.lower()), "")


def _is_json(request: WebhookRequest) -> bool:
    return _header(request, "Content-Type").lower().startswith("application/json")


def _sid(fields: dict[str, str]) -> str:
    sid = fields.get("MessageSid") or fields.get("SmsSid") or ""
    if _SID.fullmatch(sid) is None:
        raise MalformedWebhook("no message")
    return sid


def channel_and_address(raw: str) -> tuple[Channel, str]:
    """WhatsApp numbers are a channel of their own. RCS, Messenger, names and short codes stay as they are written:
    they match no phone on file."""
    address = _UNWANTED.sub("?", raw)[:ADDRESS_CHARS]  # never cleaned into somebody else's number
    if address.startswith(_WHATSAPP):
        return Channel.WHATSAPP, address.removeprefix(_WHATSAPP)
    return Channel.SMS, address


def _wire_addresses(sms: OutboundSms) -> tuple[str, str]:
    prefix = _WHATSAPP if sms.channel is Channel.WHATSAPP else ""
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
