import pytest

from bot.channels.email_addresses import is_aligned, message_ids, recipients, reply_tag, sole_sender
from bot.channels.mime_headers import HEADER_BYTES, decode_words, headers_of, parse_headers


@pytest.mark.parametrize(
    ("value", "decoded"),
    [
        ("Re: hello", "Re: hello"),
        ("=?UTF-8?B?w7xiZXI=?= =?UTF-8?Q?f=C3=A4llig?=", "überfällig"),
        ("=?utf-8?b?w7x?= =?utf-8?b?YmVy?=", "über"),
        ("=?iso-8859-1*de?q?f=FCr?= mich", "für mich"),
        ("=?nosuch?q?a_b?=", "a b"),
        ("=?utf-8?q?=0D=0ABcc:_x@y?=", "Bcc: x@y"),
        ("a\u202eb\u200bc", "a b c"),
        ("=?utf-8?x?broken?= =?utf-8?q?", "=?utf-8?x?broken?= =?utf-8?q?"),
    ],
)
def test_it_decodes_words(value: str, decoded: str) -> None:
    assert decode_words(value) == decoded


def test_it_joins_a_character_that_two_words_share() -> None:
    assert decode_words("=?utf-8?q?=C3?= =?utf-8?q?=BC?=") == "ü"


def test_it_shortens_a_long_header() -> None:
    assert len(parse_headers(b"X-Long: " + b"y" * 20_000).first("x-long")) < HEADER_BYTES


def test_it_unfolds_and_keeps_repeats() -> None:
    headers = parse_headers(b"Received: one\r\n\tmore\r\nreceived: two\r\nno colon\r\n")

    assert headers.all("received") == ["one more", "two"]


def test_it_knows_no_sender_of_a_header_that_was_cut() -> None:
    assert sole_sender(headers_of([("From", "x" * 9_000 + "<alice@example.com>")])) is None


@pytest.mark.parametrize(
    "value",
    [
        "alice@example.com",
        "<ALICE@Example.com>",
        '"Jones, Alice" <alice@example.com>',
        "Alice Jones <alice@example.com>",
        '"alice@example.com" <alice@example.com>',
        "=?utf-8?q?Al=C3=ADcia?= <alice@example.com>",
    ],
)
def test_it_knows_one_plain_sender(value: str) -> None:
    assert sole_sender(headers_of([("From", value)])) == "alice@example.com"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Alice",
        "alice@example.com, bob@example.com",
        "alice@attacker.example <bob@victim.example>",
        "alice@example.org)bob@victim.example",
        '"bob@victim.example" <alice@example.com>',
        "alice@example.com\x00@evil.example",
        "alice@example.com (comment)",
        "(comment) alice@example.com",
        "group: alice@example.com;",
        "<@relay.example:alice@example.com>",
        "<alice@example.com> <bob@example.com>",
        "=?utf-8?q?bob=40victim.example?= <alice@example.com>",
        "=?utf-8?q?alice=40example.com?=",
        "alice@[127.0.0.1]",
        "alice@localhost",
        '"a b"@example.com',
        "älice@example.com",
        "alice@example..com",
        ".alice@example.com",
    ],
)
def test_it_knows_no_sender_of_anything_else(value: str) -> None:
    assert sole_sender(headers_of([("From", value)])) is None


def test_it_finds_recipients_once_each_and_not_too_many() -> None:
    many = ", ".join(f"Person {n} <p{n}@example.com>" for n in range(150))

    assert recipients(["A <a@b.example>, a@B.example", many])[:2] == ("a@b.example", "p0@example.com")
    assert len(recipients([many])) == 100


def test_it_keeps_the_newest_references() -> None:
    assert message_ids([" ".join(f"<{n}@x>" for n in range(80))])[-1] == "<79@x>"


@pytest.mark.parametrize(
    ("address", "tag"),
    [
        ("pay+t.Abc@acme.example", "t.Abc"),
        ("PAY+t.Abc@ACME.example", "t.Abc"),
        ("pay@acme.example", None),
        ("pay+@acme.example", None),
        ("pay+t.Abc@globex.example", None),
        ("payer+t.Abc@acme.example", None),
        ("pay+a b@acme.example", None),
    ],
)
def test_it_takes_the_tag_of_our_address_only(address: str, tag: str | None) -> None:
    assert reply_tag([address], ["pay@acme.example"]) == tag


@pytest.mark.parametrize(
    ("signer", "aligned"),
    [
        ("example.com", True),
        ("EXAMPLE.com.", True),
        ("mail.example.com", False),
        ("ample.com", False),
        ("com", False),
        ("", False),
    ],
)
def test_it_lets_a_domain_speak_for_itself(signer: str, aligned: bool) -> None:
    assert is_aligned(signer, "alice@example.com") is aligned


def test_it_lets_a_domain_speak_for_those_below_it() -> None:
    assert is_aligned("example.com", "alice@mail.example.com")
