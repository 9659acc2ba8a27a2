"""Addresses in mail headers: the sender strictly (one From, one plain address, or nobody), recipients leniently.
Refuses every form on which mail programs and providers disagree."""

import re
from collections.abc import Iterable

from bot.channels.mime_headers import HEADER_BYTES, Headers, decode_words

RECIPIENTS = 100
REFERENCES = 50
REFERENCE_CHARS = 255

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-]{1,64}(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-]{1,64}){0,20}"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?"
_PLAIN = rf"{_LOCAL}@{_LABEL}(?:\.{_LABEL}){{1,20}}"
_FROM = re.compile(rf'\s*(?:("(?:[^"\\]|\\.)*"|[^"<>(),:;@\\\[\]]*?)\s*<({_PLAIN})>|({_PLAIN}))\s*')
_ANYWHERE = re.compile(r"[^\s\x00-\x20\x7f-\xa0\ud800-\udfff<>,;:\"()@\[\]\\]{1,128}@[A-Za-z0-9.\-]{1,253}")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,253}>")
_TAG = re.compile(r"[A-Za-z0-9._~=\-]{1,128}")


def sole_sender(headers: Headers) -> str | None:
    """Lower case; None for two From headers, two addresses, comments, groups, routes, encoded addresses, or a name that
    is an address of somebody else."""
    values = headers.all("from")
    if len(values) != 1 or len(values[0]) >= HEADER_BYTES:
        return None
    return plain_address(values[0])


def plain_address(value: str) -> str | None:
    matched = _FROM.fullmatch(value) if len(value) <= 1_000 and "\x00" not in value else None
    if not matched:
        return None
    address = (matched[2] or matched[3]).lower()
    if "=?" in address or len(address) > 254 or len(address.rpartition("@")[0]) > 64:
        return None
    shown = decode_words((matched[1] or "").strip().strip('"'))
    other = "@" in shown and shown.strip().strip("'").lower() != address
    return None if other or "<" in shown else address


def recipients(values: Iterable[str]) -> tuple[str, ...]:
    """In their own case, each once."""
    found: dict[str, str] = {}
    for value in values:
        for address in _ANYWHERE.findall(value[:HEADER_BYTES]):
            found.setdefault(address.lower(), address)
            if len(found) >= RECIPIENTS:
                return tuple(found.values())
    return tuple(found.values())


def message_ids(values: Iterable[str]) -> tuple[str, ...]:
    """The newest ones of a long thread."""
    found = [identifier for value in values for identifier in _MESSAGE_ID.findall(value[:HEADER_BYTES])]
    return tuple(found[-REFERENCES:])


def reply_tag(addresses: Iterable[str], ours: Iterable[str]) -> str | None:
    own = [address.partition("@")[::2] for address in ours]
    for address in addresses:
        local, _, domain = address.rpartition("@")
        for our_local, our_domain in own:
            begins = local.lower().startswith(our_local + "+") and domain.lower() == our_domain
            if begins and _TAG.fullmatch(tag := local[len(our_local) + 1 :]):
                return tag
    return None


def is_aligned(signer: str, sender: str | None) -> bool:
    """May `signer` speak for the sender's domain? A domain for itself and for those below it; never the other way:
    whoever rents evil.example.com must not speak for example.com, and we hold no list of public suffixes."""
    domain = (sender or "").rpartition("@")[2]
    signer = signer.strip().lower().rstrip(".")
    return "." in signer and (domain == signer or domain.endswith("." + signer))
