"""Making an invoice and changing it: line items, days, number. What customers have open to pay is closed afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import Blueprint, Response, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from models.context import Context
from models.customer import Customer
from models.errors import DomainError
from models.invoice import Invoice, InvoiceStatus
from models.merchant import Mode
from payments import attempts, invoices, papers
from web.announcing import announce
from web.console import audit, frame, invoice_form
from web.console.access import mine
from web.console.frame import ConsolePage, done, parts, unchanged
from web.console.invoice_form import InvoiceForm
from web.console.visitor import visitor
from web.context import reads, runtime, writes

blueprint = Blueprint("console_invoice_edit", __name__, url_prefix="/console/invoices")

EDITABLE = frozenset({InvoiceStatus.DRAFT, InvoiceStatus.OPEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceFormPage(ConsolePage):
    """`invoice` None: a new one. `choices`: whom the customer's field may mean."""

    template: ClassVar[str] = "web/console/invoice_form.html"
    section: ClassVar[str] = "invoices"
    form: InvoiceForm
    currency: str
    invoice: Invoice | None = None
    customer: Customer | None = None
    choices: Sequence[Customer] = ()
    action: str


@blueprint.get("/new")
@reads
def new(ctx: Context) -> Response:
    chosen = request.args.get("customer")
    customer = mine(ctx, Customer, chosen) if chosen else None
    if customer is not None and customer.erased_at is not None:
        raise NotFound
    around = parts()
    form = invoice_form.blank(ctx, visitor().merchant, around["frame"].today, customer)
    return _page(form, around=around, customer=customer)


@blueprint.post("/new")
@writes
def create(ctx: Context) -> AnyResponse:
    """As a draft, or sent out at once."""
    merchant, form = visitor().merchant, invoice_form.read(request.form)
    choices = invoice_form.find_customers(ctx, merchant, form.customer)
    if len(choices) != 1:
        form.problem("customer", _customer_problem(form, choices))
    items = form.items(merchant.currency)
    total = form.total(items, merchant.currency)
    issued_on, due_on = form.day("issued_on", form.issued), form.day("due_on", form.due)
    if _is_taken(ctx, form.number):
        form.problem("number", "number_taken")
    if form.problems or "more" in request.form:
        return _page(form, choices=choices, problems={} if "more" in request.form else form.problems)
    invoice = _add(
        ctx,
        merchant_id=merchant.id,
        customer_id=choices[0].id,
        number=form.number,
        description=form.description or items[0].description,
        currency=merchant.currency,
        total_minor=total.minor,
        balance_minor=total.minor,
        issued_on=issued_on,
        due_on=due_on,
    )
    if invoice is None:  # somebody took the number meanwhile
        return _page(form, choices=choices, problems={"number": "number_taken"})
    papers.itemise(ctx, invoice, items)
    if "issue" in request.form:
        invoices.issue(ctx, invoice)
    audit.record(ctx, "invoice.created", invoice, label=invoice.number, after=dict(invoice_form.recorded(invoice)))
    return done("invoice_created", url_for("console_invoices.show", public_id=invoice.public_id), invoice.number)


@blueprint.get("/<public_id>/edit")
@reads
def edit(ctx: Context, public_id: str) -> AnyResponse:
    invoice = mine(ctx, Invoice, public_id)
    if invoice.status not in EDITABLE:
        return unchanged("invoice_closed", url_for("console_invoices.show", public_id=public_id))
    return _page(invoice_form.of(ctx, invoice), invoice=invoice, customer=_owner(ctx, invoice))


@blueprint.post("/<public_id>/edit")
def save(public_id: str) -> AnyResponse:
    """Pages that show the old amount must be confirmed afresh, and providers' pages for it are closed."""
    answer, invoice_id = _save(public_id)
    if invoice_id is not None:
        attempts.close_open(runtime(), [invoice_id], announce)
    return answer


@writes
def _save(ctx: Context, public_id: str) -> tuple[AnyResponse, int | None]:
    invoice = mine(ctx, Invoice, public_id, lock=True)
    here = url_for("console_invoices.show", public_id=public_id)
    if invoice.status not in EDITABLE:
        return unchanged("invoice_closed", here), None
    form = invoice_form.read(request.form)
    items = form.items(invoice.currency)
    total = form.total(items, invoice.currency)
    issued_on, due_on = form.day("issued_on", form.issued), form.day("due_on", form.due)
    if form.number != invoice.number and _is_taken(ctx, form.number):
        form.problem("number", "number_taken")
    if form.problems or "more" in request.form:
        problems = {} if "more" in request.form else form.problems
        return _page(form, invoice=invoice, customer=_owner(ctx, invoice), problems=problems), None
    before = dict(invoice_form.recorded(invoice))
    try:
        if invoice.status is InvoiceStatus.OPEN:
            invoices.amend(ctx, invoice, total, items)
        else:
            invoice.total_minor = invoice.balance_minor = total.minor
            papers.itemise(ctx, invoice, items)
    except DomainError as error:
        ctx.session.rollback()
        fresh = mine(ctx, Invoice, public_id)
        return _page(form, invoice=fresh, customer=_owner(ctx, fresh), problems={"line-0": error.code}), None
    invoice.number, invoice.description = form.number, form.description
    invoice.issued_on, invoice.due_on = issued_on, due_on
    was, now = audit.changes(before, dict(invoice_form.recorded(invoice)))
    audit.record(ctx, "invoice.edited", invoice, label=invoice.number, before=was, after=now)
    return done("invoice_saved", here, invoice.number), invoice.id


def _page(
    form: InvoiceForm,
    *,
    around: dict[str, Any] | None = None,
    invoice: Invoice | None = None,
    customer: Customer | None = None,
    choices: Sequence[Customer] = (),
    problems: Mapping[str, str] | None = None,
) -> Response:
    new_url = url_for("console_invoice_edit.create")
    action = url_for("console_invoice_edit.save", public_id=invoice.public_id) if invoice else new_url
    page = InvoiceFormPage(
        **(around or parts()),
        problems=problems or {},
        form=form,
        currency=invoice.currency if invoice else visitor().merchant.currency,
        invoice=invoice,
        customer=customer,
        choices=choices if len(choices) > 1 else (),
        action=action,
    )
    return frame.show(page, 422 if problems else 200)


def _add(ctx: Context, **fields: Any) -> Invoice | None:
    invoice = Invoice(status=InvoiceStatus.DRAFT, created_at=ctx.clock.now(), **fields)
    try:
        with ctx.session.begin_nested():
            ctx.session.add(invoice)
    except sa.exc.IntegrityError:
        return None
    return invoice


def _customer_problem(form: InvoiceForm, choices: Sequence[Customer]) -> str:
    if choices:
        return "customer_ambiguous"
    return "customer_unknown" if form.customer else "customer_missing"


def _is_taken(ctx: Context, number: str) -> bool:
    same = (Invoice.merchant_id == visitor().merchant.id) & (Invoice.number == number) & (Invoice.mode == Mode.LIVE)
    return ctx.session.scalars(sa.select(Invoice.id).where(same)).first() is not None


def _owner(ctx: Context, invoice: Invoice) -> Customer:
    return ctx.session.get_one(Customer, invoice.customer_id)
