"""Mailgun routes: parsed fields, or the raw mail in `body-mime`. The signature covers a timestamp and a token only, not
the mail: hence two minutes, a token that counts once (`replay_key`), and the URL's secret where one is set up."""

import hashlib
import hmac
import json
import re
from datetime import UTC, datetime, timedelta

from bot.channels.email_addresses import is_aligned, sole_sender
from bot.channels.email_in import content_checksum, inbound_email, letter_of, require_secret
from bot.channels.form_fields import Form, form_of
from bot.channels.mime import Letter
from bot.channels.mime_headers import Headers, headers_of
from models.errors import MalformedWebhook, UnverifiedWebhook
from models.ports import InboundEmail, Mailbox, WebhookRequest

TOLERANCE = timedelta(minutes=2)

_SIGNED_BY = re.compile(r"(?:^|;)\s*d\s*=\s*([A-Za-z0-9.\-]{1,253})")
_RULES, _DKIM, _SPF = "x-mailgun-spam-rules", "x-mailgun-dkim-check-result", "x-mailgun-spf"
_ALIGNED_DKIM = "dkim_valid_au"
"""SpamAssassin's "valid signature of the author's domain"."""


def is_configured(mailbox: Mailbox) -> bool:
    return bool(mailbox.signing_key)


def verify_and_parse(request: WebhookRequest, mailbox: Mailbox, now: datetime) -> InboundEmail:
    if not mailbox.signing_key:
        raise UnverifiedWebhook("not set up")
    if mailbox.secret:
        require_secret(request, mailbox.secret)
    form = form_of(request)
    _verify(form, mailbox.signing_key, now)
    letter, raw, checksum = _mail(form, request.body)
    return inbound_email(
        letter,
        raw,
        mailbox,
        is_authenticated=letter is not None and has_passed(letter.headers, form.sole("sender")),
        envelope_to=[form.text("recipient")],
        envelope_from=form.text("sender") if "sender" in form else None,
        checksum=checksum,
        replay_key=f"mailgun:{form.sole('token')}",
    )


def has_passed(headers: Headers, envelope_from: str) -> bool:
    """By the headers that Mailgun adds above all others. A sender can write the same names: theirs stand below the
    first Received, and a name that comes twice counts for nothing."""
    sender, above = sole_sender(headers), _added_on_top(headers)
    if sender is not None and _ALIGNED_DKIM in {rule.strip() for rule in above.get(_RULES, "").split(",")}:
        return True
    if above.get(_DKIM) == "pass":
        # It names no domain, so the mail must have one signature only.
        signatures = headers.all("dkim-signature")
        signer = _SIGNED_BY.search(signatures[0]) if len(signatures) == 1 else None
        if signer and is_aligned(signer[1], sender):
            return True
    return above.get(_SPF) == "pass" and is_aligned(envelope_from.rpartition("@")[2], sender)


def _added_on_top(headers: Headers) -> dict[str, str]:
    names = list(headers.names())
    top = names.index("received") if "received" in names else 0
    return {
        name: value.strip().lower()
        for name, value in headers.fields[:top]
        if name in (_RULES, _DKIM, _SPF) and names.count(name) == 1
    }


def _verify(form: Form, key: str, now: datetime) -> None:
    timestamp, token, signature = form.sole("timestamp"), form.sole("token"), form.sole("signature")
    if not re.fullmatch(r"\d{1,12}", timestamp, re.ASCII) or not re.fullmatch(r"[\x21-\x7e]{1,200}", token):
        raise UnverifiedWebhook("no timestamp or token")
    expected = hmac.new(key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), signature.strip().lower().encode("utf-8", "replace")):
        raise UnverifiedWebhook("wrong signature")
    if abs(now - datetime.fromtimestamp(int(timestamp), UTC)) > TOLERANCE:
        raise UnverifiedWebhook("too old, or from the future")


def _mail(form: Form, body: bytes) -> tuple[Letter | None, bytes, str | None]:
    if "body-mime" in form:
        raw = form.data("body-mime")
        return letter_of(raw), raw, None
    headers = _headers(form)
    if not headers.fields and not ("body-plain" in form or "body-html" in form):
        raise MalformedWebhook("no mail")
    kind = headers.first("content-type").split(";")[0].strip().lower() or "text/plain"
    letter = Letter(headers, form.text("body-plain"), form.text("body-html"), content_type=kind)
    names = ("message-headers", "from", "subject", "body-plain", "body-html")
    return letter, body, content_checksum(*(form.data(name) for name in names))


def _headers(form: Form) -> Headers:
    """`message-headers` is a JSON list of pairs. Without it, the fields that are named like headers, in either case."""
    try:
        pairs = json.loads(form.text("message-headers"))
    except (ValueError, RecursionError):
        pairs = None
    if isinstance(pairs, list):
        pairs = [pair for pair in pairs if isinstance(pair, list) and len(pair) == 2]
        return headers_of([(str(name), str(value)) for name, value in pairs])
    names = ("Message-Id", "From", "To", "Cc", "Subject", "In-Reply-To", "References", "Auto-Submitted", "Precedence")
    found = [(name, next(key for key in (name, name.lower()) if key in form)) for name in names if _has(form, name)]
    return headers_of([(name, form.text(key)) for name, key in found])


def _has(form: Form, name: str) -> bool:
    return name in form or name.lower() in form
