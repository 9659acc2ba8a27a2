"""Templates to text: the words of every message, money and dates as people write them, names made harmless.
Texts stay in GSM-7; a link or a code is never put in here, only its placeholder."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import css_inline
from babel.dates import format_date
from babel.numbers import format_currency
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

from bot import gsm
from models.money import Money

TEMPLATES = Path(__file__).parent.parent / "templates"
LOCALES = ("en", "es")

NAME_CHARS = 40  # acceptance rule I1
_LINK = re.compile(r"(?:h..ps?|ftp|javascript|data)\s*:/*\S*|www\.\S+", re.IGNORECASE)
_DOMAIN_DOT = re.compile(r"(?<=\w)\.(?=[^\W\d_]{2,})")
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class EmailParts:
    subject: str
    text: str
    html: str


def text(kind: str, locale: str, **slots: Any) -> str:
    """The text message `kind` in `locale` (English for a language we do not write), in GSM-7, on one line or more."""
    return gsm.to_gsm(_text_template(kind, _known(locale)).render(slots).strip())


def email(kind: str, locale: str, **slots: Any) -> EmailParts:
    locale = _known(locale)
    values = {"locale": locale, **slots}
    subject = _BLANKS.sub(" ", _email_template(kind, "subject.txt").render(values)).strip()[:150]
    html = _email_template(kind, "body.html").render(values, subject=subject)
    return EmailParts(subject, _email_template(kind, "body.txt").render(values).strip() + "\n", _INLINER.inline(html))


@lru_cache(maxsize=4096)
def money(amount: Money) -> str:
    """`$1,284.50` in both languages: a text and the page behind its link must show the same amount."""
    return gsm.to_gsm(format_currency(amount.decimal, amount.currency, locale="en_US"))


@lru_cache(maxsize=2048)
def day(on: date, locale: str) -> str:
    """`Jun 12`, in Spanish `12 jun`: within a year nobody needs to be told which."""
    pattern = "d MMM" if _known(locale) == "es" else "MMM d"
    return gsm.to_gsm(format_date(on, pattern, locale=_known(locale))).replace(".", "")


@lru_cache(maxsize=8192)
def clean(name: str, limit: int = NAME_CHARS) -> str:
    """A name that someone typed, fit for a message: one line, no links, nothing invisible, no placeholder of ours."""
    shown = _BLANKS.sub(" ", name).replace("{", "(").replace("}", ")")
    visible = "".join(c for c in shown if not unicodedata.category(c).startswith("C"))
    without_links = _DOMAIN_DOT.sub(" ", _LINK.sub("", visible).replace("://", " "))
    return gsm.to_gsm(_BLANKS.sub(" ", without_links).strip())[:limit].rstrip()


def _known(locale: str) -> str:
    language = locale.partition("-")[0].partition("_")[0].lower()
    return language if language in LOCALES else LOCALES[0]


_TEXTS = Environment(  # noqa: S701 - plain text
    loader=FileSystemLoader(TEMPLATES / "sms"), undefined=StrictUndefined, trim_blocks=True
)
_EMAILS = Environment(
    loader=FileSystemLoader(TEMPLATES / "email"),
    undefined=StrictUndefined,
    autoescape=select_autoescape(["html"]),
    trim_blocks=True,
    lstrip_blocks=True,
)
_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False)


@lru_cache(maxsize=256)
def _text_template(kind: str, locale: str) -> Template:
    return _TEXTS.get_template(f"{locale}/{kind}.txt")


@lru_cache(maxsize=64)
def _email_template(kind: str, part: str) -> Template:
    return _EMAILS.get_template(f"{kind}/{part}")
