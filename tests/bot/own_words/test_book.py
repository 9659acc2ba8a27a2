"""Whatever a merchant saved: it is said to any customer, short enough, with no link but ours, or Till's words are."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import letters, rendering
from bot.gsm import segments
from bot.own_words import book as books
from bot.own_words import grammar, judging, measuring, tills
from bot.own_words.book import Book
from bot.own_words.catalogue import LANGUAGES, MOST_SEGMENTS, TEMPLATES, Part
from tests.support.post import merchant
from tests.support.words import LINKS_ITSELF

BASE_URL = "https://pay.example.com"
PORTAL = f"{BASE_URL}/m/acme"
HOSTILE = ("http://evil.tk", "evil.", "com", "x" * 5_000, "{link}", "{{7*7}}", "\u202e", "\r\nBcc: a@b.co", "//", "")

anything = st.text(st.one_of(st.characters(), st.sampled_from("./:{}[] \u200b\u3002\r\n"))) | st.sampled_from(HOSTILE)
ingredients = st.one_of(
    st.sampled_from(
        [*(f"{{{name}}}" for name in rendering.SLOTS), "[ {amount} ]", "evil.", "//", "email", "p.m.", "\u00e1"]
    ),
    st.text(max_size=12),
)


def said(name: str, language: str, source: str, **slots: Any) -> str:
    usual = {"biz": "Acme", "customer": "Alice", "inv": "INV-1", "amt": "$1.00", "date": "Jun 12", "n": 3}
    usual |= {"ref": "7F3K", "url": PORTAL, "phone": "(555) 010-0100"}
    book = Book(BASE_URL, {(name, language): {Part.TEXT: source}})
    return rendering.text(name, language, book, **(usual | slots))


@st.composite
def texts(draw: st.DrawFn) -> tuple[str, str, str]:
    """Like what merchants write, often enough good to be kept."""
    template = draw(st.sampled_from([one for one in TEMPLATES.values() if not one.is_email]))
    middle = draw(st.lists(ingredients, max_size=6))
    needed = [f" {{{name}}} " for name in template.needed if name != "merchant"]
    words = ["{merchant}: ", *draw(st.permutations([*middle, *needed]))]
    return template.name, draw(st.sampled_from(LANGUAGES)), judging.tidied("".join(words))


@given(texts(), anything, anything, anything, st.none() | anything)
@pytest.mark.fuzz
def test_it_says_all_that_may_be_kept_to_anybody(
    written: tuple[str, str, str], biz: str, customer: str, inv: str, amt: str | None
) -> None:
    name, language, source = written
    examined = measuring.examine(BASE_URL, merchant("Acme"), TEMPLATES[name], language, {Part.TEXT: source})
    if examined.faults:
        return
    text = said(name, language, source, biz=biz, customer=customer, inv=inv, amt=amt)
    leaving = books.with_link(text, name, BASE_URL)
    assert segments(leaving).count <= MOST_SEGMENTS or text == said(name, language, "", biz=biz, inv=inv, amt=amt)
    foreign = text.replace(PORTAL, "").replace("{link}", "")
    assert LINKS_ITSELF.search(foreign) is None
    assert not set("{}\r\n\u202e") & set(foreign)


@given(anything, anything, anything)
@pytest.mark.fuzz
def test_it_writes_all_openings_that_may_be_kept_to_anybody(source: str, customer: str, inv: str) -> None:
    words = {Part.SUBJECT: judging.tidied(source), Part.OPENING: judging.tidied(f"{{customer}}.{source}{{invoice}}")}
    words = {part: text for part, text in words.items() if text}
    if judging.faults(TEMPLATES["invoice_email"], words):
        return
    book = Book(BASE_URL, {("invoice_email", "en"): words})
    slots = {"name": customer, "inv": inv, "amt": "$1.00", "date": "Jun 12", "count": 1}
    subject, opening = letters.worded("invoice", "en", merchant=merchant("Acme"), book=book, **slots)
    assert len(subject) <= letters.SUBJECT_CHARS
    assert LINKS_ITSELF.search(opening) is None
    assert not set("{}\r\n") & set(subject + opening)


@given(anything)
@pytest.mark.fuzz
def test_it_reads_any_text(source: str) -> None:
    put_together = [f"{{{one.word}}}" if one.kind == "placeholder" else one.word for one in grammar.pieces(source)]
    assert "".join(put_together) == source


def test_it_leaves_brackets_out_where_there_is_no_amount() -> None:
    source = "{merchant}: {invoice}[ for {amount}] is due. {link} {stop}"
    assert said("remind_before", "en", source) == "Acme: INV-1 for $1.00 is due. {link} STOP to opt out."
    assert said("remind_before", "en", source, amt=None) == "Acme: INV-1 is due. {link} STOP to opt out."


@pytest.mark.parametrize(("language", "instead"), [("en", "your balance"), ("es", "su saldo")])
def test_it_says_no_amount_that_must_not_be_shown(language: str, instead: str) -> None:
    source = "{merchant}: {amount}, {due}. {link} {stop}"
    assert said("remind_before", language, source, amt=None).startswith(f"Acme: {instead}, Jun 12.")


@pytest.mark.parametrize("source", ["{no_such}", "{merchant} {weather} {link}", "{merchant}: " + "w" * 400])
def test_it_falls_back_to_tills_words(source: str) -> None:
    """Kept by another release, or by hand in the database."""
    assert said("remind_before", "en", source) == said(
        "remind_before", "en", tills.words("remind_before", "en")[Part.TEXT]
    )


def test_it_lets_no_two_names_make_an_address() -> None:
    text = said("remind_before", "en", "{merchant}: {customer}{invoice} {link} {stop}", customer="evil.", inv="tk")
    assert text == "Acme: evil tk {link} STOP to opt out."


def test_it_never_alters_our_link() -> None:
    assert f" {PORTAL} " in said("welcome", "en", "{merchant}: your email? {portal} {help}, {stop}")


def test_it_keeps_letters_that_the_merchant_chose() -> None:
    assert "est\u00e1" in said("remind_due", "es", "{merchant}: est\u00e1 al caer. {link} {stop}")
