"""Public link shorteners, named in words of a person's own however they are written: with a blank beside the dot, with
"dot" for it, in letters of another width. Carriers drop texts with these, and block who sends them (Twilio 30892)."""

import re
import unicodedata

from bot import wording

HOSTS = frozenset(
    (
        *("bit.ly", "bitly.com", "tinyurl.com", "t.co", "goo.gl", "ow.ly", "is.gd", "v.gd", "buff.ly", "rebrand.ly"),
        *("cutt.ly", "rb.gy", "t.ly", "tiny.cc", "shorturl.at", "s.id", "lnkd.in", "bit.do", "adf.ly"),
    )
)
_ALSO_WORDS = frozenset({"at", "cc", "co", "com", "do", "id", "in"})
"""Endings with which a sentence may begin: "as tiny. CC us". A blank beside the dot says nothing there."""
_DISGUISED = r"\s*[(\[]\s*(?:\.|dot|punto)\s*[)\]]\s*|\s+(?:dot|punto)\s+"


def named(words: str) -> tuple[str, ...]:
    """Each as it stands there."""
    told = unicodedata.normalize("NFKC", words).replace("\u3002", ".")
    for character in wording.hidden(told):
        told = told.replace(character, "")
    return tuple(dict.fromkeys(found[0] for found in _NAMED.finditer(told)))


def _pattern(host: str) -> str:
    name, ending = host.split(".")
    dot = r"\." if ending in _ALSO_WORDS else r"\s*\.\s*"
    return f"{name}(?:{dot}|{_DISGUISED}){ending}"


_NAMED = re.compile(rf"(?<![\w'\u2019-])(?:{'|'.join(map(_pattern, sorted(HOSTS)))})(?![\w-]|\.\w)", re.IGNORECASE)
