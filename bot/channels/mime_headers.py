"""Header lines and character sets of mail from anyone. Linear, bounded, and never raises: the standard library's
structured headers take 6 GB for one hostile Subject, and its address parser fails on a lone quote."""

import binascii
import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

HEADER_BYTES = 8 * 1024
DECODED_CHARS = 1_000
FIELDS = 1_000

_WORD = re.compile(r"=\?([A-Za-z0-9_.:*'\-]{1,40})\?([bBqQ])\?([^?\s]*)\?=")
_FOLD = re.compile(rb"\r?\n[ \t]+")
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))
_SPACES = re.compile(r"\s{2,}")
_TEXT_CODEC = re.compile(
    r"utf_?(8|16|32)([_-]?(le|be|sig))?|u8|us_?ascii|ascii|646|latin_?[0-9]{1,2}|l[0-9]|(iso_?)?8859_[0-9]{1,2}(_e|_i)?"
    r"|(windows|cp|ibm|x_cp)_?[0-9]{3,4}|koi8_[rut]|gb_?(2312|k|18030)([_-]80)?|hz|big5(_?hkscs)?|shift_?jis|sjis|s_jis"
    r"|ms_?kanji|euc_?(jp|kr|cn)|ks_c_5601(_1987)?|iso_?2022_?(jp|kr)(_[0-9])?|tis_?620|mac_?roman|macintosh|johab"
)
"""Never a codec by any name: `zlib` and `idna` are codecs as well, and some take quadratic time."""


@dataclass(frozen=True, slots=True)
class Headers:
    """In order, names in lower case, values unfolded and at most HEADER_BYTES long."""

    fields: tuple[tuple[str, str], ...] = ()

    def all(self, name: str) -> list[str]:
        return [value for field, value in self.fields if field == name]

    def first(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    def names(self) -> Iterator[str]:
        return (name for name, _ in self.fields)


def parse_headers(block: bytes) -> Headers:
    """A header block without its empty line. What is no header line is left out."""
    fields = []
    for line in _FOLD.sub(b" ", block).replace(b"\r", b"\n").split(b"\n"):
        name, colon, value = line.partition(b":")
        name = name.strip()
        if colon and name and len(name) <= 100 and name.isascii() and b" " not in name:
            fields.append((name.decode("ascii").lower(), _header_text(value[:HEADER_BYTES]).strip()))
    return Headers(tuple(fields[:FIELDS]))


def headers_of(pairs: Sequence[tuple[str, str]]) -> Headers:
    """From names and values that a provider has split already."""
    fields = [(name.strip().lower(), " ".join(value[:HEADER_BYTES].split("\n")).strip()) for name, value in pairs]
    return Headers(tuple(fields[:FIELDS]))


def decode_words(value: str) -> str:
    """RFC 2047. Neighbours of one charset are joined first: some programs cut a character in two."""
    value = value[:HEADER_BYTES]
    out: list[str] = []
    pending, charset, at = b"", "", 0
    for word in _WORD.finditer(value):
        between = value[at : word.start()]
        if pending and (between.strip() or word[1].lower() != charset):
            out.append(decode_text(pending, charset))
            pending = b""
        if between.strip() or not at:
            out.append(between)
        charset, at = word[1].lower(), word.end()
        pending += _word_bytes(word[2], word[3])
    out.append(decode_text(pending, charset))
    return clean_line("".join(out) + value[at:])[:DECODED_CHARS]


def clean_line(value: str) -> str:
    """One line, without what cannot be seen and what cannot be stored."""
    value = _INVISIBLE.sub(" ", value).encode("utf-8", "replace").decode()
    return _SPACES.sub(" ", value).strip()


def decode_text(data: bytes, charset: str) -> str:
    """By its charset if that is one of text, else as UTF-8, else as Windows' Western one."""
    label = charset.strip().strip("\"'").split("*")[0].lower().replace("-", "_").replace(" ", "")
    label = {"ks_c_5601_1987": "cp949", "iso_8859_8_i": "iso8859_8", "x_sjis": "cp932", "gb2312": "gb18030"}.get(
        label, label
    )
    if _TEXT_CODEC.fullmatch(label) and label not in ("utf_8", "us_ascii", "ascii"):
        try:
            return codecs.decode(data, label, "replace").replace("\x00", "")
        except (LookupError, ValueError):
            pass
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8" if label == "utf_8" else "cp1252", "replace")
    return text.replace("\x00", "")


def decode_base64(data: bytes) -> bytes:
    """What can be read of it, however it is padded."""
    kept = data.translate(None, _NOT_BASE64)
    kept = kept[: len(kept) - (len(kept) % 4 == 1)]
    return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))


def _word_bytes(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    return decode_base64(data) if encoding in "bB" else binascii.a2b_qp(data, header=True)


def _header_text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("cp1252", "replace")
