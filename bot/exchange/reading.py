"""Bytes that somebody calls CSV, as a table of text: encodings guessed, sizes capped. Anything else is refused."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from models.errors import DomainError

MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS = 50_000
MOST_COLUMNS = 100
MOST_CHARS = 32 * 1024
"""In one field."""
_DELIMITERS = ",;\t"
_OTHER_FORMATS = (b"PK\x03\x04", b"%PDF", b"\x1f\x8b", b"\xd0\xcf\x11\xe0", b"\x89PNG")
_SNIFFED = 4096


@dataclass(frozen=True, slots=True)
class Line:
    """`number` as a spreadsheet counts: the header is 1."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    header: tuple[str, ...]
    lines: tuple[Line, ...]
    ragged: tuple[int, ...]
    """Numbers of the lines that have more cells than the header."""


def read(content: bytes) -> Table:
    """Raises DomainError: "file_too_large", "file_empty", "file_not_csv", "file_encoding", "file_too_many_rows",
    "file_too_many_columns", "file_field_too_long", "file_header_repeats"."""
    if len(content) > MOST_BYTES:
        raise DomainError("file_too_large")
    if content.startswith(_OTHER_FORMATS):
        raise DomainError("file_not_csv")
    text = _decoded(content)
    if "\0" in text:
        raise DomainError("file_not_csv")
    rows = _rows(text)
    header = _header(next(rows, []))
    lines, ragged = [], []
    for number, row in enumerate(rows, start=2):
        if number > MOST_ROWS + 1:
            raise DomainError("file_too_many_rows")
        if len(row) > len(header):
            ragged.append(number)
        elif any(cell.strip() for cell in row):
            padded = [_harmed(cell) for cell in row] + [""] * (len(header) - len(row))
            lines.append(Line(number, dict(zip(header, padded, strict=True))))
    return Table(header, tuple(lines), tuple(ragged))


def _decoded(content: bytes) -> str:
    """By its mark; without one UTF-8, or UTF-16 if every other byte is NUL, or what Windows in the West writes."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _as(content, "utf-16")
    sample = content[:_SNIFFED]
    for codec, offset in (("utf-16-le", 1), ("utf-16-be", 0)):
        if len(sample) > 1 and sample[offset::2].count(0) * 2 > len(sample[offset::2]):
            return _as(content, codec)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _as(content, "cp1252")


def _as(content: bytes, codec: str) -> str:
    try:
        return content.decode(codec)
    except UnicodeDecodeError as error:
        raise DomainError("file_encoding") from error


def _rows(text: str) -> Iterator[list[str]]:
    first = text.lstrip("\r\n").partition("\n")[0]
    counts = Counter({delimiter: first.count(delimiter) for delimiter in _DELIMITERS})
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=counts.most_common(1)[0][0], strict=True):
            if len(row) > MOST_COLUMNS:
                raise DomainError("file_too_many_columns")
            if any(len(cell) > MOST_CHARS for cell in row):
                raise DomainError("file_field_too_long")
            yield row
    except csv.Error as error:  # a quote that never closes, or a field beyond csv's own limit
        raise DomainError("file_not_csv") from error


def _header(row: list[str]) -> tuple[str, ...]:
    names = tuple(plain(cell) for cell in row)
    if not any(names):
        raise DomainError("file_empty")
    used = [name for name in names if name]
    if len(set(used)) < len(used):
        raise DomainError("file_header_repeats")
    return tuple(name or f"_{position}" for position, name in enumerate(names))


def plain(name: str) -> str:
    """A column's name in the spelling that names are compared in: `Due Date (UTC)` is due_date_utc."""
    letters = "".join(c if c.isalnum() else " " for c in name.casefold())
    return "_".join(letters.split())


def _harmed(cell: str) -> str:
    """Without the apostrophe that our own export put before what a spreadsheet would take for a formula."""
    stripped = cell.strip()
    return stripped[1:] if stripped[:1] == "'" and is_formula(stripped) else stripped


def is_formula(cell: str) -> bool:
    """To a spreadsheet; apostrophes before it are counted in, so that each way adds or takes one."""
    return cell.lstrip("'").startswith(FORMULA)


FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0")
