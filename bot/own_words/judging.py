"""Whether words may be kept: what is wrong with them, and what would mend it. Decides by the words alone; how long they
get is `measuring`'s."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from bot import shorteners, wording
from bot.own_words import grammar
from bot.own_words.catalogue import ALIASES, LINKS, MAY_LACK, MOST_CHARS, Part, Template

TOLD_CHARS = 40
CLOSE = 0.6
"""difflib's own measure of alike: `{custmer}`, `{invoise}`."""
NEEDED_WORDS = {"welcome": re.compile(r"e-?mail|correo", re.IGNORECASE)}
"""The first answer asks for the email: all that follows hangs on it."""
_VARIANTS = dict.fromkeys(range(0xFE00, 0xFE10))
_LINK = re.compile(r"\{(?:" + "|".join(sorted(LINKS)) + r")\}")
_LINK_ALONE = re.compile(rf"(?<!\S){_LINK.pattern}(?!\S)")
_ANY = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True, slots=True)
class Fault:
    """`detail`: what it is about. `hint`: what was probably meant. The words for each code are in templates."""

    code: str
    part: Part | None = None
    detail: str = ""
    hint: str = ""


def tidied(typed: str) -> str:
    """As it is kept: composed letters, plain spaces, no variants of emoji. Hides nothing that is worth a fault."""
    composed = unicodedata.normalize("NFC", typed).translate(_VARIANTS)
    spaced = "".join(" " if unicodedata.category(character) == "Zs" else character for character in composed)
    return re.sub(" +", " ", spaced).strip()


def faults(template: Template, words: Mapping[Part, str]) -> list[Fault]:
    """Of words that are tidy already. Empty: they may be kept, if they are short enough."""
    found = [Fault("not_a_part", detail=part) for part in words if part not in template.parts]
    if not any(words.get(part) for part in template.parts):
        return [*found, Fault("empty", template.parts[0])]
    for part in template.parts:
        if words.get(part):
            found += _of_part(template, part, words[part])
    return found


def _of_part(template: Template, part: Part, source: str) -> Iterator[Fault]:
    if len(source) > MOST_CHARS[part]:
        yield Fault("too_long", part, str(MOST_CHARS[part]), str(len(source)))
        return
    if "\n" in source or "\r" in source:
        yield Fault("line_break", part)
    for character in wording.hidden(source):
        yield Fault("hidden_character", part, f"U+{ord(character):04X}")
    yield from _placeholders(template, part, source)
    yield from _brackets(part, source)
    for address in wording.addresses(_ANY.sub("{x}", source)):
        yield Fault("address", part, address.replace("{x}", "...")[:TOLD_CHARS])
    for host in shorteners.named(source):
        yield Fault("shortener", part, host[:TOLD_CHARS])
    if part is Part.TEXT:
        yield from _frame(template, source)


def _placeholders(template: Template, part: Part, source: str) -> Iterator[Fault]:
    for name in dict.fromkeys(grammar.placeholders(source)):
        if name not in template.placeholders:
            yield Fault("unknown_placeholder", part, name[:TOLD_CHARS], _meant(name, template.placeholders))
    if any(piece.kind == "mark" and piece.word in "{}" for piece in grammar.pieces(source)):
        yield Fault("stray_brace", part)
    alone = {found.span() for found in _LINK_ALONE.finditer(source)}
    for found in _LINK.finditer(source):
        if found.span() not in alone:
            yield Fault("link_not_alone", part, found[0].strip("{}"))


def _meant(name: str, allowed: tuple[str, ...]) -> str:
    """The near one, or none."""
    plain = re.sub(r"\W+", "_", name.strip().lower())
    if plain in allowed:
        return plain
    if ALIASES.get(plain) in allowed:
        return ALIASES[plain]
    near = get_close_matches(plain, allowed, 1, CLOSE)
    return near[0] if near else ""


def _brackets(part: Part, source: str) -> Iterator[Fault]:
    """Each opens, holds a placeholder that may have no value, and closes."""
    is_open, holds = False, False
    for piece in grammar.pieces(source):
        if piece.kind == "mark" and piece.word in "[]":
            if is_open is (piece.word == "["):
                yield Fault("brackets", part)
                return
            if is_open and not holds:
                yield Fault("brackets_for_nothing", part, ", ".join(sorted(MAY_LACK)))
            is_open, holds = not is_open, False
        holds |= piece.kind == "placeholder" and piece.word in MAY_LACK
    if is_open:
        yield Fault("brackets", part)


def _frame(template: Template, source: str) -> Iterator[Fault]:
    """Who writes, where to pay and how to stop: a text without them is not ours to send."""
    always = re.sub(r"\[[^\[\]]*\]", "", source)
    there = grammar.placeholders(always)
    if not source.startswith("{merchant}:"):
        yield Fault("name_not_first", Part.TEXT)
    for name in template.needed:
        if name not in there and name != "merchant":
            yield Fault("missing", Part.TEXT, name)
    if (needed := NEEDED_WORDS.get(template.name)) is not None and needed.search(source) is None:
        yield Fault("asks_no_email", Part.TEXT)
