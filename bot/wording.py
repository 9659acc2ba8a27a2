"""Makes other people's words harmless before they stand in ours: names, invoice numbers, addresses.
No link, no line break, no invisible or direction-changing character, no placeholder survives."""

import re
import unicodedata
from functools import lru_cache

from bot.gsm import to_gsm

NAME_LIMIT = 40

_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_BLANK = frozenset(
    map(
        chr,
        (
            0x034F,
            0x115F,
            0x1160,
            0x17B4,
            0x17B5,
            *range(0x180B, 0x1810),
            0x2800,
            0x3164,
            *range(0xFE00, 0xFE10),
            0xFFA0,
        ),
    )
)
"""Letters and marks by their category that nobody sees."""
_FORBIDDEN = str.maketrans("", "", "{}<>")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://+", re.IGNORECASE)
# Phones make a link of anything like "name.tld". An ideographic full stop counts as a dot in a host name.
_DOT_IN_HOST = re.compile(r"(?<=\S)[.\u3002]+(?=[^\W\d_][\w-])")
_IP_ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")
# Most names, numbers and amounts are harmless as they are; a hundred thousand reminders have three of them each.
_HARMLESS = re.compile(r"[A-Za-z0-9$#&'+-]+(?:[ ,][A-Za-z0-9$#&'+-]+)*(?:\.[0-9]{1,3})?")


@lru_cache(maxsize=4096)
def clean(text: str, limit: int = NAME_LIMIT) -> str:
    """For a text message: `plain`, in GSM-7; "?" if GSM-7 has none of its letters. Cleaning twice changes nothing."""
    if len(text) <= limit and _HARMLESS.fullmatch(text):
        return text
    shown = plain(text, 4 * limit)
    return _cut(unlinked(to_gsm(shown)), limit) or ("?" if shown else "")


@lru_cache(maxsize=4096)
def plain(text: str, limit: int = NAME_LIMIT) -> str:
    """For an email or a page: one line in the writer's own script."""
    shown = "".join(map(_visible, unicodedata.normalize("NFKC", text[: 8 * limit])))
    return _cut(unlinked(shown.translate(_FORBIDDEN)), limit)


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category[0] == "Z" or character in "\t\n\v\f\r\x85":
        return " "
    return "" if category in _DROPPED or character in _BLANK else character


def hidden(text: str) -> tuple[str, ...]:
    """The characters of it that `plain` leaves out because nobody sees them, or they turn the writing around."""
    return tuple(dict.fromkeys(character for character in text if not _visible(character)))


def addresses(text: str) -> tuple[str, ...]:
    """The words of it that phones and mail programs make a link of."""
    words = unicodedata.normalize("NFKC", text).split()
    return tuple(dict.fromkeys(word for word in words if unlinked(word) != word))


def unlinked(text: str) -> str:
    """Nothing in it is taken for a link any more; else as it was."""
    if "//" in text:
        text = _SCHEME.sub(" ", text).replace("//", "/")
    if text.count(".") > 2:
        text = _IP_ADDRESS.sub(lambda found: found[0].replace(".", " "), text)
    return _DOT_IN_HOST.sub(" ", text)


def _cut(text: str, limit: int) -> str:
    return " ".join(text.split())[:limit].rstrip()
