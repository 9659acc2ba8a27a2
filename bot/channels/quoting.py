"""The newest text of a mail: what its sender has just typed, without quoted history, signatures and our own words.
Pure and bounded; it never raises, and gives "" for a mail that only quotes."""

import re

from bot.channels import quoting_words as words
from bot.channels.quoting_marks import (
    QUOTED,
    attribution_length,
    before_attribution,
    header_length,
    is_divider,
    is_rule,
)
from bot.channels.quoting_signature import without_signature

NEWEST_CHARS = 4_000
LOOKED_AT_CHARS = 100_000
LOOKED_AT_LINES = 3_000
WRAPPED_FROM = 60
"""A quoted line at least this long may have pushed its last words onto a line without a mark."""

_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]|^[ \t]*\u1427[ \t]*$",
    re.MULTILINE,
)
_BLANKS = re.compile(r"\n{5,}")
_LINK_REST = re.compile(r"[ \t]?[(<_/&?=%#]\S")
_DASH = r"[-\u2010-\u2015\u2212*_= ]{0,12}"
_BOUNDARY = re.compile(
    r"^[ \t>|*]{0,20}"
    + _DASH
    + "(?:"
    + "|".join(r"[\s>*]{1,6}".join(map(re.escape, text.strip("- ").split())) for text in words.BOUNDARIES.values())
    + ")"
    + _DASH
    + "$",
    re.IGNORECASE | re.MULTILINE,
)


def newest_text(text: str) -> str:
    lines = _lines(text)
    answer = without_signature("\n".join(_typed(_above_boundary(lines))))
    return _BLANKS.sub("\n\n\n\n", answer).strip()[:NEWEST_CHARS].rstrip()


def clean(text: str) -> str:
    """Line ends as \\n, without what cannot be seen: zero-width and direction marks, and one that trackers leave."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u00a0", " ")
    return _INVISIBLE.sub("", text).encode("utf-8", "replace").decode()


def _lines(text: str) -> list[str]:
    cleaned = clean(text[:LOOKED_AT_CHARS])
    return [line.rstrip() for line in cleaned.split("\n")[:LOOKED_AT_LINES]]


def _above_boundary(lines: list[str]) -> list[str]:
    """Exactly what stands above the first line of our own mail; all of it when the answer stands below the quote."""
    found = _BOUNDARY.search("\n".join(lines))
    if not found:
        return lines
    above = found.string[: found.start()].split("\n")
    if any(_typed(above)) or not QUOTED.match(found[0]):
        return above
    return lines


def _typed(lines: list[str]) -> list[str]:
    """The lines outside every quote, up to the first mark after which all is quoted."""
    kept: list[str] = []
    at = 0
    while at < len(lines):
        if QUOTED.match(lines[at]):
            at = _past_gap(lines, _end_of_quote(lines, at), kept)
            continue
        if is_divider(lines, at) or header_length(lines, at):
            return _without_rule(kept)
        before = before_attribution(lines[at], lines[at + 1 :])
        if before:
            return [*kept, before]
        length = attribution_length(lines, at)
        if length and not _is_quote_next(lines, at + length):
            return _without_rule(kept)
        if not length:
            kept.append(lines[at])
        at = _past_gap(lines, at + length, kept) if length else at + 1
    return kept


def _past_gap(lines: list[str], at: int, kept: list[str]) -> int:
    """What was cut out leaves no wider gap than stood above it."""
    while kept and not kept[-1].strip() and at < len(lines) and not lines[at].strip():
        at += 1
    return at


def _is_quote_next(lines: list[str], at: int) -> bool:
    following = next((line for line in lines[at : at + 4] if line.strip()), ">")
    return QUOTED.match(following) is not None


def _end_of_quote(lines: list[str], at: int) -> int:
    """Past the quoted lines from here on, and past the ends of such lines that a program has wrapped."""
    while at < len(lines) and (QUOTED.match(lines[at]) or _is_wrapped_end(lines, at) or _is_rest_of_link(lines, at)):
        at += 1
    return at


def _is_wrapped_end(lines: list[str], at: int) -> bool:
    line, before = lines[at], lines[at - 1]
    if not line.strip() or not QUOTED.match(before) or len(before) < WRAPPED_FROM or len(line) >= len(before):
        return False
    continues = QUOTED.match(lines[at + 1]) is not None if at + 1 < len(lines) else False
    return continues or line[:1].islower()


def _is_rest_of_link(lines: list[str], at: int) -> bool:
    """Between two quoted lines: what a program has broken off an address that was too long."""
    return _LINK_REST.match(lines[at]) is not None and at + 1 < len(lines) and QUOTED.match(lines[at + 1]) is not None


def _without_rule(kept: list[str]) -> list[str]:
    """Without the line that a program draws above what it quotes."""
    end = len(kept)
    while end and (not kept[end - 1].strip() or is_rule(kept[end - 1])):
        end -= 1
    return kept[:end]
