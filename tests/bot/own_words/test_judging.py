"""What merchants may put into their own mouth, and what each refusal says."""

import pytest

from bot.own_words import judging, measuring, telling, tills
from bot.own_words.catalogue import LANGUAGES, MOST_SEGMENTS, TEMPLATES, Part, Template
from bot.own_words.measuring import Examined
from tests.support.post import merchant

BASE_URL = "https://pay.example.com"
BEFORE = TEMPLATES["remind_before"]
GOOD = "{merchant}: hi {customer}, {invoice} for {amount} is due {due}. {link} {stop}"


def examined(text: str, template: Template = BEFORE, language: str = "en") -> Examined:
    words = {Part.TEXT: judging.tidied(text)}
    return measuring.examine(BASE_URL, merchant("Harbor & Finch"), template, language, words)


def codes(text: str, template: Template = BEFORE) -> set[str]:
    return {fault.code for fault in examined(text, template).faults}


def told(text: str) -> str:
    return " ".join(telling.told(fault) for fault in examined(text).faults)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", TEMPLATES.values(), ids=lambda template: template.name)
def test_it_finds_nothing_wrong_with_tills_own_words(template: Template, language: str) -> None:
    words = tills.words(template.name, language)
    shop = merchant("Harbor & Finch")
    shop.slug = "harbor-finch"
    found = measuring.examine(BASE_URL, shop, template, language, words)
    assert (found.faults, found.warnings, found.foreign) == ([], [], ())
    assert found.longest is None or found.longest.count <= MOST_SEGMENTS


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("{{7*7}}", "stray_brace"),
        ("{{''.__class__}}", "unknown_placeholder"),
        ("{% for i in range(10**9) %}x{% endfor %}", "unknown_placeholder"),
        ("{customer.__class__}", "unknown_placeholder"),
        ("{customer!r:>99999999}", "unknown_placeholder"),
        ("{", "stray_brace"),
        ("}{", "stray_brace"),
        ("[x", "brackets"),
        ("x]", "brackets"),
        ("[a [b {amount}] c]", "brackets"),
        ("[only words]", "brackets_for_nothing"),
        ("see http://evil.tk now", "address"),
        ("see bit.ly/x now", "address"),
        ("see bit .ly/x now", "shortener"),
        ("see bit. ly/x now", "shortener"),
        ("see bit dot ly/x now", "shortener"),
        ("see evil\uff0etk now", "address"),
        ("see 10.0.0.1 now", "address"),
        ("write to eve@evil.example", "address"),
        ("we are {merchant}.com", "address"),
        ("it is late.pay now", "address"),
        ("a\u202eb", "hidden_character"),
        ("a\u200bb", "hidden_character"),
        ("a\u3164b", "hidden_character"),
        ("a\x07b", "hidden_character"),
        ("a\nb", "line_break"),
        ("x" * 401, "too_long"),
        ("x{link}", "link_not_alone"),
        ("{link}.", "link_not_alone"),
        ("w " * 150, "too_many_segments"),
        ("\u00f3" + " w" * 30, "too_many_segments"),
    ],
)
def test_it_refuses(words: str, code: str) -> None:
    text = f"{GOOD} {words}".replace("{link} {stop} x{link}", "{stop} x{link}")
    assert code in codes(text)
    assert all(telling.told(fault) for fault in examined(text).faults)


@pytest.mark.parametrize("name", ["merchant", "link", "stop"])
def test_it_asks_for_what_nobody_may_leave_out(name: str) -> None:
    assert codes(GOOD) == set()
    assert codes(GOOD.replace(f"{{{name}}}", "")) & {"missing", "name_not_first"}


def test_it_does_not_count_what_may_be_left_out_as_there() -> None:
    assert "missing" in codes(GOOD.replace("{stop}", "[{amount} {stop}]"))


def test_it_has_the_first_answer_ask_for_the_email() -> None:
    text = "{merchant}: hello! {portal} {help}, {stop}"
    assert codes(text, TEMPLATES["welcome"]) == {"asks_no_email"}
    assert codes(f"{text} Or reply with your email.", TEMPLATES["welcome"]) == set()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("custmer", "customer"),
        ("Invoice", "invoice"),
        ("total", "amount"),
        ("due date", "due"),
        ("empresa", "merchant"),
    ],
)
def test_it_names_the_near_one(written: str, meant: str) -> None:
    said = told(f"{GOOD} {{{written}}}")
    assert f"no placeholder {{{written}}}" in said
    assert f"Did you mean {{{meant}}}?" in said


def test_it_guesses_nothing_far_off() -> None:
    assert "Did you mean" not in told(f"{GOOD} {{weather}}")


def test_it_says_what_makes_a_text_dear_and_what_to_write_instead() -> None:
    found = examined(f"{GOOD} Est\u00e1 \U0001f600")
    assert [(one.character, one.plain) for one in found.foreign] == [("\u00e1", "a"), ("\U0001f600", "")]
    assert {"ucs_2", "two_segments"} <= {warning.code for warning in found.warnings}
    assert measuring.in_gsm({Part.TEXT: "Est\u00e1 \U0001f600 \u201cya\u201d"}) == {Part.TEXT: 'Esta "ya"'}


@pytest.mark.parametrize(("words", "code"), [("Reply YES.", "reserved_word"), ("Pay your debt.", "debt_word")])
def test_it_warns_of_words_that_carriers_keep_to_themselves(words: str, code: str) -> None:
    found = examined(f"{GOOD} {words}")
    assert found.faults == []
    assert code in {warning.code for warning in found.warnings}


def test_it_lets_emails_be_worded_freely_but_for_links() -> None:
    template = TEMPLATES["invoice_email"]
    good = {Part.SUBJECT: "\u00a1Hola! {invoice}", Part.OPENING: "Est\u00e1 aqu\u00ed su factura, {customer}."}
    bad = {Part.SUBJECT: "Hi\r\nBcc: eve", Part.OPENING: "{link}"}
    assert judging.faults(template, good) == []
    assert {fault.code for fault in judging.faults(template, bad)} == {"line_break", "unknown_placeholder"}
    assert [fault.code for fault in judging.faults(template, {Part.TEXT: "x"})] == ["not_a_part", "empty"]


def test_it_tidies_what_phones_type() -> None:
    assert judging.tidied("  a\u00a0 b\u2764\ufe0f e\u0301 ") == "a b\u2764 \u00e9"
