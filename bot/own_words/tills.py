"""Till's own words for whatever a merchant has not worded, and the few phrases that nobody but Till words."""

from functools import lru_cache
from pathlib import Path

from bot.own_words import catalogue, grammar
from bot.own_words.catalogue import MAY_LACK, Part

_TEMPLATES = Path(__file__).parents[2] / "templates"


@lru_cache(maxsize=64)
def words(name: str, language: str) -> dict[Part, str]:
    """By part, in the same language of placeholders that merchants write."""
    template = catalogue.find(name)
    folder = "own_words" if template.is_email else "sms"
    lines = (_TEMPLATES / folder / language / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return dict(zip(template.parts, lines, strict=True))


@lru_cache(maxsize=64)
def phrase(name: str, language: str) -> str:
    return (_TEMPLATES / "own_words" / language / f"{name}.txt").read_text(encoding="utf-8").rstrip()


@lru_cache(maxsize=8)
def instead(language: str) -> dict[str, str]:
    """What stands for a value that there is none of, outside brackets."""
    return {name: phrase(name, language) for name in MAY_LACK}


def several(count: int, language: str) -> str:
    """ "3 invoices", where one would be named."""
    return grammar.fill(phrase("invoices", language), {"count": str(count)}, {})
