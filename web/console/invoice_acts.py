"""What ends or starts an invoice: issuing a draft, voiding, writing off. Each says first what it will do."""

from dataclasses import dataclass
from typing import ClassVar

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot import invoicing
from models.context import Context
from models.errors import DomainError
from models.invoice import TRANSITIONS, Invoice, InvoiceStatus
from payments import attempts, invoices
from web.announcing import announce
from web.console import audit, frame, typed
from web.console.access import mine
from web.console.frame import ConsolePage, done, parts, unchanged
from web.context import reads, runtime, writes

UNSENT = {"no_email": "email_missing", "opted_out": "email_refused", "test_invoice": "email_of_test"}
"""Why an invoice was not emailed, as the page says it."""

blueprint = Blueprint("console_invoice_acts", __name__, url_prefix="/console/invoices")


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidPage(ConsolePage):
    template: ClassVar[str] = "web/console/invoice_void.html"
    section: ClassVar[str] = "invoices"
    invoice: Invoice


@blueprint.post("/<public_id>/issue")
@writes
def issue(ctx: Context, public_id: str) -> AnyResponse:
    """A draft becomes a debt."""
    invoice = mine(ctx, Invoice, public_id, lock=True)
    here = url_for("console_invoices.show", public_id=public_id)
    if invoice.status is not InvoiceStatus.DRAFT:
        return unchanged("invoice_closed", here)
    invoices.issue(ctx, invoice)
    audit.record(ctx, "invoice.issued", invoice, label=invoice.number)
    return done("invoice_issued", here, invoice.number)


@blueprint.post("/<public_id>/email")
@writes
def email(ctx: Context, public_id: str) -> AnyResponse:
    """Now, and again each time it is pressed."""
    invoice = mine(ctx, Invoice, public_id, lock=True)
    here = url_for("console_invoices.show", public_id=public_id)
    try:
        message = invoicing.send_invoice(ctx, invoice)
    except DomainError as refusal:
        return unchanged(UNSENT.get(refusal.code, "invoice_closed"), here)
    audit.record(ctx, "invoice.emailed", invoice, label=invoice.number)
    return done("invoice_emailed", here, message.their_address)


@blueprint.get("/<public_id>/void")
@reads
def ask_void(ctx: Context, public_id: str) -> AnyResponse:
    invoice = mine(ctx, Invoice, public_id)
    if not _may_void(invoice):
        return unchanged("invoice_closed", url_for("console_invoices.show", public_id=public_id))
    return _void_page(invoice)


@blueprint.post("/<public_id>/void")
def void(public_id: str) -> AnyResponse:
    answer, invoice_id = _void(public_id)
    if invoice_id is not None:
        attempts.close_open(runtime(), [invoice_id], announce)
    return answer


@writes
def _void(ctx: Context, public_id: str) -> tuple[AnyResponse, int | None]:
    invoice = mine(ctx, Invoice, public_id, lock=True)
    here = url_for("console_invoices.show", public_id=public_id)
    reason = typed.line(request.form.get("reason", ""))
    if _may_void(invoice) and not reason:
        return _void_page(invoice, {"reason": "reason_missing"}), None
    before = {"status": invoice.status, "balance": str(invoice.balance.decimal)}
    try:
        invoices.void(ctx, invoice)
    except DomainError:
        ctx.session.rollback()
        return unchanged("invoice_closed", here), None
    after = {"status": InvoiceStatus.VOID, "balance": "0", "reason": reason}
    audit.record(ctx, "invoice.voided", invoice, label=invoice.number, before=before, after=after)
    return done("invoice_voided", here, invoice.number), invoice.id


def _void_page(invoice: Invoice, problems: dict[str, str] | None = None) -> Response:
    return frame.show(VoidPage(**parts(), invoice=invoice, problems=problems or {}), 422 if problems else 200)


def _may_void(invoice: Invoice) -> bool:
    return InvoiceStatus.VOID in TRANSITIONS[invoice.status]
