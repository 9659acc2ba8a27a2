"""Money that a member moves by hand: a refund, a payment taken elsewhere. Both say first what they will do; a second
press of the same form does nothing more."""

import secrets
from dataclasses import dataclass
from typing import ClassVar

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from models.context import Context
from models.customer import Customer
from models.errors import DomainError
from models.invoice import Invoice
from models.money import Money
from models.payment import ONLINE_METHODS, Method, Payment
from models.refund import NOTE_CHARS, Refund, RefundStatus
from payments import offline, refunds
from web.announcing import announce
from web.console import audit, frame, typed
from web.console.access import mine
from web.console.frame import ConsolePage, done, parts, unchanged
from web.context import reads, runtime, writes

blueprint = Blueprint("console_money", __name__, url_prefix="/console")

OFFLINE_METHODS = tuple(method for method in Method if method not in ONLINE_METHODS)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundPage(ConsolePage):
    """`key` makes a second press the same refund."""

    template: ClassVar[str] = "web/console/refund.html"
    section: ClassVar[str] = "invoices"
    payment: Payment
    customer: Customer
    left: Money
    amount: str
    note: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflinePage(ConsolePage):
    template: ClassVar[str] = "web/console/offline.html"
    section: ClassVar[str] = "invoices"
    invoice: Invoice
    amount: str
    note: str
    key: str


# --- refunds ---------------------------------------------------------------------------------------------------------
@blueprint.get("/payments/<public_id>/refund")
@reads
def ask_refund(ctx: Context, public_id: str) -> Response:
    payment = mine(ctx, Payment, public_id)
    left = refunds.refundable(ctx, payment)
    return _refund_page(ctx, payment, f"{left.decimal:f}", secrets.token_hex(16))


@blueprint.post("/payments/<public_id>/refund")
def refund(public_id: str) -> AnyResponse:
    """No transaction is open while the provider is asked."""
    form, note = request.form, typed.line(request.form.get("note", ""), NOTE_CHARS)
    key = form.get("key", "")[:64] or secrets.token_hex(16)
    with runtime().read() as ctx:
        payment = mine(ctx, Payment, public_id)
    try:
        amount = typed.money(form.get("amount", ""), payment.currency)
        if not note:
            raise DomainError("reason_missing")
        given = refunds.refund(
            runtime(),
            payment,
            amount,
            idempotency_key=key,
            reopens="reopens" in form,
            note=note,
            announce=announce,
        )
    except DomainError as error:
        name = "note" if error.code == "reason_missing" else "amount"
        with runtime().read() as ctx:
            return _refund_page(ctx, payment, form.get("amount", "")[:24], key, {name: error.code}, note)
    _record_refund(payment, given, note)
    code = {RefundStatus.SUCCEEDED: "refunded", RefundStatus.PENDING: "refund_pending"}.get(given.status)
    if code == "refunded" and _is_erased(payment):
        code = "refunded_untold"
    return done(code or "refund_failed", _home(payment), payment.reference)


@reads
def _is_erased(ctx: Context, payment: Payment) -> bool:
    return ctx.session.get_one(Customer, payment.customer_id).erased_at is not None


@writes
def _record_refund(ctx: Context, payment: Payment, given: Refund, note: str) -> None:
    amount = Money(given.amount_minor, payment.currency)
    after = {"amount": f"{amount.decimal:f} {amount.currency}", "status": given.status, "reason": note}
    audit.record(ctx, "payment.refunded", payment, label=payment.reference, after=after)


def _refund_page(
    ctx: Context,
    payment: Payment,
    amount: str,
    key: str,
    problems: dict[str, str] | None = None,
    note: str = "",
) -> Response:
    page = RefundPage(
        **parts(),
        payment=payment,
        customer=ctx.session.get_one(Customer, payment.customer_id),
        left=refunds.refundable(ctx, payment),
        amount=amount,
        note=note,
        key=key,
        problems=problems or {},
    )
    return frame.show(page, 422 if problems else 200)


@reads
def _home(ctx: Context, payment: Payment) -> str:
    customer = ctx.session.get_one(Customer, payment.customer_id)
    return url_for("console_customers.show", public_id=customer.public_id)


# --- money taken elsewhere -------------------------------------------------------------------------------------------
@blueprint.get("/invoices/<public_id>/offline")
@reads
def ask_offline(ctx: Context, public_id: str) -> AnyResponse:
    invoice = mine(ctx, Invoice, public_id)
    if not invoice.is_payable:
        return unchanged("invoice_closed", url_for("console_invoices.show", public_id=public_id))
    return _offline_page(invoice, f"{invoice.balance.decimal:f}", secrets.token_hex(16))


@blueprint.post("/invoices/<public_id>/offline")
@writes
def record_offline(ctx: Context, public_id: str) -> AnyResponse:
    invoice, form = mine(ctx, Invoice, public_id), request.form
    key, note = form.get("key", "")[:64] or secrets.token_hex(16), typed.line(form.get("note", ""))
    here = url_for("console_invoices.show", public_id=public_id)
    asked = form.get("method", "")
    try:
        amount = typed.money(form.get("amount", ""), invoice.currency)
        method = Method(asked) if asked in OFFLINE_METHODS else Method.OTHER
        payment = offline.record(ctx, [invoice], amount, method, idempotency_key=key, note=note, announce=announce)
    except DomainError as error:
        ctx.session.rollback()
        if error.code == "invoice_state":
            return unchanged("invoice_closed", here)
        return _offline_page(mine(ctx, Invoice, public_id), form.get("amount", "")[:24], key, error.code, note)
    after = {"amount": f"{amount.decimal:f} {amount.currency}", "method": method, "note": note}
    audit.record(ctx, "payment.recorded", invoice, label=invoice.number, after=after)
    return done("payment_recorded", here, payment.reference)


def _offline_page(invoice: Invoice, amount: str, key: str, problem: str | None = None, note: str = "") -> Response:
    page = OfflinePage(
        **parts(),
        invoice=invoice,
        amount=amount,
        note=note,
        key=key,
        problems={"amount": problem} if problem else {},
    )
    return frame.show(page, 422 if problem else 200)
