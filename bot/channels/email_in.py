"""What every vendor's file shares: a Letter becomes one InboundEmail, and the secrets that prove who brought it.
No vendor's word in here."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

import structlog

from bot.channels.autoreply import automatic_reason, says_machine
from bot.channels.delivery_reports import delivery_reports
from bot.channels.email_addresses import REFERENCE_CHARS, message_ids, recipients, reply_tag, sole_sender
from bot.channels.mime import MAIL_BYTES, Letter, Unreadable, read_mail
from bot.channels.mime_headers import Headers, decode_words
from bot.channels.quoting import newest_text
from bot.channels.quoting_html import text_of_html
from models.errors import MalformedWebhook, UnverifiedWebhook
from models.ports import InboundEmail, Mailbox, WebhookRequest

SUBJECT_CHARS = 200
_UNEXPECTED = (ValueError, LookupError, ArithmeticError, RecursionError)

log = structlog.get_logger()


def letter_of(raw: bytes) -> Letter | None:
    """None for a mail past the limits. It is kept raw: refusing it would only make the provider bring it again."""
    if len(raw) > MAIL_BYTES:
        raise MalformedWebhook("too large")
    try:
        return read_mail(raw)
    except Unreadable as reason:
        log.warning("email_unreadable", reason=str(reason))
    except _UNEXPECTED as error:
        log.exception("email_unreadable", error=type(error).__name__)
    return None


def inbound_email(
    letter: Letter | None,
    raw: bytes,
    mailbox: Mailbox,
    *,
    is_authenticated: bool,
    envelope_to: Sequence[str] = (),
    envelope_from: str | None = None,
    checksum: str | None = None,
    replay_key: str | None = None,
) -> InboundEmail:
    """`checksum`: of the mail's own content, where `raw` is a provider's form that differs from one try to the next."""
    checksum = checksum or hashlib.sha256(raw).hexdigest()
    headers = letter.headers if letter else Headers()
    sender = sole_sender(headers)
    to, cc = recipients(headers.all("to")), recipients(headers.all("cc"))
    text = newest_of(letter) if letter else ""
    reached = (*envelope_to, *headers.all("delivered-to"), *headers.all("x-original-to"), *to, *cc)
    return InboundEmail(
        provider_reference=_reference(headers, checksum),
        checksum=checksum,
        from_address=sender,
        to=tuple(address.lower() for address in to),
        cc=tuple(address.lower() for address in cc),
        subject=decode_words(headers.first("subject"))[:SUBJECT_CHARS],
        text=text,
        in_reply_to=next(iter(message_ids(headers.all("in-reply-to"))), None),
        references=message_ids(headers.all("references")),
        reply_tag=reply_tag(recipients(reached), mailbox.addresses),
        automatic=_automatic(letter, text, sender, mailbox, envelope_from),
        is_authenticated=is_authenticated and sender is not None,
        reports=delivery_reports(raw, letter) if letter else (),
        is_unreadable=letter is None,
        raw=raw,
        replay_key=replay_key,
    )


def _automatic(
    letter: Letter | None, text: str, sender: str | None, mailbox: Mailbox, envelope_from: str | None
) -> str | None:
    """An empty envelope sender is a null return path, which only machines use (RFC 3834); None: nobody told it."""
    if letter is None:
        return "unreadable"
    is_null = envelope_from is not None and not envelope_from.strip(" <>")
    by_mail = automatic_reason(letter.headers, letter.content_type, sender, mailbox.addresses)
    return by_mail or ("null-return-path" if is_null else "words" if says_machine(text) else None)


def newest_of(letter: Letter) -> str:
    """Of the plain text; of the HTML where there is no plain one, or nothing new in it."""
    return newest_text(letter.text) or (newest_text(text_of_html(letter.html)) if letter.html.strip() else "")


def require_secret(request: WebhookRequest, secret: str) -> None:
    """As basic auth, as a bearer token, in X-Webhook-Secret, or as ?secret= of the URL. Raises UnverifiedWebhook."""
    offered = [header(request, "X-Webhook-Secret"), *parse_qs(urlsplit(request.url).query).get("secret", [])]
    scheme, _, credentials = header(request, "Authorization").partition(" ")
    if scheme.lower() == "bearer":
        offered.append(credentials.strip())
    elif scheme.lower() == "basic":
        pair = _unbase64(credentials)
        offered += [pair, pair.partition(":")[2]]
    matches = [hmac.compare_digest(one.encode("utf-8", "replace"), secret.encode()) for one in offered if one]
    if not any(matches):
        raise UnverifiedWebhook("wrong or missing secret")


def header(request: WebhookRequest, name: str) -> str:
    return next((value for field, value in request.headers.items() if field.lower() == name.lower()), "")


def content_checksum(*parts: str | bytes) -> str:
    """Of a mail that came in pieces; each is counted, so that no text can move from one to the next."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "replace") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def _reference(headers: Headers, checksum: str) -> str:
    value = headers.first("message-id").strip()
    identifier = next(iter(message_ids([value])), "" if "<" in value else value)
    printable = identifier.isascii() and identifier.isprintable() and " " not in identifier
    return identifier if identifier and printable and len(identifier) <= REFERENCE_CHARS else f"sha256:{checksum}"


def _unbase64(value: str) -> str:
    try:
        return base64.b64decode(value.strip(), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
