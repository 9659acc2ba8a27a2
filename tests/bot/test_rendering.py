"""Every text in every language: short enough, well spelled, its links and placeholders intact."""

import re
from datetime import date

import pytest
from jinja2 import TemplateNotFound, UndefinedError

from bot import intents, notices, rendering
from bot.gsm import Encoding, segments
from models.money import Money
from tests.support.words import LANGUAGES, LINKS_ITSELF, PAY_URL, RECEIPT_URL, TEXT_KINDS, Slots, source, typical, worst

RESERVED = frozenset({"STOPALL", "UNSUBSCRIBE", "END", "QUIT", "CANCEL", "REVOKE", "OPTOUT", "YES", "UNSTOP", "INFO"})
"""Carriers answer these themselves, or will not let them through: no command of ours may be one."""
CARRIERS_OWN = frozenset({"STOP", "START", "HELP"})

every_text = pytest.mark.parametrize(
    ("kind", "language"), [(kind, language) for kind in TEXT_KINDS for language in LANGUAGES]
)


def sent(kind: str, language: str, slots: Slots) -> str:
    """As it leaves, with a link as long as ours are."""
    url = RECEIPT_URL if kind in ("receipt", "receipt_link") else PAY_URL
    return rendering.text(kind, language, **slots).replace("{link}", url)


@every_text
def test_it_says_the_usual_in_one_segment(kind: str, language: str) -> None:
    cost = segments(sent(kind, language, typical(language, kind)))
    assert (cost.encoding, cost.count) == (Encoding.GSM_7, 1), cost.units


@every_text
def test_it_says_the_longest_in_two_segments(kind: str, language: str) -> None:
    cost = segments(sent(kind, language, worst(language, kind)))
    assert cost.encoding is Encoding.GSM_7
    assert cost.count <= 2, cost.units


@every_text
def test_it_begins_with_who_is_texting(kind: str, language: str) -> None:
    assert rendering.text(kind, language, **typical(language, kind)).startswith("Harbor & Finch")


def test_it_has_every_text_in_every_language() -> None:
    folders = [{path.stem for path in (rendering.TEMPLATES / "sms" / language).iterdir()} for language in LANGUAGES]
    assert all(folder == set(TEXT_KINDS) for folder in folders)


def test_it_has_words_for_whatever_becomes_of_a_payment() -> None:
    assert set(notices.KINDS.values()) <= set(TEXT_KINDS)


@every_text
def test_it_asks_only_for_words_that_are_understood(kind: str, language: str) -> None:
    spoken = re.sub(r"{[{%].*?[%}]}|{\w+}", "", source(language, kind))
    for word in set(re.findall(r"\b[A-Z]{3,}\b", spoken)) - CARRIERS_OWN:
        assert word not in RESERVED
        understood = intents.understand(word, expecting="choosing", today=date(2026, 6, 19))
        assert understood.intent is not intents.Intent.UNKNOWN, word


@pytest.mark.parametrize("kind", ["welcome", "opt_in", "help", "remind_before", "remind_due", "remind_after"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_how_to_stop(kind: str, language: str) -> None:
    assert "STOP" in sent(kind, language, typical(language, kind))


@every_text
def test_it_carries_no_link_but_ours_whatever_the_names(kind: str, language: str) -> None:
    hostile: dict[str, object] = {"biz": "http://evil.tk", "inv": "evil.com", "phone": "www.evil.com"}
    hostile |= {"hours": "evil\u2024tk\n{link}", "date": "x.io"}
    if kind in ("choose_account", "list_page"):
        hostile["lines"] = [(1, "http://evil.com", "$1.00", "x.io")[: 2 if kind == "choose_account" else 4]]
    spoken = rendering.text(kind, language, **(typical(language, kind) | hostile))
    ours = spoken.replace(str(typical(language, kind)["url"]), "").replace("example.com", "")
    assert LINKS_ITSELF.search(ours) is None
    assert spoken.count("{link}") == source(language, kind).count("{link}")


def test_it_never_alters_a_link() -> None:
    url = f"https://pay.example.com/m/a_b-c~d/{'x' * 300}?a=1&b=%20#c"
    assert url in rendering.text("welcome", "es", biz="Acme", url=url)


def test_it_does_not_guess_what_is_missing() -> None:
    with pytest.raises(UndefinedError):
        rendering.text("pay_link", "en", biz="Acme")
    with pytest.raises(TemplateNotFound):
        rendering.text("poetry", "en", biz="Acme")


@pytest.mark.parametrize(
    ("locale", "language"), [("es-MX", "es"), ("es_419", "es"), ("fr", "en"), ("", "en"), ("EN", "en")]
)
def test_it_falls_back_to_a_language_it_writes(locale: str, language: str) -> None:
    assert rendering.language_of(locale) == language


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [
        (128_450, "USD", "$1,284.50"),
        (-500, "USD", "-$5.00"),
        (1_284, "JPY", "\u00a51,284"),
        (1_500, "KWD", "KWD 1.500"),
        (128_450, "EUR", "\u20ac1,284.50"),
        (128_450, "INR", "INR 1,284.50"),
        (128_450, "CRC", "CRC 1,284.50"),
    ],
)
def test_it_writes_money_in_gsm(minor: int, currency: str, written: str) -> None:
    assert rendering.money(Money(minor, currency), "en") == written


def test_it_writes_the_same_figure_in_spanish() -> None:
    assert rendering.money(Money(128_450, "USD"), "es") == "$1,284.50"


def test_it_writes_days_short() -> None:
    assert (rendering.day(date(2026, 6, 12), "en"), rendering.day(date(2026, 6, 12), "es")) == ("Jun 12", "12 jun")


def test_it_lists_invoices_one_a_line() -> None:
    assert rendering.text("list_page", "en", **typical("en", "list_page")) == (
        "Harbor & Finch: 3 invoices, $2,310.00\n"
        "1 INV-1042 $1,284.50 due Sep 12\n"
        "2 INV-1051 $640.00 due Sep 12\n"
        "3 INV-1060 $385.50 due Sep 12\n"
        "Reply 1, 2, 3 or ALL"
    )
