"""Files of customers and invoices: handed in, shown what they would change, carried out by one press."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import sqlalchemy as sa
from flask import Blueprint, Response, request, url_for
from sqlalchemy.orm import defer
from werkzeug.wrappers import Response as AnyResponse

from bot.exchange import desk, reading
from models.context import Context
from models.errors import DomainError
from models.file_import import FileImport, ImportStatus
from models.merchant import Mode
from web.console import audit, frame, typed
from web.console.access import mine
from web.console.frame import ConsolePage, done, parts
from web.console.visitor import visitor
from web.context import reads, runtime, writes

blueprint = Blueprint("console_importing", __name__, url_prefix="/console/import")

RECENT = 20
FORM_BYTES = 1024 * 1024
"""Beyond the file itself: one that is a little too large is told so on the page."""
NAME_CHARS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportsPage(ConsolePage):
    template: ClassVar[str] = "web/console/imports.html"
    section: ClassVar[str] = "customers"
    recent: Sequence[FileImport]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPage(ConsolePage):
    template: ClassVar[str] = "web/console/import.html"
    section: ClassVar[str] = "customers"
    file: FileImport

    @property
    def is_working(self) -> bool:
        return self.file.status in (ImportStatus.CHECKING, ImportStatus.IMPORTING)

    @property
    def percent(self) -> int:
        return min(100, round(100 * self.file.done / self.file.lines)) if self.file.lines else 0

    @property
    def changes_anything(self) -> bool:
        told = self.file.told or {}
        return any(told.get(name) for name in told if name not in ("unchanged", "not_owed"))


@blueprint.url_value_preprocessor
def _allow_a_file(_endpoint: str | None, _values: object) -> None:
    request.max_content_length = reading.MOST_BYTES + FORM_BYTES


@blueprint.get("")
@reads
def index(ctx: Context) -> Response:
    return _index(ctx)


@blueprint.post("")
def take() -> AnyResponse:
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        return _refuse("file_missing")
    with upload.stream as stream:
        content = stream.read(reading.MOST_BYTES + 1)
    name = typed.line(upload.filename, NAME_CHARS)
    try:
        found = _take(name, content)
    except DomainError as error:
        return _refuse(error.code)
    if desk.is_small(found):
        desk.check(runtime(), found.public_id)
    return done("file_taken", url_for("console_importing.show", public_id=found.public_id))


@blueprint.get("/<public_id>")
@reads
def show(ctx: Context, public_id: str) -> Response:
    return frame.show(ImportPage(**parts(), file=mine(ctx, FileImport, public_id)))


@blueprint.post("/<public_id>")
def press(public_id: str) -> AnyResponse:
    """What was shown, or nothing. A second press, a second tab: the same one import."""
    is_first, is_small = _press(public_id)
    if is_first and is_small:
        desk.carry_out(runtime(), public_id)
    code = "import_pressed" if is_first else "import_pressed_before"
    return done(code, url_for("console_importing.show", public_id=public_id))


@writes
def _take(ctx: Context, name: str, content: bytes) -> FileImport:
    who = visitor()
    found = desk.take(ctx, who.merchant, Mode.LIVE, name, content, who.member.name)
    audit.record(ctx, "import.handed_in", found, label=name, after={"sha256": found.sha256})
    return found


@writes
def _press(ctx: Context, public_id: str) -> tuple[bool, bool]:
    found = mine(ctx, FileImport, public_id, lock=True)
    is_first = desk.press(ctx, found)
    if is_first:
        audit.record(ctx, "import.pressed", found, label=found.name, after=found.told)
    return is_first, desk.is_small(found)


@reads
def _refuse(ctx: Context, code: str) -> Response:
    return _index(ctx, {"file": code})


def _index(ctx: Context, problems: Mapping[str, str] | None = None) -> Response:
    own = sa.select(FileImport).where(FileImport.merchant_id == visitor().merchant.id, FileImport.mode == Mode.LIVE)
    recent = ctx.session.scalars(own.options(defer(FileImport.content)).order_by(FileImport.id.desc()).limit(RECENT))
    return frame.show(ImportsPage(**parts(), problems=problems or {}, recent=recent.all()), 422 if problems else 200)
