"""Templates to texts, money and days as people read them. Every slot is made harmless first; secrets stay `{code}` and
`{link}` until a message leaves."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path

from babel.dates import format_skeleton
from babel.numbers import format_currency
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from bot.gsm import Segments, segments, to_gsm
from bot.own_words import book as books
from bot.own_words import tills
from bot.own_words.book import TILLS, Book
from bot.own_words.catalogue import TEXTS
from bot.wording import clean, plain
from models.money import Money

__all__ = [
    "Segments",
    "clean",
    "day",
    "full_day",
    "language_of",
    "money",
    "plain",
    "segments",
    "several",
    "text",
    "to_gsm",
]

TEMPLATES = Path(__file__).parent.parent / "templates"
REGIONS = {"en": "en_US", "es": "es_US"}
"""Our languages, and whose habits each follows for days."""
MONEY_REGION = "en_US"
"""One figure keeps one shape, "€1,284.50", in both languages."""
DEFAULT_LANGUAGE = "en"

SLOT_LIMIT = 80
LINKS = frozenset({"url"})
"""Slots that are addresses of ours and must arrive unaltered."""

_environment = Environment(  # noqa: S701 - texts, no HTML
    loader=FileSystemLoader(TEMPLATES / "sms"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,  # it would look at the file for every text
)


SLOTS = {
    "merchant": "biz",
    "customer": "customer",
    "invoice": "inv",
    "amount": "amt",
    "due": "date",
    "count": "n",
    "reference": "ref",
    "portal": "url",
    "phone": "phone",
}
"""What merchants' placeholders are called in here."""


def text(kind: str, locale: str, book: Book = TILLS, /, **slots: object) -> str:
    """The words of one text, `{link}` and `{code}` still in place: in GSM-7, unless the merchant's own words are not.
    Raises jinja2.UndefinedError or KeyError for a slot that is missing, TemplateNotFound for an unknown kind."""
    safe = {name: value if name in LINKS else _safe(value) for name, value in slots.items()}
    if kind in TEXTS:
        return books.text(kind, language_of(locale), values(safe), book)
    template = _template(f"{language_of(locale)}/{kind}.txt")
    return to_gsm(template.render(safe).rstrip())


def values(slots: Mapping[str, object]) -> dict[str, str | None]:
    """Slots that are harmless already, by what merchants call them."""
    found = {name: slots[slot] for name, slot in SLOTS.items() if slot in slots}
    told = {name: None if value is None else str(value) for name, value in found.items()}
    return {"link": "{link}", **told}


def several(count: int, locale: str) -> str:
    """ "3 invoices", where one would be named."""
    return tills.several(count, language_of(locale))


def _safe(value: object) -> object:
    if isinstance(value, str):
        return clean(value, SLOT_LIMIT)
    return [_safe(part) for part in value] if isinstance(value, list | tuple) else value


@lru_cache(maxsize=512)
def _template(name: str) -> Template:
    template = _environment.get_template(name)
    template.globals = dict(template.globals)  # a chain of maps, walked for each text
    return template


@lru_cache(maxsize=256)
def language_of(locale: str) -> str:
    """ "es" for "es-MX"; the default for a language we do not write."""
    language = locale.partition("-")[0].partition("_")[0].lower()
    return language if language in REGIONS else DEFAULT_LANGUAGE


def money(amount: Money, _locale: str) -> str:
    """`$1,284.50`, `€1,284.50`, `KWD 1.500`: the currency's code where its symbol is not in GSM-7. The same in both
    languages, and on the page."""
    before, digits = _shape(amount.currency)
    return f"{'-' * (amount.minor < 0)}{before}{abs(amount.decimal):,.{digits}f}"


@lru_cache(maxsize=256)
def _shape(code: str) -> tuple[str, int]:
    """What stands before the figure, and its decimals. Asked once: formatting each amount takes Babel 0.1 ms, and a
    campaign has a hundred thousand."""
    figure = format_currency(0, code, locale=MONEY_REGION)
    if to_gsm(figure) != figure:
        figure = format_currency(0, code, format="¤¤#,##0.00", locale=MONEY_REGION)
    before, digits = figure[: figure.index("0")], len(figure.partition(".")[2])
    return to_gsm(before.replace(code, f"{code} ")), digits


@lru_cache(maxsize=4096)
def full_day(on: date, locale: str) -> str:
    """`Jun 12, 2026`, `12 jun 2026`: for letters, which are kept."""
    return to_gsm(format_skeleton("yMMMd", on, locale=REGIONS[language_of(locale)]))


@lru_cache(maxsize=4096)
def day(on: date, locale: str) -> str:
    """`Jun 12`, `12 jun`."""
    return to_gsm(format_skeleton("MMMd", on, locale=REGIONS[language_of(locale)]))
