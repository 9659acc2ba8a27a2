from email import policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.mime import DEPTH, HEADERS_BYTES, PARTS, TEXT_BYTES, Unreadable, read_mail

HEAD = b"From: a@b.example\r\n"


def multipart(*parts: bytes, boundary: str = "X", kind: str = "mixed", end: bytes = b"--X--\r\n") -> bytes:
    body = b"".join(f"--{boundary}\r\n".encode() + part + b"\r\n" for part in parts)
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode() + body + end


def plain(text: bytes, *headers: bytes) -> bytes:
    return b"".join(header + b"\r\n" for header in headers) + b"\r\n" + text


def built(text: str, html: str) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "Re: factura über 你好"
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="../../x.pdf")
    message.add_attachment("attached text", filename="note.txt")
    return message


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), max_size=300))
def test_it_reads_what_the_standard_library_writes(text: str) -> None:
    raw = built(text + "\n", "<p>hi</p>").as_bytes(policy=policy.SMTP)

    assert read_mail(raw).text.replace("\r\n", "\n").rstrip("\n") == text.rstrip("\n")


def test_it_reads_plain_and_html_and_no_attachment() -> None:
    letter = read_mail(built("hello\n", "<p>hi</p>\n").as_bytes())

    assert (letter.text, letter.html) == ("hello\n", "<p>hi</p>\n")


@pytest.mark.parametrize(
    ("charset", "data", "text"),
    [
        ("iso-8859-1", b"Gr\xfc\xdfe", "Grüße"),
        ("windows-1252", b"5 \x80", "5 €"),
        ("iso-2022-jp", b"\x1b$B$3$s$K$A$O\x1b(B", "こんにちは"),
        ("gb2312", "你好".encode("gb18030"), "你好"),
        ("UTF-8", "você".encode(), "você"),
        ("utf-16", "hi".encode("utf-16"), "hi"),
        ("nosuch", "você".encode(), "você"),
        ("nosuch", b"voc\xea", "você"),
        ("us-ascii", "você".encode(), "você"),
        ("zlib", b"hi", "hi"),
        ("idna", b"xn--hi", "xn--hi"),
        ("unicode_escape", rb"\x41", r"\x41"),
        ("utf-8", b"hi\xff\x00", "hi\ufffd"),
    ],
)
def test_it_reads_every_charset_or_falls_back(charset: str, data: bytes, text: str) -> None:
    assert read_mail(HEAD + plain(data, f"Content-Type: text/plain; charset={charset}".encode())).text == text


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        (b"base64", b"aGVsbG8="),
        (b"base64", b"aGVs\r\nbG8"),
        (b"BASE64", b"a G*V!s,bG8=="),
        (b"quoted-printable", b"hel=\r\nlo"),
    ],
)
def test_it_reads_every_transfer_encoding(encoding: bytes, data: bytes) -> None:
    assert read_mail(HEAD + plain(data, b"Content-Transfer-Encoding: " + encoding)).text == "hello"


def test_it_joins_a_text_that_pictures_cut_in_pieces() -> None:
    raw = HEAD + multipart(plain(b"one"), plain(b"PNG", b"Content-Type: image/png"), plain(b"two"))

    assert read_mail(raw).text == "one\ntwo"


@pytest.mark.parametrize(
    "raw",
    [
        multipart(plain(b"hi"), end=b""),
        multipart(plain(b"hi")).replace(b"\r\n", b"\n"),
        multipart(multipart(plain(b"hi"), boundary="Y", end=b"--Y--\r\n")),
        b"Content-Type: multipart/mixed\r\n\r\nhi",
        b"Content-Type: MULTIPART/Mixed; x=y; Boundary=X\r\n\r\n--X\r\n\r\nhi\r\n--X--",
        b"Content-Type: multipart/mixed;\r\n\tboundary*0=X;\r\n\tboundary*1=Y\r\n\r\n--XY \t\r\n\r\nhi\r\n--XY--",
        b"From x Mon Mar 2\nContent-Type: text/plain\n\nhi",
        b"\nhi",
        b"no header at all\n\nhi",
    ],
)
def test_it_reads_a_mail_that_is_not_well_formed(raw: bytes) -> None:
    assert read_mail(raw).text.strip() == "hi"


def test_it_takes_no_longer_boundary_for_a_boundary() -> None:
    assert read_mail(multipart(plain(b"one\r\n--XY\r\ntwo"))).text == "one\r\n--XY\r\ntwo"


def test_it_reads_the_beginning_of_a_huge_text() -> None:
    assert len(read_mail(HEAD + b"\r\n" + b"x" * (3 * TEXT_BYTES)).text) == TEXT_BYTES


def nested(depth: int) -> bytes:
    levels = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth))
    return levels + b"\nhi"


def test_it_reads_as_deep_as_any_program_writes() -> None:
    assert read_mail(nested(DEPTH)).text == "hi"


@pytest.mark.parametrize(
    "raw",
    [
        nested(DEPTH + 1),
        nested(1_000),
        multipart(*[plain(b"x")] * PARTS),
        multipart(*[b"\r\na"] * 100_000),
        b"x" * (HEADERS_BYTES + 5),
        b"From: a@b.example\nSubject: " + b"=?utf-8?q?a?= " * 30_000 + b"\n\nhi",
        nested(DEPTH - 1) + b"\n-" * 16_000_000,
    ],
    ids=["depth", "much depth", "parts", "many parts", "no headers", "one header", "too much to search"],
)
def test_it_refuses_what_is_past_a_limit(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        read_mail(raw)


@pytest.mark.parametrize(
    "head",
    [
        b'To: "',
        b"Cc: (x): a@b.com;",
        b"Content-Type: text/plain; name*",
        b"Message-ID: <[x@y]>",
        b"To: " + b"(" * 500,
        b"Subject: " + b"=?utf-8?q?a?= " * 4_000,
        b"Content-Type: text/plain" + b'; a="' * 1_500,
        b"Content-Type: ;;;===",
        b"Content-Type: multipart/mixed; boundary=",
        b"Content-Transfer-Encoding: x-unknown",
        b": no name",
        b"\xff\xfe: bytes",
    ],
)
def test_it_reads_on_where_the_standard_library_fails(head: bytes) -> None:
    assert read_mail(HEAD + head + b"\r\n\r\nhi").text.strip() == "hi"
