"""A raw mail as a Letter: its headers, its plain and HTML text, its delivery reports. Attachments are never opened.
Own, because the standard library recurses per level and takes 8 s for 0.9 MB of tiny parts: this is a loop over
offsets, its work is bounded, and what is past a limit is refused with `Unreadable` before it is parsed."""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.channels.mime_headers import Headers, decode_base64, decode_text, parse_headers

MAIL_BYTES = 35 * 1024 * 1024
"""Postmark's own limit, the highest of the providers'."""
HEADERS_BYTES = 64 * 1024
PARTS = 1_000
MARKS = 100_000
"""Lines that begin with two dashes: each has to be compared with a boundary."""
DEPTH = 50
TEXT_BYTES = 1024 * 1024
"""Of all texts together; an answer stands at the top or within the first pages."""
WORK_BYTES = 3 * MAIL_BYTES
"""Searched for boundaries in all: every level searches its own part of the mail again."""

_END_OF_HEADERS = re.compile(rb"\r?\n[ \t]*\r?\n|\r\r")
_PARAMETER = re.compile(r";\s*([A-Za-z0-9_\-]{1,30})(\*\d{0,2}\*?)?\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^;\s\"]*))")
_AFTER_BOUNDARY = re.compile(rb"(--)?[ \t]{0,100}(?=\r?\n|\Z)")
_PARAMETERS_CHARS = 1_000


class Unreadable(Exception):
    """Past a limit: the mail is kept raw."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One part that is no multipart. Its body is raw[start:end], still encoded."""

    headers: Headers
    content_type: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Letter:
    headers: Headers
    text: str = ""
    html: str = ""
    leaves: tuple[Leaf, ...] = ()
    """Those of a report: message/* and text/rfc822-headers."""
    content_type: str = "text/plain"


@dataclass(slots=True)
class _Walk:
    """What is left to look at, and how much has been."""

    raw: bytes
    pending: list[tuple[int, int, int]]
    """(start, end, depth) of parts, the next one last."""
    leaves: list[Leaf] = field(default_factory=list)
    parts: int = 0
    searched: int = 0


def read_mail(raw: bytes) -> Letter:
    """Raises Unreadable."""
    if len(raw) > MAIL_BYTES:
        raise Unreadable("too large")
    if raw.count(b"\n--") > MARKS:
        raise Unreadable("too many boundaries")
    start = raw.find(b"\n") + 1 if raw.startswith(b"From ") else 0
    headers, _ = _headers_at(raw, start, len(raw))
    walk = _Walk(raw, [(start, len(raw), 0)])
    while walk.pending:
        _visit(walk, *walk.pending.pop())
    shown = [leaf for leaf in walk.leaves if not _is_attachment(leaf)]
    return Letter(
        headers,
        _joined(raw, [leaf for leaf in shown if leaf.content_type == "text/plain"]),
        _joined(raw, [leaf for leaf in shown if leaf.content_type == "text/html"]),
        tuple(leaf for leaf in walk.leaves if leaf.content_type.startswith(("message/", "text/rfc822-headers"))),
        content_type(headers)[0],
    )


def content_type(headers: Headers) -> tuple[str, dict[str, str]]:
    """The type in lower case and its parameters, continued ones (RFC 2231) joined."""
    value = headers.first("content-type")[:_PARAMETERS_CHARS]
    kind = value.split(";", 1)[0].strip().lower()
    parameters: dict[str, str] = {}
    for name, continued, quoted, bare in _PARAMETER.findall(value):
        plain = re.sub(r"\\(.)", r"\1", quoted) or bare
        if continued.endswith("*"):
            plain = plain.rpartition("'")[2]
        parameters[name.lower()] = (parameters.get(name.lower(), "") if continued else "") + plain
    return (kind if kind.count("/") == 1 else "text/plain"), parameters


def body_of(raw: bytes, leaf: Leaf) -> bytes:
    """Decoded, as much of it as a text may have."""
    encoding = leaf.headers.first("content-transfer-encoding").strip().lower()
    if encoding == "base64":
        return decode_base64(raw[leaf.start : min(leaf.end, leaf.start + TEXT_BYTES * 3 // 2)])[:TEXT_BYTES]
    data = raw[leaf.start : min(leaf.end, leaf.start + TEXT_BYTES)]
    return binascii.a2b_qp(data) if encoding == "quoted-printable" else data


def text_of(raw: bytes, leaf: Leaf) -> str:
    return decode_text(body_of(raw, leaf), content_type(leaf.headers)[1].get("charset", ""))


def _joined(raw: bytes, leaves: list[Leaf]) -> str:
    """Apple Mail cuts one text in pieces around its pictures."""
    texts, left = [], TEXT_BYTES
    for leaf in leaves:
        texts.append(text_of(raw, leaf)[:left])
        left -= len(texts[-1])
        if left <= 0:
            break
    return "\n".join(texts)


def _is_attachment(leaf: Leaf) -> bool:
    disposition = leaf.headers.first("content-disposition").lower()
    return disposition.startswith("attachment") or "filename" in disposition or "name" in content_type(leaf.headers)[1]


def _headers_at(raw: bytes, start: int, end: int) -> tuple[Headers, int]:
    """The headers of a part and where its body begins."""
    if raw.startswith((b"\n", b"\r\n"), start):
        return Headers(), start + 1 + raw.startswith(b"\r", start)
    found = _END_OF_HEADERS.search(raw, start, min(end, start + HEADERS_BYTES + 4))
    if not found and end - start > HEADERS_BYTES:
        raise Unreadable("headers too large")
    stop = found.start() if found else end
    return parse_headers(raw[start:stop]), found.end() if found else end


def _visit(walk: _Walk, start: int, end: int, depth: int) -> None:
    walk.parts += 1
    if walk.parts > PARTS or depth > DEPTH:
        raise Unreadable("too many parts")
    headers, body = _headers_at(walk.raw, start, end)
    kind, parameters = content_type(headers)
    boundary = parameters.get("boundary", "").rstrip()
    if kind.startswith("multipart/") and boundary:
        inner = _inner_parts(walk, boundary, body, end)
        walk.pending.extend((begin, stop, depth + 1) for begin, stop in reversed(inner))
        return
    walk.leaves.append(Leaf(headers, "text/plain" if kind.startswith("multipart/") else kind, body, end))


def _inner_parts(walk: _Walk, boundary: str, start: int, end: int) -> list[tuple[int, int]]:
    walk.searched += end - start
    if walk.searched > WORK_BYTES:
        raise Unreadable("too much to search")
    found: list[tuple[int, int]] = []
    begin: int | None = None
    for line_end, after, is_last in _boundary_lines(walk.raw, boundary, start, end):
        if begin is not None:
            stop = line_end - walk.raw.startswith(b"\r\n", line_end - 1)
            found.append((begin, max(begin, stop)))
        if len(found) + walk.parts > PARTS:
            raise Unreadable("too many parts")
        begin = None if is_last else min(walk.raw.find(b"\n", after, end) + 1 or end, end)
        if is_last:
            break
    if begin is not None:
        found.append((begin, end))
    return found


def _boundary_lines(raw: bytes, boundary: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """(the line end before it, where it ends, whether it is the last). By plain search, which a mail that is almost all
    line ends does not slow down."""
    line = b"\n--" + boundary.encode("utf-8", "replace")
    at = raw.find(line, max(start - 1, 0), end)  # that line end may be the one that ended the headers
    while at >= 0:
        if mark := _AFTER_BOUNDARY.match(raw, at + len(line), end):
            yield at, mark.end(), bool(mark[1])
        at = raw.find(line, at + len(line), end)
