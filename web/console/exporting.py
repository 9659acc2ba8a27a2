"""Customers and invoices as CSV files, by the one exporter: streamed, safe to open in a spreadsheet, recorded."""

from dataclasses import dataclass
from typing import ClassVar

from flask import Blueprint, Response, request, stream_with_context
from werkzeug.wrappers import Response as AnyResponse

from bot.exchange import exporting
from bot.exchange.shapes import Kind
from models.context import Context
from models.merchant import Mode
from web.console import audit, frame
from web.console.frame import ConsolePage, parts
from web.console.visitor import visitor
from web.context import runtime, writes

blueprint = Blueprint("console_exporting", __name__, url_prefix="/console/export")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportPage(ConsolePage):
    template: ClassVar[str] = "web/console/export.html"
    section: ClassVar[str] = "invoices"


@blueprint.get("")
def ask() -> Response:
    return frame.show(ExportPage(**parts()))


@blueprint.post("")
def download() -> AnyResponse:
    """`kind`: invoices or customers."""
    kind = Kind.CUSTOMERS if request.form.get("kind") == Kind.CUSTOMERS else Kind.INVOICES
    merchant = visitor().merchant
    _record(kind)
    lines = exporting.lines(runtime(), merchant, Mode.LIVE, kind)
    response = Response(stream_with_context(lines), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{kind.value}-{merchant.slug}.csv"'
    return response


@writes
def _record(ctx: Context, kind: Kind) -> None:
    audit.record(ctx, f"{kind.value}.exported", visitor().merchant, label="CSV")
