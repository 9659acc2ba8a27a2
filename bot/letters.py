"""Templates to emails: subject, text and HTML of one kind in one language. The style sheet is inlined for the mail
readers that know none; the dark-mode block stays as it is."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

from bot.rendering import TEMPLATES, language_of

SUBJECT_CHARS = 150

_environment = Environment(
    loader=FileSystemLoader(TEMPLATES / "email"),
    undefined=StrictUndefined,
    autoescape=select_autoescape(["html"]),
    trim_blocks=True,
    lstrip_blocks=True,
)
_inliner = css_inline.CSSInliner(load_remote_stylesheets=False)


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    text: str
    html: str


def letter(kind: str, locale: str, **slots: Any) -> Letter:
    """`{link}` and `{code}` stay in place, as in texts. Raises jinja2.UndefinedError for a missing slot."""
    values = {"locale": language_of(locale), **slots}
    subject = " ".join(_template(kind, "subject.txt").render(values).split())[:SUBJECT_CHARS]
    html = _template(kind, "body.html").render(values, subject=subject)
    return Letter(subject, _template(kind, "body.txt").render(values).strip() + "\n", _inliner.inline(html))


@lru_cache(maxsize=128)
def _template(kind: str, part: str) -> Template:
    return _environment.get_template(f"{kind}/{part}")
