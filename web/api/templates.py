"""A merchant's own words for its texts and emails, by program. What may be worded and how, bot/own_words decides."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from bot.gsm import Encoding, Segments
from bot.own_words import book as books
from bot.own_words import catalogue, judging, keeping, measuring, telling, tills
from bot.own_words.catalogue import Part, Template
from bot.own_words.judging import Fault as Wrong
from models.errors import DomainError
from models.merchant import Merchant, Mode
from models.template import TemplateVersion
from web.api.fields import Body
from web.api.operations import Call, delete, get, post, put
from web.api.problems import Fault, InvalidRequest

TAG = "Templates"
MOST_TYPED = 2_000
"""Before anything is judged."""


class Worded(Body):
    """`text` of a text, `subject` and `opening` of an email; what is left out stays in Till's words. `version`: the one
    that you changed; refused with 409 if another one has come meanwhile."""

    text: str | None = Field(default=None, max_length=MOST_TYPED)
    subject: str | None = Field(default=None, max_length=MOST_TYPED)
    opening: str | None = Field(default=None, max_length=MOST_TYPED)
    version: int | None = Field(default=None, ge=0, le=2**31)

    def words(self) -> dict[Part, str]:
        typed = {part: getattr(self, part.value) for part in Part}
        return {part: judging.tidied(words) for part, words in typed.items() if words is not None}


class TemplateShape(BaseModel):
    """`version` 0: never worded. `is_own` false: the words are Till's."""

    name: str
    language: str
    is_own: bool
    version: int
    text: str | None
    subject: str | None
    opening: str | None
    placeholders: list[str]
    needed: list[str]
    changed_at: datetime | None
    changed_by: str | None


class TemplateList(BaseModel):
    items: list[TemplateShape]


class SizeShape(BaseModel):
    segments: int
    encoding: Encoding
    units: int


class ForeignShape(BaseModel):
    """A character that is not in GSM-7, and what would stand for it; "": nothing."""

    character: str
    plain: str


class ExampleShape(BaseModel):
    """`who`: usual, no_amount or longest. Made up."""

    who: str
    text: str | None
    subject: str | None
    opening: str | None
    size: SizeShape | None


class PreviewShape(BaseModel):
    """`errors`: why it could not be saved; then there may be no examples."""

    errors: list[Fault]
    warnings: list[Fault]
    foreign: list[ForeignShape]
    examples: list[ExampleShape]


@get("/templates", answer=TemplateList, tag=TAG)
def list_templates(call: Call) -> TemplateList:
    """All that may be worded, in both languages, with the words in use"""
    known = keeping.newest(call.ctx, call.caller.merchant_id)
    pairs = [(template, language) for template in catalogue.TEMPLATES.values() for language in catalogue.LANGUAGES]
    return TemplateList(items=[_shape(one, language, known.get((one.name, language))) for one, language in pairs])


@get("/templates/<name>/<language>", answer=TemplateShape, tag=TAG)
def get_template(call: Call, name: str, language: str) -> TemplateShape:
    """One template in one language"""
    template = _found(name, language)
    known = keeping.newest(call.ctx, call.caller.merchant_id)
    return _shape(template, language, known.get((name, language)))


@put("/templates/<name>/<language>", answer=TemplateShape, body=Worded, tag=TAG)
def put_template(call: Call, name: str, language: str, body: Worded) -> TemplateShape:
    """Word it. Counts for whatever has not left yet"""
    template = _found(name, language)
    try:
        kept = keeping.save(
            call.ctx, _merchant(call), template, language, body.words(), by=_by(call), after=body.version
        )
    except keeping.Refused as refused:
        raise InvalidRequest(_told(refused.faults)) from refused
    return _shape(template, language, kept)


@delete("/templates/<name>/<language>", tag=TAG)
def reset_template(call: Call, name: str, language: str) -> None:
    """Back to Till's words"""
    keeping.reset(call.ctx, _merchant(call), _found(name, language), language, by=_by(call))


@post("/templates/<name>/<language>/preview", answer=PreviewShape, body=Worded, status=200, tag=TAG)
def preview_template(call: Call, name: str, language: str, body: Worded) -> PreviewShape:
    """How it would read, for made-up customers, and what it would cost. Saves nothing"""
    template, merchant = _found(name, language), _merchant(call)
    words = {part: said for part, said in body.words().items() if said}
    found = measuring.examine(call.ctx.site.base_url, merchant, template, language, words)
    return PreviewShape(
        errors=_told(found.faults),
        warnings=_told(found.warnings),
        foreign=[ForeignShape(character=one.character, plain=one.plain) for one in found.foreign],
        examples=[_example(one) for one in found.shown],
    )


def _found(name: str, language: str) -> Template:
    catalogue.check_language(language)
    return catalogue.find(name)


def _merchant(call: Call) -> Merchant:
    """What a test key may read it may not word: the words are the live customers'."""
    if call.caller.mode is not Mode.LIVE:
        raise DomainError("only_live")
    return call.ctx.session.get_one(Merchant, call.caller.merchant_id)


def _by(call: Call) -> str:
    return f"API key {call.caller.key_prefix}"


def _shape(template: Template, language: str, version: TemplateVersion | None) -> TemplateShape:
    own = books.parts_of(version) if version is not None else {}
    words: Mapping[str, Any] = {part.value: own.get(part) for part in Part}
    usual = {part.value: said for part, said in tills.words(template.name, language).items()}
    return TemplateShape(
        name=template.name,
        language=language,
        is_own=bool(own),
        version=version.version if version is not None else 0,
        placeholders=list(template.placeholders),
        needed=list(template.needed),
        changed_at=version.created_at if version is not None else None,
        changed_by=version.written_by if version is not None else None,
        **{part: said or usual.get(part) for part, said in words.items()},
    )


def _example(one: measuring.Shown) -> ExampleShape:
    return ExampleShape(
        who=one.who,
        text=one.text or None,
        subject=one.subject or None,
        opening=one.opening or None,
        size=_size(one.size) if one.size is not None else None,
    )


def _size(size: Segments) -> SizeShape:
    return SizeShape(segments=size.count, encoding=size.encoding, units=size.units)


def _told(faults: Sequence[Wrong]) -> list[Fault]:
    """`pointer` names the part."""
    return [Fault(pointer=f"/{one.part.value}" if one.part else "", message=telling.told(one)) for one in faults]
