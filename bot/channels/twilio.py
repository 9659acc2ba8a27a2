"""Twilio, both directions: signs off webhooks, parses them, sends texts, and asks what became of one.
Twilio's words become ours in the tables at the top; a word that is not there is ignored, never guessed."""

import json
import re
from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape, quoteattr

import structlog
from requests import ConnectTimeout, RequestException
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http import HttpClient
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from urllib3.exceptions import NewConnectionError
from werkzeug.datastructures import MultiDict

from models.customer import Channel
from models.errors import MalformedWebhook, ProviderError, UnverifiedWebhook
from models.message import Failure, MessageStatus
from models.ports import DeliveryReceipt, InboundSms, OutboundSms, SmsAccount, WebhookRequest

log = structlog.get_logger()

STATUSES: dict[str, tuple[MessageStatus, Failure | None]] = {
    "sent": (MessageStatus.SENT, None),
    "delivered": (MessageStatus.DELIVERED, None),
    "read": (MessageStatus.DELIVERED, None),
    "undelivered": (MessageStatus.FAILED, Failure.PERMANENT),
    "failed": (MessageStatus.FAILED, Failure.PERMANENT),
}
"""Earlier words (accepted, scheduled, queued, sending) say no more than we know."""
TEMPORARY = frozenset({"20429", "30003", "30008", "30017", "30022", "14107", "20500", "20503"})
"""Send and delivery errors worth another try; any other is final."""

TIMEOUT_S = 10.0
CLOCK_SKEW = timedelta(minutes=2)
BODY_CHARS = 1600  # Twilio's own limit
_SHA256 = "bodySHA256"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_ANSWERABLE = re.compile(r"\+[1-9]\d{6,14}")
_WHATSAPP = "whatsapp:"


class RebasedHttpClient(TwilioHttpClient):
    """Twilio's client, pointed at another address (TWILIO_API_BASE): a proxy, or a test's own server."""

    def __init__(self, base: str) -> None:
        super().__init__(timeout=TIMEOUT_S)
        self._base = base.rstrip("/")

    def request(self, method: str, uri: str, *args: Any, **kwargs: Any) -> Response:  # type: ignore[override]
        return super().request(method, uri.replace("https://api.twilio.com", self._base, 1), *args, **kwargs)


