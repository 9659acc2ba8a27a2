"""Invoices as a CSV file: streamed in pages of the list's own order, safe to open in a spreadsheet, recorded."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import sqlalchemy as sa
from flask import Blueprint, Response, stream_with_context
from werkzeug.wrappers import Response as AnyResponse

from models.context import Context
from models.customer import Customer
from models.invoice import Invoice
from models.merchant import Merchant, Mode
from web.console import audit, frame
from web.console.frame import ConsolePage, parts
from web.console.visitor import visitor
from web.context import runtime, writes

blueprint = Blueprint("console_exporting", __name__, url_prefix="/console/export")

CHUNK = 1_000
HEAD = ("number", "customer", "description", "status", "currency", "total", "balance", "issued_on", "due_on", "paid_at")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportPage(ConsolePage):
    template: ClassVar[str] = "web/console/export.html"
    section: ClassVar[str] = "invoices"


@blueprint.get("/invoices")
def ask() -> Response:
    return frame.show(ExportPage(**parts()))


@blueprint.post("/invoices")
def invoices() -> AnyResponse:
    merchant = visitor().merchant
    _record()
    response = Response(stream_with_context(_lines(merchant)), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="invoices-{merchant.slug}.csv"'
    return response


@writes
def _record(ctx: Context) -> None:
    audit.record(ctx, "invoices.exported", visitor().merchant, label="CSV")


def _lines(merchant: Merchant) -> Iterator[str]:
    yield _written(HEAD)
    after = 0
    while True:
        with runtime().read() as ctx:
            rows = _rows(ctx, merchant, after)
        for invoice, name in rows:
            yield _written(_cells(invoice, name))
        if len(rows) < CHUNK:
            return
        after = rows[-1][0].id


def _rows(ctx: Context, merchant: Merchant, after: int) -> list[tuple[Invoice, str]]:
    both: sa.Select[Invoice, str] = sa.select(Invoice, Customer.name)
    found = ctx.session.execute(
        both.join(Customer, Customer.id == Invoice.customer_id)
        .where(Invoice.merchant_id == merchant.id, Invoice.mode == Mode.LIVE, Invoice.id > after)
        .order_by(Invoice.id)
        .limit(CHUNK)
    )
    return [(invoice, name) for invoice, name in found]


def _cells(invoice: Invoice, name: str) -> tuple[str, ...]:
    return (
        invoice.number,
        name,
        invoice.description,
        invoice.status.value,
        invoice.currency,
        f"{invoice.total.decimal:f}",
        f"{invoice.balance.decimal:f}",
        str(invoice.issued_on),
        str(invoice.due_on),
        invoice.paid_at.isoformat() if invoice.paid_at else "",
    )


def _written(cells: tuple[str, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(_harmless(cell) for cell in cells)
    return out.getvalue()


def _harmless(cell: str) -> str:
    """No spreadsheet takes it for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
