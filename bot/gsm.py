"""What fits into one text message: the GSM 03.38 alphabet, segment counts, and the nearest GSM spelling of any text."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = "^{}\\[~]|€\f"
"""Each of these costs two units: an escape and itself."""

# ruff: noqa: RUF001 - look-alikes are this table's subject
NEAREST = str.maketrans(
    dict.fromkeys("‘’‚‛′´`ʼ", "'")
    | dict.fromkeys("“”„‟″«»", '"')
    | dict.fromkeys("‐‑‒–—―−•·‣", "-")
    | dict.fromkeys("\t\v\x85\u2028\u2029", " ")
    | {"đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "ħ": "h", "ı": "i", "ł": "l", "Ł": "L", "ŋ": "n"}
    | {"œ": "oe", "Œ": "OE", "þ": "th", "Þ": "Th", "¢": "c"}
)

_FOREIGN = re.compile(f"[^{re.escape(BASIC + EXTENSION)}]")
_EXTENDED = re.compile(f"[{re.escape(EXTENSION)}]")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_ALL = frozenset(BASIC + EXTENSION)


class Encoding(StrEnum):
    GSM_7 = "GSM-7"
    UCS_2 = "UCS-2"


LIMITS = {Encoding.GSM_7: (160, 153), Encoding.UCS_2: (70, 67)}
"""Units in a lone segment, and in each of several (six octets go to their numbering)."""


@dataclass(frozen=True, slots=True)
class Segments:
    count: int
    encoding: Encoding
    units: int


def segments(text: str) -> Segments:
    """What a carrier will count and charge."""
    encoding = Encoding.UCS_2 if _FOREIGN.search(text) else Encoding.GSM_7
    alone, joined = LIMITS[encoding]
    doubled = _EXTENDED if encoding is Encoding.GSM_7 else _ASTRAL
    units = len(text) + len(doubled.findall(text))
    if units <= alone:
        return Segments(1, encoding, units)
    return Segments(_packed([_cost(character, encoding) for character in text], joined), encoding, units)


def _cost(character: str, encoding: Encoding) -> int:
    return 1 + (character in EXTENSION if encoding is Encoding.GSM_7 else ord(character) > 0xFFFF)


def _packed(costs: list[int], size: int) -> int:
    """A character of two units is never torn: it moves into the next segment whole."""
    count, used = 1, 0
    for cost in costs:
        if used + cost > size:
            count, used = count + 1, 0
        used += cost
    return count


def to_gsm(text: str) -> str:
    """The same text in GSM-7: accents it lacks are dropped, typographic marks made plain, the rest left out."""
    if _FOREIGN.search(text) is None:
        return text
    return _FOREIGN.sub(_nearest, unicodedata.normalize("NFC", text).translate(NEAREST))


def _nearest(found: re.Match[str]) -> str:
    decomposed = unicodedata.normalize("NFKD", found[0]).translate(NEAREST)
    return "".join(character for character in decomposed if character in _ALL)
