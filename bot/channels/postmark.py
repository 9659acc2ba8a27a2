"""Postmark inbound: JSON behind basic auth, with or without the raw mail. Its SpamAssassin has the verdict, in headers
that Postmark puts above all others."""

import json
import re
from datetime import datetime
from typing import Any

from bot.channels.email_addresses import is_aligned, sole_sender
from bot.channels.email_in import content_checksum, inbound_email, letter_of, require_secret
from bot.channels.form_fields import BODY_BYTES
from bot.channels.mime import Letter
from bot.channels.mime_headers import Headers, headers_of
from models.errors import MalformedWebhook, UnverifiedWebhook
from models.ports import InboundEmail, Mailbox, WebhookRequest

ALIGNED_DKIM = "DKIM_VALID_AU"
"""SpamAssassin's "valid signature of the author's domain"."""

_ENVELOPE_FROM = re.compile(r"\benvelope-from=<?[^\s;<>@]{1,64}@([A-Za-z0-9.\-]{1,253})")
_SENDERS_OWN = frozenset({"received", "dkim-signature", "mime-version", "message-id", "from", "date", "subject", "to"})


def is_configured(mailbox: Mailbox) -> bool:
    return bool(mailbox.secret)


def verify_and_parse(request: WebhookRequest, mailbox: Mailbox, now: datetime) -> InboundEmail:  # noqa: ARG001 - the port's
    if not mailbox.secret:
        raise UnverifiedWebhook("not set up")
    require_secret(request, mailbox.secret)
    mail = _json(request.body)
    added = _headers(mail)
    raw, checksum = _text(mail, "RawEmail").encode("utf-8", "surrogateescape"), None
    letter = letter_of(raw) if raw else _parsed(mail, added)
    if not raw:
        raw = request.body
        checksum = content_checksum(json.dumps(mail.get("Headers")), *(_text(mail, name) for name in _CONTENT))
    return inbound_email(
        letter,
        raw,
        mailbox,
        is_authenticated=letter is not None and has_passed(added, sole_sender(letter.headers)),
        envelope_to=[_text(mail, "OriginalRecipient")],
        checksum=checksum,
    )


_CONTENT = ("From", "To", "Cc", "Subject", "Date", "TextBody", "HtmlBody")


def has_passed(headers: Headers, sender: str | None) -> bool:
    """`headers` as Postmark lists them."""
    on_top: dict[str, str] = {}
    names = list(headers.names())
    for at, (name, value) in enumerate(headers.fields):
        if name in _SENDERS_OWN and not (at == 0 and "postmarkapp.com" in value):  # its own Received may stand first
            break
        if names.count(name) == 1:  # a sender's copy makes two
            on_top[name] = value
    tests = {word.strip().upper() for word in on_top.get("x-spam-tests", "").split(",")}
    if sender is not None and ALIGNED_DKIM in tests:
        return True
    spf = on_top.get("received-spf", "")
    domain = _ENVELOPE_FROM.search(spf)
    return spf.lower().startswith("pass") and domain is not None and is_aligned(domain[1], sender)


def _json(body: bytes) -> dict[str, Any]:
    if len(body) > BODY_BYTES * 3:  # base64 and escapes around a mail of the largest size
        raise MalformedWebhook("too large")
    try:
        mail = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedWebhook("not JSON") from error
    if not isinstance(mail, dict) or not ({"From", "FromFull", "RawEmail", "Headers"} & mail.keys()):
        raise MalformedWebhook("no mail")
    return mail


def _text(mail: dict[str, Any], name: str) -> str:
    value = mail.get(name)
    return value if isinstance(value, str) else ""


def _headers(mail: dict[str, Any]) -> Headers:
    listed = mail.get("Headers")
    pairs = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return headers_of([(_text(pair, "Name"), _text(pair, "Value")) for pair in pairs])


def _parsed(mail: dict[str, Any], added: Headers) -> Letter:
    """Postmark takes From, To, Cc, Subject and Date out of the list of headers. Its own MessageID is not the mail's."""
    sender = mail.get("FromFull")
    known = {"From": _text(sender, "Email") if isinstance(sender, dict) else ""} | {
        name: _text(mail, name) for name in ("From", "To", "Cc", "Subject", "Date") if _text(mail, name)
    }
    own = headers_of([(name, value) for name, value in known.items() if value and not added.all(name.lower())])
    headers = Headers(added.fields + own.fields)
    kind = headers.first("content-type").split(";")[0].strip().lower() or "text/plain"
    return Letter(headers, _text(mail, "TextBody"), _text(mail, "HtmlBody"), content_type=kind)
