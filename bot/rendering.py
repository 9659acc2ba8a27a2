"""Templates to texts, money and days as people read them. Every slot is made harmless first; secrets stay `{code}` and
`{link}` until a message leaves."""

from datetime import date
from functools import lru_cache
from pathlib import Path

from babel.dates import format_skeleton
from babel.numbers import format_currency
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from bot.gsm import Segments, segments, to_gsm
from bot.wording import clean, plain
from models.money import Money

__all__ = ["Segments", "clean", "day", "full_day", "language_of", "money", "plain", "segments", "text", "to_gsm"]

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


def text(kind: str, locale: str, **slots: object) -> str:
    """The words of one text in GSM-7, `{link}` and `{code}` still in place. Raises jinja2.UndefinedError for a slot
    that is missing, TemplateNotFound for a kind that does not exist."""
    template = _template(f"{language_of(locale)}/{kind}.txt")
    safe = {name: value if name in LINKS else _safe(value) for name, value in slots.items()}
    return to_gsm(template.render(safe).rstrip())


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
