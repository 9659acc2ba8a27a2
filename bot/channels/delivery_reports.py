"""Bounces (RFC 3464) and complaints (RFC 5965) that come as mail. Reads their fields only, never the returned text."""

import re
from collections.abc import Iterator

from bot.channels.email_addresses import message_ids, recipients
from bot.channels.mime import Letter, body_of
from bot.channels.mime_headers import Headers, parse_headers
from models.ports import DeliveryReport

REPORTS = 100

_PERMANENT = re.compile(r"\s*5\.\d{1,3}\.\d{1,3}")
_STATUSES = ("message/delivery-status", "message/global-delivery-status")
_COMPLAINTS = frozenset({"abuse", "fraud", "not-spam", "virus", "opt-out", "other"})


def delivery_reports(raw: bytes, letter: Letter) -> tuple[DeliveryReport, ...]:
    fields = {leaf.content_type: parse_headers(body_of(raw, leaf)[:65536]) for leaf in reversed(letter.leaves)}
    returned = fields.get("message/rfc822") or fields.get("text/rfc822-headers") or Headers()
    original = next(iter(message_ids(returned.all("message-id"))), None)
    if letter.content_type == "multipart/report":
        statuses = [
            leaf
            for leaf in letter.leaves
            if leaf.content_type in ("message/delivery-status", "message/global-delivery-status")
        ]
        found = [report for leaf in statuses for report in _bounces(body_of(raw, leaf), original)]
        if "message/feedback-report" in fields:
            found += _complaints(fields["message/feedback-report"], returned, original)
        return tuple(found[:REPORTS])
    failed = recipients(letter.headers.all("x-failed-recipients"))  # Exim and Gmail, with or without a report
    return tuple(DeliveryReport(address.lower(), True, False, original) for address in failed)


def _bounces(status: bytes, original: str | None) -> Iterator[DeliveryReport]:
    """The first block is about the mail, each one after it about one recipient."""
    for block in re.split(rb"\r?\n[ \t]*\r?\n", status)[: REPORTS + 1]:
        fields = parse_headers(block)
        named = fields.first("original-recipient") or fields.first("final-recipient")
        address = next(iter(recipients([named.partition(";")[2] or named])), None)
        action = fields.first("action").split("(")[0].strip().lower()
        if address is not None and action in ("failed", "delayed"):
            permanent = action == "failed" and _PERMANENT.match(fields.first("status")) is not None
            yield DeliveryReport(address.lower(), permanent, False, original)


def _complaints(fields: Headers, returned: Headers, original: str | None) -> list[DeliveryReport]:
    kind = fields.first("feedback-type").strip().lower()
    if kind not in _COMPLAINTS or kind == "not-spam":
        return []
    named = fields.all("original-rcpt-to") or fields.all("removal-recipient") or returned.all("to")
    return [DeliveryReport(address.lower(), True, True, original) for address in recipients(named)]
