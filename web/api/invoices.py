"""Invoices by program: read, made, changed, issued, voided. What is owed changes only through payments/."""

from collections import defaultdict
from collections.abc import Sequence

import sqlalchemy as sa

from bot import invoicing
from models.customer import Customer
from models.errors import DomainError
from models.invoice import Invoice
from models.merchant import Merchant
from models.money import Money
from models.papers import InvoiceLine
from payments import drafting, invoices
from web.api import messages, rows
from web.api.cursors import page
from web.api.invoice_shapes import (
    InvoiceChange,
    InvoiceList,
    InvoiceQuery,
    InvoiceShape,
    NewInvoice,
    invoice_shape,
)
from web.api.messages import MessageShape
from web.api.operations import Call, get, patch, post

TAG = "Invoices"


@get("/invoices", answer=InvoiceList, query=InvoiceQuery, tag=TAG)
def list_invoices(call: Call, query: InvoiceQuery) -> InvoiceList:
    """Invoices, the newest first"""
    which = rows.mine(call, Invoice)
    if query.customer_id is not None:
        which = which.where(Invoice.customer_id == rows.find(call, Customer, query.customer_id).id)
    if query.number is not None:
        which = which.where(Invoice.number == query.number)
    if query.status is not None:
        which = which.where(Invoice.status == query.status)
    found, cursor = page(call, which, Invoice, query)
    return InvoiceList(items=shapes(call, found), next_cursor=cursor)


@get("/invoices/<invoice_id>", answer=InvoiceShape, tag=TAG)
def get_invoice(call: Call, invoice_id: str) -> InvoiceShape:
    """One invoice"""
    return shapes(call, [rows.find(call, Invoice, invoice_id)])[0]


@post("/invoices", answer=InvoiceShape, body=NewInvoice, tag=TAG)
def create_invoice(call: Call, body: NewInvoice) -> InvoiceShape:
    """Make an invoice, and issue it unless it is to be a draft"""
    customer = rows.find(call, Customer, body.customer_id)
    merchant = call.ctx.session.get_one(Merchant, call.caller.merchant_id)
    _refuse_taken(call, body.number)
    items = [line.item() for line in body.lines]
    total = body.total_minor if body.total_minor is not None else sum(item.amount for item in items)
    drafted = drafting.draft(
        call.ctx,
        customer,
        number=body.number,
        total=Money(total, body.currency or merchant.currency),
        issued_on=body.issued_on or drafting.today(call.ctx, merchant),
        due_on=body.due_on,
        description=body.description,
        items=items,
    )
    if not body.draft:
        invoices.issue(call.ctx, drafted)
    return shapes(call, [drafted])[0]


@patch("/invoices/<invoice_id>", answer=InvoiceShape, body=InvoiceChange, tag=TAG)
def update_invoice(call: Call, invoice_id: str, body: InvoiceChange) -> InvoiceShape:
    """Change an invoice"""
    invoice = rows.find(call, Invoice, invoice_id)
    if body.number is not None and body.number != invoice.number:
        _refuse_taken(call, body.number)
    items = [line.item() for line in body.lines or ()]
    minor = body.total_minor if body.total_minor is not None else sum(item.amount for item in items)
    drafting.edit(
        call.ctx,
        invoice,
        number=body.number,
        due_on=body.due_on,
        description=body.description,
        total=Money(minor, invoice.currency) if minor or items else None,
        items=items,
    )
    return shapes(call, [invoice])[0]


@post("/invoices/<invoice_id>/issue", answer=InvoiceShape, tag=TAG, status=200)
def issue_invoice(call: Call, invoice_id: str) -> InvoiceShape:
    """Ask for the money: a draft becomes open"""
    invoice = rows.find(call, Invoice, invoice_id)
    invoices.issue(call.ctx, invoice)
    return shapes(call, [invoice])[0]


@post("/invoices/<invoice_id>/send", answer=MessageShape, tag=TAG, status=202)
def send_invoice(call: Call, invoice_id: str) -> MessageShape:
    """Email an open invoice, with its lines and files, to the customer's primary address"""
    message = invoicing.send_invoice(call.ctx, rows.find(call, Invoice, invoice_id))
    return messages.shapes(call, [message])[0]


@post("/invoices/<invoice_id>/void", answer=InvoiceShape, tag=TAG, status=200)
def void_invoice(call: Call, invoice_id: str) -> InvoiceShape:
    """Ask no more"""
    invoice = rows.find(call, Invoice, invoice_id)
    drafting.withdraw(call.ctx, invoice)
    return shapes(call, [invoice])[0]


def shapes(call: Call, found: Sequence[Invoice]) -> list[InvoiceShape]:
    owners = rows.public_ids(call, Customer, {invoice.customer_id for invoice in found})
    wanted = [invoice.id for invoice in found]
    lines: dict[int, list[InvoiceLine]] = defaultdict(list)
    for line in call.ctx.session.scalars(
        sa.select(InvoiceLine).where(InvoiceLine.invoice_id.in_(wanted)).order_by(InvoiceLine.position)
    ):
        lines[line.invoice_id].append(line)
    return [invoice_shape(invoice, owners[invoice.customer_id], lines[invoice.id]) for invoice in found]


def _refuse_taken(call: Call, number: str) -> None:
    if call.ctx.session.scalars(rows.mine(call, Invoice).where(Invoice.number == number)).first() is not None:
        raise DomainError("number_taken")
