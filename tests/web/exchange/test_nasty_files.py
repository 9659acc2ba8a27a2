"""Files that are none, or that mean no good: each is refused by its name, or read as what it says."""

import io
import zipfile

import pytest

from bot.exchange import reading
from models.errors import DomainError

ACCENTED = "customer_name,emails\nJosé Nuñez,jose@example.com\n"


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.csv", ACCENTED)
    return out.getvalue()


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_it_reads_every_usual_encoding(codec: str, end: str) -> None:
    table = reading.read(ACCENTED.replace("\n", end).encode(codec))
    assert table.header == ("customer_name", "emails")
    assert table.lines[0].cells["customer_name"] == "José Nuñez"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_it_reads_every_usual_delimiter(delimiter: str) -> None:
    assert reading.read(ACCENTED.replace(",", delimiter).encode()).header == ("customer_name", "emails")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"\n\n\n", "file_empty"),
        (b"\xef\xbb\xbf", "file_empty"),
        (zipped(), "file_not_csv"),
        (b"%PDF-1.7", "file_not_csv"),
        (b"\x1f\x8b\x08", "file_not_csv"),
        (b"a,b\n1,\x00\n2,3\n4,5\n", "file_not_csv"),
        (b'a,b\n"never closed,' + b"x\n" * 100_000, "file_not_csv"),
        (b'a,b\n"' + b'""' * 200_000 + b'",x\n', "file_not_csv"),
        (b"a,b\nx," + b"y" * 40_000 + b"\n", "file_field_too_long"),
        (b"," * 200 + b"\n", "file_too_many_columns"),
        (b"a,b\n" + b"," * 200 + b"\n", "file_too_many_columns"),
        (b"a,A\n1,2\n", "file_header_repeats"),
        (b"name\n\x81\x8d\n", "file_encoding"),
        (b"\xff\xfea", "file_encoding"),
        (b"x" * (reading.MOST_BYTES + 1), "file_too_large"),
    ],
)
def test_it_refuses_what_is_no_table(content: bytes, code: str) -> None:
    with pytest.raises(DomainError, match=code):
        reading.read(content)


def test_it_counts_lines_as_a_spreadsheet_does() -> None:
    table = reading.read(b"a,b\n1,2\n,\n3\n4,5,6\n")
    assert [(line.number, line.cells["a"]) for line in table.lines] == [(2, "1"), (4, "3")]
    assert table.ragged == (5,)
