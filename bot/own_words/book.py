"""All that a merchant has worded, read once for as many messages as come; and how its words are filled. What cannot be
filled, or grew too long since it was kept, gives way to Till's words: a template never keeps a message from leaving."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from bot import wording
from bot.gsm import segments, to_gsm
from bot.own_words import catalogue, grammar, tills
from bot.own_words.catalogue import LINKS, MOST_SEGMENTS, Part
from models.context import Context
from models.template import TemplateVersion

TOKEN_CHARS = 41
"""Of every link of ours (architecture.md, A payment)."""
Values = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Book:
    """`words`: by template and language. Empty: everything is in Till's words."""

    base_url: str = ""
    words: Mapping[tuple[str, str], Mapping[Part, str]] = field(default_factory=dict)

    def of(self, name: str, language: str, part: Part) -> str | None:
        return self.words.get((name, language), {}).get(part)


TILLS = Book()


def load(ctx: Context, merchant_id: int, only: str | None = None) -> Book:
    """`only`: one template is wanted."""
    versions = current(merchant_id)
    if only is not None:
        versions = versions.where(TemplateVersion.name == only)
    found = {(one.name, one.language): parts_of(one) for one in ctx.session.scalars(versions)}
    return Book(ctx.site.base_url, {key: parts for key, parts in found.items() if parts})


def current(merchant_id: int) -> sa.Select[TemplateVersion]:
    """The newest version of each."""
    newest = (
        sa.select(TemplateVersion.name, TemplateVersion.language, sa.func.max(TemplateVersion.version).label("version"))
        .where(TemplateVersion.merchant_id == merchant_id)
        .group_by(TemplateVersion.name, TemplateVersion.language)
        .subquery()
    )
    return sa.select(TemplateVersion).join(
        newest,
        (TemplateVersion.merchant_id == merchant_id)
        & (TemplateVersion.name == newest.c.name)
        & (TemplateVersion.language == newest.c.language)
        & (TemplateVersion.version == newest.c.version),
    )


def parts_of(version: TemplateVersion) -> dict[Part, str]:
    """Only what a template of that name has: a part left out is in Till's words."""
    template = catalogue.TEMPLATES.get(version.name)
    stored = {Part(part): str(words) for part, words in version.words.items() if part in list(Part)}
    return {part: words for part, words in stored.items() if template is not None and part in template.parts}


def text(name: str, language: str, values: Values, book: Book = TILLS) -> str:
    """One text message, `{link}` still in place. `values` are clean. Raises KeyError for one that Till's words lack."""
    own = book.of(name, language, Part.TEXT)
    said = _own(own, language, values) if own is not None else None
    if said is not None and segments(with_link(said, name, book.base_url)).count <= MOST_SEGMENTS:
        return said
    return to_gsm(filled(tills.words(name, language)[Part.TEXT], language, values))


def line(name: str, language: str, part: Part, values: Values, book: Book = TILLS) -> str:
    """A subject or an opening: one line. `values` are plain. Raises as `text` does."""
    own = book.of(name, language, part)
    said = _own(own, language, values) if own is not None else None
    return said if said is not None else filled(tills.words(name, language)[part], language, values)


def with_link(said: str, name: str, base_url: str) -> str:
    """With a link of the right length, which opens nothing."""
    folder = "receipt" if name == "receipt" else "r"
    return said.replace("{link}", f"{base_url}/{folder}/{'x' * TOKEN_CHARS}")


def _own(source: str, language: str, values: Values) -> str | None:
    """None: it asks for what there is not, as words may that were kept by another release."""
    try:
        return filled(source, language, values)
    except KeyError:
        return None


def filled(source: str, language: str, values: Values) -> str:
    """Raises KeyError. Names are clean each for itself; side by side they might still make an address."""
    held = {name: f"{{{name}}}" for name in LINKS if name in values}
    usual = {"stop": tills.phrase("stop", language), "help": tills.phrase("help", language)}
    said = wording.unlinked(grammar.fill(source, {**usual, **values, **held}, tills.instead(language)))
    for name in held:
        said = said.replace(f"{{{name}}}", values[name] or "")
    return " ".join(said.split())
