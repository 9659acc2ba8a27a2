"""SendGrid Inbound Parse: parsed fields or the raw mail, signed (ECDSA) or behind the secret of its URL.
Its own `dkim` and `SPF` fields are the verdict; results inside the mail are never looked at."""

import json
import re
from datetime import UTC, datetime, timedelta
from importlib import import_module

from bot.channels.email_addresses import is_aligned, sole_sender
from bot.channels.email_in import content_checksum, header, inbound_email, letter_of, require_secret
from bot.channels.form_fields import Form, form_of
from bot.channels.mime import Letter
from bot.channels.mime_headers import Headers, decode_text, headers_of, parse_headers
from models.errors import MalformedWebhook, UnverifiedWebhook
from models.ports import InboundEmail, Mailbox, WebhookRequest

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
OLDEST = timedelta(hours=73)
"""It tries again for three days; the mail's own reference keeps an older try from counting twice."""
AHEAD = timedelta(minutes=5)

_DKIM = re.compile(r"@([A-Za-z0-9.\-]{1,253})\s*:\s*([a-z]{1,20})")


def is_configured(mailbox: Mailbox) -> bool:
    return bool(mailbox.signing_key or mailbox.secret)


def verify_and_parse(request: WebhookRequest, mailbox: Mailbox, now: datetime) -> InboundEmail:
    _verify(request, mailbox, now)
    form = form_of(request)
    if "email" in form:
        raw = form.data("email")
        letter, checksum = letter_of(raw), None
    elif "headers" in form or "from" in form:
        raw, letter = request.body, _parsed(form)
        checksum = content_checksum(*(form.data(name) for name in ("headers", "from", "to", "subject", "text", "html")))
    else:
        raise MalformedWebhook("no mail")
    return inbound_email(
        letter,
        raw,
        mailbox,
        is_authenticated=letter is not None and has_passed(form, letter.headers),
        envelope_to=_envelope(form)[1],
        envelope_from=_envelope(form)[0],
        checksum=checksum,
    )


def has_passed(form: Form, headers: Headers) -> bool:
    """Aligned DKIM, or SPF for an envelope of the sender's own domain."""
    sender = sole_sender(headers)
    signers = [domain for domain, word in _DKIM.findall(form.sole("dkim")) if word == "pass"]
    if any(is_aligned(domain, sender) for domain in signers):
        return True
    mail_from = (_envelope(form)[0] or "").rpartition("@")[2]
    return form.sole("SPF").strip().lower() == "pass" and is_aligned(mail_from, sender)


def _verify(request: WebhookRequest, mailbox: Mailbox, now: datetime) -> None:
    """Every proof that is set up must hold."""
    if not is_configured(mailbox):
        raise UnverifiedWebhook("not set up")
    if mailbox.secret:
        require_secret(request, mailbox.secret)
    if mailbox.signing_key:
        _verify_signature(request, mailbox.signing_key, now)


def _verify_signature(request: WebhookRequest, key: str, now: datetime) -> None:
    timestamp = header(request, TIMESTAMP).strip()
    if not re.fullmatch(r"\d{1,12}", timestamp, re.ASCII):
        raise UnverifiedWebhook("no timestamp")
    age = now - datetime.fromtimestamp(int(timestamp), UTC)
    if not -AHEAD <= age <= OLDEST:
        raise UnverifiedWebhook("too old, or from the future")
    is_signed = import_module("bot.channels.sendgrid_signature").is_signed
    if not is_signed(key, header(request, SIGNATURE), timestamp.encode() + request.body):
        raise UnverifiedWebhook("wrong signature")


def _parsed(form: Form) -> Letter:
    charsets = _object(form.text("charsets"))

    def text(name: str) -> str:
        return decode_text(form.data(name), str(charsets.get(name, "utf-8")))

    headers = parse_headers(form.data("headers"))
    if not headers.fields:
        headers = headers_of([(name, text(name)) for name in ("from", "to", "cc", "subject") if name in form])
    kind = headers.first("content-type").split(";")[0].strip().lower() or "text/plain"
    return Letter(headers, text("text"), text("html"), content_type=kind)


def _envelope(form: Form) -> tuple[str | None, list[str]]:
    """Who sent it and to whom, by the SMTP dialogue."""
    envelope = _object(form.sole("envelope"))
    to = envelope.get("to")
    reached = [str(address) for address in to][:100] if isinstance(to, list) else []
    return (str(envelope["from"] or "") if "from" in envelope else None), reached


def _object(text: str) -> dict[str, object]:
    try:
        loaded = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return loaded if isinstance(loaded, dict) else {}
