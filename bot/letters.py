"""Templates to emails: subject, text and HTML of one kind in one language. The style sheet is inlined for the mail
readers that know none; the dark-mode block stays as it is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

from bot.channels.quoting_words import BOUNDARIES, BOUNDARY_CLASS
from bot.own_words import book as books
from bot.own_words.book import TILLS, Book
from bot.own_words.catalogue import Part
from bot.rendering import TEMPLATES, language_of, several
from bot.wording import plain
from models.colour import contrast, luminance
from models.merchant import Merchant

if TYPE_CHECKING:
    from css_inline import CSSInliner

SUBJECT_CHARS = 150
SLOT_CHARS = 120

LIGHT_INK, DARK_INK = "#ffffff", "#000000"  # one of them has at least 4.5:1 (WCAG 1.4.3) on any colour
PAPER, EDGE = "#ffffff", "#858e9b"
EDGE_CONTRAST = 3.0  # WCAG 1.4.11
DEFAULT_COLOUR = "#10151c"
_HEX_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_EVEN_LUMINANCE = 0.1791
"""Where white and black read equally well: sqrt(1.05 * 0.05) - 0.05."""

WORDED = {"reminder": "remind_{when}_email", "invoice": "invoice_email", "receipt": "receipt_email"}
"""Letters whose subject and opening merchants may word, and the templates that hold them."""

_environment = Environment(
    loader=FileSystemLoader(TEMPLATES / "email"),
    undefined=StrictUndefined,
    autoescape=select_autoescape(["html"]),
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)


class Words(str):
    """Our own words, whose slots are harmless already: they keep their length and their links."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Sender:
    """The merchant as its mails show it."""

    name: str
    legal_name: str
    address: str
    phone: str
    fill: str
    on_fill: str
    edge: str
    """What shows where the button ends, on any colour."""


def letter(kind: str, locale: str, *, merchant: Merchant, book: Book = TILLS, **slots: object) -> Letter:
    """`{link}` and `{code}` stay in place, as in texts. Begins with the line below which a reply only quotes us.
    Raises jinja2.UndefinedError or KeyError for a missing slot."""
    language = language_of(locale)
    values: dict[str, Any] = {name: _harmless(value) for name, value in slots.items()}
    values |= {"language": language, "sender": _sender(merchant)}
    values |= {"boundary": BOUNDARIES[language], "boundary_class": BOUNDARY_CLASS}
    folder = f"{language}/{kind}"
    if kind in WORDED:
        subject, values["opening"] = _worded(kind, language, values, book)
    else:
        subject = _cut(_template(f"{folder}/subject.txt").render(values))
    text = _template(f"{folder}/body.txt").render(values)
    html = _template(f"{folder}/body.html").render(values, subject=subject)
    return Letter(subject, f"{BOUNDARIES[language]}\n\n{text.strip()}\n", _inliner().inline(html))


@cache
def _inliner() -> "CSSInliner":
    inliner: CSSInliner = import_module("css_inline").CSSInliner(load_remote_stylesheets=False)  # 2 MB, for mails alone
    return inliner


def worded(kind: str, locale: str, *, merchant: Merchant, book: Book = TILLS, **slots: object) -> tuple[str, str]:
    """The subject and the opening that `letter` would have. Raises KeyError for a kind that is not in WORDED."""
    values: dict[str, Any] = {name: _harmless(value) for name, value in slots.items()}
    return _worded(kind, language_of(locale), {**values, "sender": _sender(merchant)}, book)


def _worded(kind: str, language: str, slots: Mapping[str, Any], book: Book) -> tuple[str, Words]:
    name = WORDED[kind].format(**slots)
    values = {
        "merchant": slots["sender"].name,
        "customer": slots["name"],
        "invoice": slots["inv"] or several(slots["count"], language),
        "amount": slots["total"] if kind == "reminder" else slots["amt"],
        "due": slots.get("date"),
        "count": str(slots.get("count", 1)),
        "reference": slots.get("ref"),
    }
    subject, opening = (books.line(name, language, part, values, book) for part in (Part.SUBJECT, Part.OPENING))
    return _cut(subject), Words(opening)


def _cut(subject: str) -> str:
    return " ".join(subject.split())[:SUBJECT_CHARS]


def _harmless(value: object) -> object:
    if isinstance(value, Words):
        return value
    if isinstance(value, str):
        return plain(value, SLOT_CHARS)
    return [_harmless(part) for part in value] if isinstance(value, list | tuple) else value


def _sender(merchant: Merchant) -> Sender:
    colour = merchant.colour if _HEX_COLOUR.fullmatch(merchant.colour or "") else DEFAULT_COLOUR
    return Sender(
        name=plain(merchant.name),
        legal_name=plain(merchant.legal_name, 120),
        address=plain(merchant.address, 200),
        phone=plain(merchant.phone, 20),
        fill=colour,
        on_fill=LIGHT_INK if luminance(colour) <= _EVEN_LUMINANCE else DARK_INK,
        edge=colour if contrast(colour, PAPER) >= EDGE_CONTRAST else EDGE,
    )


@lru_cache(maxsize=256)
def _template(name: str) -> Template:
    return _environment.get_template(name)
