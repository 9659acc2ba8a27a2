"""The sandbox's approved WhatsApp templates: the very texts that merchants hand in for approval (templates/whatsapp),
each under a content id of its own."""

import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache

from bot.rendering import TEMPLATES

_PLACE = re.compile(r"\{\{(\d)\}\}")


@cache
def approved() -> Mapping[str, Mapping[str, str]]:
    """Content ids by kind and language, as `Merchant.whatsapp_templates` keeps them."""
    found: dict[str, dict[str, str]] = {}
    for kind, language in sorted((path.stem, path.parent.name) for path in (TEMPLATES / "whatsapp").glob("*/*.txt")):
        found.setdefault(kind, {})[language] = _content_sid(kind, language)
    return found


def render(content_sid: str, variables: str) -> str | None:
    """What the phone shows. None: no such template, or variables that do not fit it."""
    text = _texts().get(content_sid)
    try:
        values = json.loads(variables or "{}")
    except ValueError:
        return None
    if text is None or not isinstance(values, dict) or set(values) != set(_PLACE.findall(text)):
        return None
    return _PLACE.sub(lambda found: str(values[found[1]]), text)


@cache
def _texts() -> Mapping[str, str]:
    return {
        content_sid: (TEMPLATES / "whatsapp" / language / f"{kind}.txt").read_text().strip()
        for kind, by_language in approved().items()
        for language, content_sid in by_language.items()
    }


def _content_sid(kind: str, language: str) -> str:
    return "HX" + hashlib.blake2b(f"{language}/{kind}".encode(), digest_size=16).hexdigest()
