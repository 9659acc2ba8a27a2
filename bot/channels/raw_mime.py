"""Raw mail in the body of a request, from a Postfix pipe or any relay of our own. A shared secret proves the relay; its
Authentication-Results count only under its own name and only at the top, where no sender can write."""

import re
from datetime import datetime

from bot.channels.email_addresses import is_aligned, sole_sender
from bot.channels.email_in import header, inbound_email, letter_of, require_secret
from bot.channels.mime_headers import Headers
from models.errors import MalformedWebhook, UnverifiedWebhook
from models.ports import InboundEmail, Mailbox, WebhookRequest

_COMMENT = re.compile(r"\([^()]*\)")
_FROM_DOMAIN = re.compile(r"header\.from\s*=\s*\"?([a-z0-9.\-]+)")


def is_configured(mailbox: Mailbox) -> bool:
    return bool(mailbox.secret)


def verify_and_parse(request: WebhookRequest, mailbox: Mailbox, now: datetime) -> InboundEmail:  # noqa: ARG001 - the port's
    if not mailbox.secret:
        raise UnverifiedWebhook("not set up")
    require_secret(request, mailbox.secret)
    if not request.body.strip():
        raise MalformedWebhook("no mail")
    letter = letter_of(request.body)
    recipient = header(request, "X-Original-To")
    return inbound_email(
        letter,
        request.body,
        mailbox,
        is_authenticated=letter is not None and has_passed(letter.headers, mailbox.authserv_id),
        envelope_to=[recipient] if recipient else [],
    )


def has_passed(headers: Headers, authserv_id: str | None) -> bool:
    """`dmarc=pass` for the sender's domain in the topmost Authentication-Results, if that one is our relay's."""
    if not authserv_id:
        return False
    received = 0
    for name, value in headers.fields:
        received += name == "received"
        if received > 1:  # below the relay's own line stands what the sender wrote
            return False
        if name == "authentication-results":
            return _is_pass(value.lower(), authserv_id.lower(), sole_sender(headers))
    return False


def _is_pass(value: str, authserv_id: str, sender: str | None) -> bool:
    server, *results = _COMMENT.sub("", value).split(";")
    if server.split()[:1] != [authserv_id]:
        return False
    verdicts = [result.strip() for result in results if result.strip().startswith("dmarc")]
    if len(verdicts) != 1 or not re.match(r"dmarc\s*=\s*pass(?:\s|$)", verdicts[0]):
        return False
    domain = _FROM_DOMAIN.search(verdicts[0])
    return domain is not None and is_aligned(domain[1], sender)
