"""What an email says where a text would say it shorter: words of its own where there are any, else the text's."""

from functools import lru_cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from bot import rendering
from bot.letters import Words
from bot.own_words.book import TILLS
from bot.rendering import TEMPLATES, language_of
from bot.wording import plain
from models.merchant import Merchant

SLOT_CHARS = 120

_environment = Environment(  # noqa: S701 - plain words; the letter around them escapes
    loader=FileSystemLoader(TEMPLATES / "email_words"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
OWN = frozenset(_environment.list_templates())


def words(kind: str, locale: str, merchant: Merchant, **slots: object) -> Words:
    """One paragraph. Who writes stands above it, so a text's leading name goes."""
    name = f"{language_of(locale)}/{kind}.txt"
    if name in OWN:
        safe = {slot: _safe(value) for slot, value in slots.items()}
        return Words(_template(name).render(safe).strip())
    brand = rendering.clean(merchant.name)
    text = rendering.text(kind, locale, TILLS, biz=brand, **slots).removeprefix(f"{brand}: ")
    return Words(text[:1].upper() + text[1:])


def _safe(value: object) -> object:
    if isinstance(value, str):
        return plain(value, SLOT_CHARS)
    return [_safe(part) for part in value] if isinstance(value, list | tuple) else value


@lru_cache(maxsize=256)
def _template(name: str) -> Template:
    return _environment.get_template(name)