class TwilioSms:
    """models.ports.SmsChannel. `http` is Twilio's own client unless a sandbox stands at the wire."""

    def __init__(self, http: HttpClient | None = None) -> None:
        self._http = http or TwilioHttpClient(timeout=TIMEOUT_S)

    # --- out ---
    def send(self, sms: OutboundSms) -> str:
        prefix = _WHATSAPP if sms.channel is Channel.WHATSAPP else ""
        try:
            created = self._client(sms.account).messages.create(
                from_=prefix + sms.sender, to=prefix + sms.to, body=sms.body, status_callback=sms.status_callback
            )
        except (TwilioException, RequestException, OSError) as error:
            raise _provider_error(error) from error
        return str(created.sid)

    def find(self, sms: OutboundSms) -> str | None:
        """Twilio lists no callback URL, so a text is recognised by both numbers, its words and its time."""
        prefix = _WHATSAPP if sms.channel is Channel.WHATSAPP else ""
        since = sms.claimed_at - CLOCK_SKEW
        try:
            found = self._client(sms.account).messages.list(
                from_=prefix + sms.sender, to=prefix + sms.to, date_sent_after=since, limit=50
            )
        except (TwilioException, RequestException, OSError) as error:
            raise _provider_error(error) from error
        same = (m for m in found if m.body == sms.body and (m.date_created is None or m.date_created >= since))
        return next((str(message.sid) for message in same if message.sid not in sms.not_these), None)

    def _client(self, account: SmsAccount) -> Client:
        return Client(account.sid, account.auth_token, http_client=self._http)

    # --- in ---
    def verify(self, request: WebhookRequest, account: SmsAccount) -> None:
        """The validator raises on what it cannot read (no header, a bad port, a lone surrogate): unverified, too."""
        signature = _header(request, "X-Twilio-Signature")
        is_json = _header(request, "Content-Type").startswith("application/json")
        if not signature or (is_json and _SHA256 not in parse_qs(urlsplit(request.url).query)):
            raise UnverifiedWebhook("no signature")
        params = request.body.decode("utf-8", "replace") if is_json else MultiDict(request.form)
        try:
            valid = _validator(account.auth_token).validate(request.url, params, signature)
        except (TypeError, ValueError, UnicodeError) as error:
            raise UnverifiedWebhook("unreadable") from error
        if not valid:
            raise UnverifiedWebhook("wrong signature")

    def parse_inbound(self, request: WebhookRequest, account: SmsAccount) -> InboundSms:
        fields = self._fields(request, account)
        sid = fields.get("MessageSid") or fields.get("SmsSid")
        if not sid or "To" not in fields:
            raise MalformedWebhook("no message")
        channel, sender = _address(fields.get("From", ""))
        return InboundSms(
            provider_reference=sid[:64],
            channel=channel,
            sender=sender,
            to=_address(fields["To"])[1],
            messaging_service=fields.get("MessagingServiceSid") or None,
            body=_CONTROL.sub("", fields.get("Body", ""))[:BODY_CHARS].encode("utf-8", "replace").decode(),
            opt_out_type=fields.get("OptOutType") or None,
        )

    def parse_receipt(self, request: WebhookRequest, account: SmsAccount) -> DeliveryReceipt:
        fields = self._fields(request, account)
        sid = fields.get("MessageSid") or fields.get("SmsSid")
        if not sid:
            raise MalformedWebhook("no message")
        word = (fields.get("MessageStatus") or fields.get("SmsStatus") or "").lower()
        status, failure = STATUSES.get(word, (None, None))
        code = fields.get("ErrorCode") or None
        if failure is not None and code in TEMPORARY:
            failure = Failure.TEMPORARY
        reference = parse_qs(urlsplit(request.url).query).get("ref", [None])[0]
        return DeliveryReceipt(reference, sid[:64], status, failure, code[:64] if code else None)

    def _fields(self, request: WebhookRequest, account: SmsAccount) -> dict[str, str]:
        self.verify(request, account)
        if _header(request, "Content-Type").startswith("application/json"):
            fields = _json_object(request.body)
        else:
            fields = dict(request.form)
        # The token alone would do, but an account's webhook must not speak for another one that shares it.
        if fields.get("AccountSid", account.sid) != account.sid:
            raise UnverifiedWebhook("another account")
        return fields


def is_answerable(address: str) -> bool:
    """A phone number that can receive our reply: no short code, no name, nothing empty or too long."""
    return _ANSWERABLE.fullmatch(address) is not None


def twiml(replies: Sequence[tuple[str, str]]) -> str:
    """The answer to a webhook: (text, status callback) for each reply; none is silence."""
    messages = (f"<Message statusCallback={quoteattr(callback)}>{escape(text)}</Message>" for text, callback in replies)
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{"".join(messages)}</Response>'


@lru_cache(maxsize=1024)
def _validator(token: str) -> RequestValidator:
    return RequestValidator(token)


def _header(request: WebhookRequest, name: str) -> str:
    wanted = name.lower()
    return next((value for key, value in request.headers.items() if key.lower() == wanted), "")


def _json_object(body: bytes) -> dict[str, str]:
    try:
        found = json.loads(body)
    except ValueError as error:
        raise MalformedWebhook("not JSON") from error
    if not isinstance(found, dict):
        raise MalformedWebhook("not an object")
    return {str(key): str(value) for key, value in found.items()}


def _address(raw: str) -> tuple[Channel, str]:
    """WhatsApp numbers are a channel of their own. RCS, Messenger, names and short codes stay as they are written:
    they match no phone on file."""
    if raw.startswith(_WHATSAPP):
        return Channel.WHATSAPP, raw.removeprefix(_WHATSAPP)[:254]
    return Channel.SMS, raw[:254]


def _provider_error(error: Exception) -> ProviderError:
    if isinstance(error, TwilioRestException):
        code = str(error.code or error.status)
        return ProviderError(code, permanent=error.status < 500 and error.status != 429 and code not in TEMPORARY)
    cause = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, ConnectTimeout) or isinstance(cause, NewConnectionError):
        return ProviderError("unreachable")
    # A read that timed out, or an answer that was no answer: Twilio may have the text.
    return ProviderError("timeout", accepted_unknown=True)
