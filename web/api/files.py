"""Files by program: a CSV handed in, what it would change, the press; and everything out again as CSV."""

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa
from pydantic import BaseModel, Field

from bot.exchange import desk, exporting, reading
from bot.exchange.shapes import Kind
from models.context import Context
from models.errors import DomainError
from models.file_import import FileImport, ImportStatus
from models.merchant import Merchant
from web.api import rows, trail
from web.api.callers import Caller
from web.api.operations import Call, Outside, get, get_file, post_file, post_outside

TAG = "Files"


class TroubleShape(BaseModel):
    """`line` as a spreadsheet counts: the header is 1."""

    line: int
    column: str
    code: str


class ChangeShape(BaseModel):
    what: str
    which: str
    how: str


class ImportShape(BaseModel):
    """`checking`, `importing`: ask again. `checked`: `numbers` and the first `changes` are what `apply` would do;
    `refused`: `problem` is of the whole file, else `troubles` are of its first lines in trouble. `is_stale`: applied
    too late; something on file had changed, nothing was done, and the numbers are new."""

    id: str
    status: ImportStatus
    shape: str | None
    kind: str | None
    problem: str | None
    lines: int
    lines_read: int
    numbers: dict[str, int]
    changes: list[ChangeShape]
    trouble_count: int
    troubles: list[TroubleShape]
    is_stale: bool
    sha256: str = Field(description="Of the file as it came.")
    created_at: datetime
    finished_at: datetime | None


@post_file("/imports", answer=ImportShape, tag=TAG, most_bytes=reading.MOST_BYTES)
def create_import(call: Outside, content: bytes) -> ImportShape:
    """Hand in a CSV of customers or invoices, Till's, QuickBooks' or Stripe's, up to 10 MB: a dry run"""
    with call.runtime.write() as ctx:
        merchant = ctx.session.get_one(Merchant, call.caller.merchant_id)
        found = desk.take(ctx, merchant, call.caller.mode, "", content, f"API key {call.caller.key_prefix}")
    if desk.is_small(found):
        desk.check(call.runtime, found.public_id)
    return _shown(call, found.public_id)


@get("/imports/<import_id>", answer=ImportShape, tag=TAG)
def get_import(call: Call, import_id: str) -> ImportShape:
    """A file and how far it is"""
    return _shape(rows.find(call, FileImport, import_id))


@post_outside("/imports/<import_id>/apply", answer=ImportShape, tag=TAG, status=200)
def apply_import(call: Outside, import_id: str) -> ImportShape:
    """Import it: exactly what was shown, all of it or nothing. Again does nothing more"""
    with call.runtime.write() as ctx:
        found = _find(ctx, call.caller, import_id, held=True)
        waits = found.status in (ImportStatus.CHECKING, ImportStatus.REFUSED)
        if waits:
            raise DomainError("import_state")
        is_first, is_small = desk.press(ctx, found), desk.is_small(found)
    if is_first and is_small:
        desk.carry_out(call.runtime, import_id)
    return _shown(call, import_id)


@get_file("/exports/invoices", tag=TAG)
def export_invoices(call: Outside) -> Iterator[str]:
    """All invoices as CSV, in the form that imports take"""
    return _export(call, Kind.INVOICES)


@get_file("/exports/customers", tag=TAG)
def export_customers(call: Outside) -> Iterator[str]:
    """All customers as CSV, in the form that imports take"""
    return _export(call, Kind.CUSTOMERS)


def _export(call: Outside, kind: Kind) -> Iterator[str]:
    with call.runtime.write() as ctx:
        merchant = ctx.session.get_one(Merchant, call.caller.merchant_id)
        trail.record(ctx, call.caller, f"export_{kind.value}", {}, None)
    return exporting.lines(call.runtime, merchant, call.caller.mode, kind)


def _shown(call: Outside, public_id: str) -> ImportShape:
    with call.runtime.read() as ctx:
        return _shape(_find(ctx, call.caller, public_id))


def _find(ctx: Context, caller: Caller, public_id: str, *, held: bool = False) -> FileImport:
    mine = (FileImport.merchant_id == caller.merchant_id) & (FileImport.mode == caller.mode)
    which = sa.select(FileImport).where(mine, FileImport.public_id == public_id)
    found = ctx.session.scalars(which.with_for_update() if held else which).one_or_none()
    if found is None:
        raise DomainError("not_found")
    return found


def _shape(found: FileImport) -> ImportShape:
    return ImportShape(
        id=found.public_id,
        lines_read=found.done,
        numbers=found.told or {},
        changes=[ChangeShape(what=what, which=which, how=how) for what, which, how in found.sample or ()],
        troubles=[TroubleShape(line=line, column=column, code=code) for line, column, code in found.troubles or ()],
        **{
            name: getattr(found, name)
            for name in (
                *("status", "shape", "kind", "problem", "lines", "trouble_count"),
                *("is_stale", "sha256", "created_at", "finished_at"),
            )
        },
    )
