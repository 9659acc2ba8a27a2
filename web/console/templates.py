"""A merchant's own words for its texts and emails: written, looked at before they count, kept with who wrote them, and
taken back. What may be said is bot/own_words'."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from flask import Blueprint, Response, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from bot.own_words import book as books
from bot.own_words import catalogue, judging, keeping, measuring, telling, tills
from bot.own_words.catalogue import LANGUAGES, MOST_CHARS, TEMPLATES, Part, Template
from bot.own_words.measuring import Examined
from models.context import Context
from models.errors import DomainError
from models.merchant import Merchant
from models.template import TemplateVersion
from web.console import audit, frame
from web.console.frame import ConsolePage, done, parts
from web.console.visitor import visitor
from web.context import reads, writes

blueprint = Blueprint("console_templates", __name__, url_prefix="/console/settings/templates")

MOST_TYPED = 2_000
"""Before anything is judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplatesPage(ConsolePage):
    template: ClassVar[str] = "web/console/templates.html"
    section: ClassVar[str] = "settings"
    templates: tuple[Template, ...] = tuple(TEMPLATES.values())
    languages: tuple[str, ...] = LANGUAGES
    known: Mapping[tuple[str, str], TemplateVersion]


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplatePage(ConsolePage):
    """`words`: as typed, else as they stand. `usual`: Till's. `other`: how the other language reads now. `told`: what
    is wrong, by part; `warned`: what is only dear or doubtful."""

    template: ClassVar[str] = "web/console/template.html"
    section: ClassVar[str] = "settings"
    of: Template
    language: str
    other_language: str
    words: Mapping[str, str]
    usual: Mapping[str, str]
    most_chars: Mapping[str, int]
    version: int
    is_own: bool
    examined: Examined
    told: Mapping[str, Sequence[str]]
    warned: Sequence[str]
    other: Examined
    history: Sequence[TemplateVersion]


@blueprint.get("")
@reads
def index(ctx: Context) -> Response:
    return frame.show(TemplatesPage(**parts(), known=keeping.newest(ctx, visitor().merchant.id)))


@blueprint.get("/<name>/<language>")
@reads
def show(ctx: Context, name: str, language: str) -> Response:
    template = _found(name, language)
    return _page(ctx, template, language, _standing(ctx, template, language))


@blueprint.post("/<name>/<language>/check")
@reads
def check(ctx: Context, name: str, language: str) -> Response:
    """How it would read; keeps nothing. `act`: plain (letters that cost less), else as typed."""
    template, words = _found(name, language), _typed()
    if request.form.get("act") == "plain":
        words = measuring.in_gsm(words)
    return _page(ctx, template, language, words, version=_version())


@blueprint.post("/<name>/<language>")
@writes
def save(ctx: Context, name: str, language: str) -> AnyResponse:
    template, words, who = _found(name, language), _typed(), visitor()
    before = _standing(ctx, template, language)
    try:
        kept = keeping.save(ctx, _merchant(ctx), template, language, words, by=who.member.name, after=_version())
    except DomainError as error:
        return _page(ctx, template, language, words, problem=error.code, version=_version())
    was, now = audit.changes(_by_name(before), _by_name(words))
    label = f"{name}, {language}, version {kept.version}"
    audit.record(ctx, "template.worded", kept, label=label, before=was, after=now)
    return done("template_saved", url_for("console_templates.show", name=name, language=language))


@blueprint.post("/<name>/<language>/reset")
@writes
def reset(ctx: Context, name: str, language: str) -> AnyResponse:
    """Back to Till's words, whatever stands in the form."""
    template, who = _found(name, language), visitor()
    before = _standing(ctx, template, language)
    kept = keeping.reset(ctx, _merchant(ctx), template, language, by=who.member.name)
    label = f"{name}, {language}" + (f", version {kept.version}" if kept is not None else "")
    audit.record(ctx, "template.reset", kept, label=label, before=_by_name(before), after={})
    return done("template_reset", url_for("console_templates.show", name=name, language=language))


# --- pieces ----------------------------------------------------------------------------------------------------------
def _page(
    ctx: Context,
    template: Template,
    language: str,
    words: Mapping[Part, str],
    *,
    problem: str | None = None,
    version: int | None = None,
) -> Response:
    merchant = visitor().merchant
    history = keeping.history(ctx, merchant.id, template.name, language)
    newest = history[0].version if history else 0
    other_language = next(one for one in LANGUAGES if one != language)
    examined = _examined(ctx, template, language, words)
    problems = {template.parts[0].value: problem} if problem else {}
    page = TemplatePage(
        **parts(),
        of=template,
        language=language,
        other_language=other_language,
        words={part.value: words.get(part, "") for part in template.parts},
        usual=_by_name(tills.words(template.name, language)),
        most_chars={part.value: MOST_CHARS[part] for part in template.parts},
        # After a clash the page shows what came meanwhile, so the next press is made knowing it.
        version=newest if version is None or problem == "template_changed" else version,
        is_own=bool(history and history[0].words),
        examined=examined,
        told=_told(examined, template),
        warned=[telling.told(one) for one in examined.warnings],
        other=_examined(ctx, template, other_language, _standing(ctx, template, other_language)),
        history=history,
        problems=problems,
    )
    return frame.show(page, 422 if problem else 200)


def _examined(ctx: Context, template: Template, language: str, words: Mapping[Part, str]) -> Examined:
    filled = {part: said for part, said in words.items() if said}
    return measuring.examine(ctx.site.base_url, visitor().merchant, template, language, filled)


def _told(examined: Examined, template: Template) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {part.value: [] for part in template.parts}
    for fault in examined.faults:
        part = fault.part if fault.part in template.parts else template.parts[0]
        found[part.value].append(telling.told(fault))
    return found


def _standing(ctx: Context, template: Template, language: str) -> dict[Part, str]:
    """The words in use, whoever's they are."""
    book = books.load(ctx, visitor().merchant.id, template.name)
    usual = tills.words(template.name, language)
    return {part: book.of(template.name, language, part) or usual[part] for part in template.parts}


def _typed() -> dict[Part, str]:
    typed = {part: request.form.get(part.value) for part in Part}
    return {part: judging.tidied(said[:MOST_TYPED]) for part, said in typed.items() if said is not None}


def _version() -> int | None:
    """The one that the form began with."""
    said = request.form.get("version", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else None


def _by_name(words: Mapping[Part, str]) -> dict[str, str]:
    return {part.value: said for part, said in words.items()}


def _found(name: str, language: str) -> Template:
    if name not in TEMPLATES or language not in LANGUAGES:
        raise NotFound
    return catalogue.find(name)


def _merchant(ctx: Context) -> Merchant:
    """The member's own, fresh."""
    return ctx.session.get_one(Merchant, visitor().merchant.id)
