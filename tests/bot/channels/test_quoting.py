from pathlib import Path

import pytest

from bot.channels import quoting_score
from bot.channels.quoting import NEWEST_CHARS, newest_text
from bot.channels.quoting_html import text_of_html
from bot.channels.quoting_words import BOUNDARIES, BOUNDARY_CLASS

CORPUS = Path(__file__).parents[2] / "corpus" / "replies"
CASES = list(quoting_score.cases(CORPUS))


def test_it_has_a_corpus_worth_the_name() -> None:
    assert len(CASES) >= 280


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_finds_the_newest_text(case: quoting_score.Case) -> None:
    assert case.found() == case.newest


def test_it_says_which_mails_it_missed(tmp_path: Path) -> None:
    (tmp_path / "en.txt").write_text("@@ right\nhi\n@@ newest\nhi\n@@ wrong\nhi\n@@ newest\nho\n")

    assert quoting_score.report(tmp_path).splitlines()[0] == "miss: en wrong"
    assert quoting_score.report(tmp_path).endswith("1 of 2 exact (50.0 %)")


@pytest.mark.parametrize("boundary", BOUNDARIES.values())
@pytest.mark.parametrize("before", ["", "> ", "> > ", "*", "   "])
def test_it_cuts_at_our_own_boundary(boundary: str, before: str) -> None:
    assert newest_text(f"ok\n\n{before}{boundary}\nReply STOP to opt out.\n") == "ok"


def test_it_cuts_at_our_own_boundary_in_html() -> None:
    html = f'<p>ok</p><div class="gmail-{BOUNDARY_CLASS}" style="display:none"></div><p>Reply STOP to opt out.</p>'

    assert text_of_html(html) == "ok"


def test_it_takes_no_more_than_a_message() -> None:
    assert len(newest_text("word " * 10_000)) <= NEWEST_CHARS


def test_it_leaves_out_what_cannot_be_seen() -> None:
    assert newest_text("S\u200bT\u202eO\x00P") == "STOP"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("a<br>b", "a\nb"),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("a < b &amp;&amp; c", "a < b && c"),
        ("<a href='x>y'>link</a>", "link"),
        ("a<!-- hidden -->b<!doctype html>c", "abc"),
        ("a<!-- never closed", "a"),
        ("a<script>alert('<p>')</script>b", "ab"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<pre>a\n  b</pre>", "a\nb"),
        ("&#" + "9" * 5_000 + ";", "\ufffd"),
        ("<p>a</p><blockquote>never closed <p>b", "a"),
        ("a <b>bold", "a bold"),
        ("<", "<"),
        ("", ""),
    ],
)
def test_it_reads_html(html: str, text: str) -> None:
    assert text_of_html(html) == text


@pytest.mark.parametrize(
    "pattern",
    [
        "<!--",
        "<!",
        "<",
        "<a ",
        '<a "',
        "<div>",
        "<blockquote>",
        '<div style="',
        "&#x",
        "\n",
        "> ",
        "On Mon 1 at 1:00 ",
        "From: a@b\n",
    ],
)
def test_it_survives_a_mail_of_one_pattern(pattern: str) -> None:
    hostile = pattern * (300_000 // len(pattern))

    assert len(newest_text(hostile)) + len(newest_text(text_of_html(hostile))) <= 2 * NEWEST_CHARS
