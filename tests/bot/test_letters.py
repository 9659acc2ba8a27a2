"""Every email in every language: both parts, one frame, nothing of anybody else's in it."""

import re

import pytest
from jinja2 import UndefinedError

from bot.channels.quoting_words import BOUNDARIES
from bot.letters import SUBJECT_CHARS, Letter, letter
from models.colour import contrast
from models.merchant import Merchant
from tests.support.post import merchant
from tests.support.words import LANGUAGES, LETTER_KINDS, LINKS_ITSELF, letter_slots

GMAIL_CLIPS_AT = 102_000
HOSTILE = "<img src=x onerror=1></style>{{7*7}}{link}\r\nBcc: eve@evil.example http://evil.tk \u202e"

every_letter = pytest.mark.parametrize(
    ("kind", "language"), [(kind, language) for kind in LETTER_KINDS for language in LANGUAGES]
)


@pytest.fixture
def acme() -> Merchant:
    acme = merchant("Acme")
    acme.colour = "#0b6e69"
    return acme


def written(kind: str, language: str, sender: Merchant, **slots: object) -> Letter:
    return letter(kind, language, merchant=sender, **(letter_slots(language, kind) | slots))


@every_letter
def test_it_has_a_subject_and_both_parts(kind: str, language: str, acme: Merchant) -> None:
    made = written(kind, language, acme)
    assert 0 < len(made.subject) <= SUBJECT_CHARS
    assert made.text.startswith(f"{BOUNDARIES[language]}\n\nAcme\n")
    assert made.html.startswith("<!DOCTYPE html>")


@every_letter
def test_it_stays_far_below_what_gmail_shows(kind: str, language: str, acme: Merchant) -> None:
    made = written(kind, language, acme)
    assert len(made.html.encode()) + len(made.text.encode()) < GMAIL_CLIPS_AT / 8


@every_letter
def test_it_says_who_writes_and_why(kind: str, language: str, acme: Merchant) -> None:
    made = written(kind, language, acme)
    for part in (made.text, made.html):
        assert all(fact in part for fact in (acme.legal_name, acme.address, acme.phone))
        assert re.search(r"because|porque", part)


@every_letter
def test_it_fetches_nothing_and_links_nowhere_else(kind: str, language: str, acme: Merchant) -> None:
    made = written(kind, language, acme)
    assert re.findall(r"https?://|src=|url\(|<link|@import", made.html + made.text) == []
    assert set(re.findall(r'href="([^"]*)"', made.html)) <= {"{link}", "{stop}", f"tel:{acme.phone}"}


@every_letter
def test_it_has_one_button_and_the_raw_link_or_none(kind: str, language: str, acme: Merchant) -> None:
    made = written(kind, language, acme)
    links = made.text.count("{link}")
    assert (links, made.html.count('href="{link}"')) in ((0, 0), (1, 2))


@every_letter
def test_it_inlines_all_styles_but_the_dark_ones(kind: str, language: str, acme: Merchant) -> None:
    html = written(kind, language, acme).html
    assert html.count("<style") == 1
    assert "prefers-color-scheme: dark" in html
    assert "background: #ffffff" in html


@every_letter
def test_it_lets_no_name_become_markup_or_a_header(kind: str, language: str, acme: Merchant) -> None:
    plain_links = written(kind, language, acme).html.count("{link}")
    acme.name = acme.legal_name = acme.address = HOSTILE
    lines = [tuple(HOSTILE for _ in line) for line in letter_slots(language, kind)["lines"]]
    made = written(kind, language, acme, name=HOSTILE, who=HOSTILE, inv=HOSTILE, notes=[HOSTILE], lines=lines)
    assert "<img" not in made.html
    assert made.html.count("</style>") == 1
    assert made.html.count("{link}") == plain_links
    assert "\n" not in made.subject
    assert "49" not in made.html.replace("#", "")
    assert LINKS_ITSELF.search(made.text) is None


@pytest.mark.parametrize(
    "colour", ["#ffffff", "#000000", "#ffd400", "#ff69b4", "#777777", "#767676", "#0b6e69", "#00ff00"]
)
def test_it_keeps_the_button_readable_on_any_colour(colour: str, acme: Merchant) -> None:
    acme.colour = colour
    [style] = re.findall(r'class="button"[^>]*style="([^"]*)"', written("receipt", "en", acme).html)
    [ink] = re.findall(r"(?<!-)color: (#\w{6})", style)
    assert contrast(ink, colour) >= 4.5


@pytest.mark.parametrize("colour", ["#ffffff", "#fffde7", "#ffd400", "#00ff00", "#0b6e69"])
def test_it_shows_where_the_button_ends_on_any_colour(colour: str, acme: Merchant) -> None:
    acme.colour = colour
    [edge] = re.findall(r'class="press"[^>]*border: 1px solid (#\w{6})', written("receipt", "en", acme).html)
    assert contrast(edge, "#ffffff") >= 3


def test_it_takes_no_style_from_a_colour_that_is_none(acme: Merchant) -> None:
    acme.colour = "red}x{"
    assert "red}" not in written("receipt", "en", acme).html


def test_it_does_not_guess_what_is_missing(acme: Merchant) -> None:
    with pytest.raises(KeyError):
        letter("receipt", "en", merchant=acme)
    with pytest.raises(UndefinedError):
        letter("bank_returned", "en", merchant=acme)


def test_it_has_every_letter_in_every_language() -> None:
    assert "code" in LETTER_KINDS
    assert written("code", "es", merchant("Acme")).subject == "Su clave es {code}"
