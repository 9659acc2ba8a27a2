"""Other people's words inside ours."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.wording import NAME_LIMIT, clean, plain
from tests.support.words import LINKS_ITSELF


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Pay here http://evil.tk", "Pay here evil tk"),
        ("evil.com", "evil com"),
        ("hxxp://evil.com/x", "evil com/x"),
        ("www.evil.co.uk", "www evil co uk"),
        ("evil\u2024com \uff0e evil\uff0ecom", "evil com . evil com"),
        ("e\u200bvil.c\u200bom", "evil com"),
        ("evil.\U0001f600com", "evil com"),
        ("xn--80ak6aa92e.com", "xn--80ak6aa92e com"),
        ("10.0.0.1", "10 0 0 1"),
        ("a\u202eb\u2066c", "abc"),
        ("Alice\r\nBcc: eve@evil.example", "Alice Bcc: eve@evil example"),
        ("{link} {{7*7}} <b>", "link 7*7 b"),
        ("x" * 5_000, "x" * NAME_LIMIT),
        ("J.P. Morgan & Co., Inc.", "J.P. Morgan & Co., Inc."),
        ("O\u2019Brien \u2014 Caf\u00e9", "O'Brien - Caf\u00e9"),
        ("\u0418\u0432\u0430\u043d", "?"),
        ("  ", ""),
    ],
)
def test_it_makes_names_harmless_in_texts(name: str, shown: str) -> None:
    assert clean(name) == shown


def test_it_keeps_the_writers_own_script_elsewhere() -> None:
    assert (
        plain("\u0418\u0432\u0430\u043d \u201cCaf\u00e9\u201d \U0001f600")
        == "\u0418\u0432\u0430\u043d \u201cCaf\u00e9\u201d \U0001f600"
    )


@pytest.mark.parametrize(
    "figure", ["$128,284.50", "EUR 1,284.50", "$1.00 + KWD 1.500", "Jun 12", "INV-1042", "(555) 010-0142"]
)
def test_it_leaves_figures_alone(figure: str) -> None:
    assert clean(figure) == figure


names = st.text(st.one_of(st.characters(), st.sampled_from("./:.\u3002\uff0ecomhtp01{}\r\n\u202e")))


@given(names)
@pytest.mark.fuzz
def test_it_lets_no_link_break_or_mark_through(name: str) -> None:
    for shown in (clean(name), plain(name)):
        assert LINKS_ITSELF.search(shown) is None
        assert not set("{}<>\n\r") & set(shown)
        assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in shown)
        assert len(shown) <= NAME_LIMIT


@given(names)
@pytest.mark.fuzz
def test_it_changes_nothing_the_second_time(name: str) -> None:
    assert clean(clean(name)) == clean(name)
