"""Twilio, both directions: signs off webhooks and parses them; bot/channels/twilio_rest.py sends texts.
Twilio's words become ours in the tables at the top; a word that is not there is ignored, never guessed."""

import hmac
import re
from collections.abc import Sequence
from functools import cached_property, lru_cache
from importlib import import_module
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import structlog
from markupsafe import escape
from twilio.request_validator import RequestValidator

from bot.channels.twilio_errors import TEMPORARY
from models.customer import Channel
from models.errors import MalformedWebhook, UnverifiedWebhook
from models.message import Failure, MessageStatus
from models.ports import DeliveryReceipt, InboundSms, OutboundSms, SmsAccount, WebhookRequest

if TYPE_CHECKING:
    from twilio.http import HttpClient

    from bot.channels.twilio_rest import TwilioRest

log = structlog.get_logger()

STATUSES: dict[str, tuple[MessageStatus, Failure | None]] = {
    **dict.fromkeys(("accepted", "scheduled", "queued", "sending"), (MessageStatus.SENDING, None)),
    **dict.fromkeys(("sent", "partially_delivered"), (MessageStatus.SENT, None)),
    **dict.fromkeys(("delivered", "read"), (MessageStatus.DELIVERED, None)),
    **dict.fromkeys(("undelivered", "failed"), (MessageStatus.FAILED, Failure.PERMANENT)),
}
API_BASE = "https://api.twilio.com"
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
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SHA256 = "bodySHA256"
WHATSAPP = "whatsapp:"
_READ_ONCE = frozenset({"AccountSid", "Body", "ErrorCode", "From", "MessageSid", "MessageStatus", "OptOutType", "To"})


class TwilioSms:
    """models.ports.SmsChannel. `http` is Twilio's own client unless a sandbox stands at the wire."""

    def __init__(self, http: "HttpClient | None" = None, api_base: str = API_BASE) -> None:
        self._http, self._api_base = http, api_base

    # --- out ---------------------------------------------------------------------------------------------------------
    def send(self, sms: OutboundSms) -> str:
        return self._rest.send(sms)

    def find(self, sms: OutboundSms) -> str | None:
        return self._rest.find(sms)

    @cached_property
    def _rest(self) -> "TwilioRest":
        late = import_module("bot.channels.twilio_rest")
        rest: TwilioRest = late.TwilioRest(self._http or late.RebasedHttpClient(self._api_base))
        return rest

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
    if address.startswith(WHATSAPP):
        return Channel.WHATSAPP, address.removeprefix(WHATSAPP)
    return Channel.SMS, address
