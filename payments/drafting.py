"""Invoices made, edited and withdrawn by their merchant: what console, API and imports share. An attempt to pay that is
open meanwhile is closed by a job right after the commit."""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from models.context import Context
from models.customer import Customer
from models.errors import DomainError
from models.invoice import Invoice, InvoiceStatus
from models.merchant import Merchant
from models.money import MAX_MINOR, Money
from payments import invoices, papers
from payments.papers import Item


def draft(
    ctx: Context,
    customer: Customer,
    *,
    number: str,
    total: Money,
    issued_on: date,
    due_on: date,
    description: str = "",
    items: Sequence[Item] = (),
) -> Invoice:
    """Asked of nobody until it is issued. Raises DomainError: "bad_amount", "due_before_issue",
    "customer_erased", papers.itemise's."""
    if customer.erased_at is not None:
        raise DomainError("customer_erased")
    _check(total, issued_on, due_on)
    invoice = Invoice(
        merchant_id=customer.merchant_id,
        customer_id=customer.id,
        mode=customer.mode,
        number=number,
        description=description,
        status=InvoiceStatus.DRAFT,
        currency=total.currency,
        total_minor=total.minor,
        balance_minor=total.minor,
        issued_on=issued_on,
        due_on=due_on,
        created_at=ctx.clock.now(),
    )
    ctx.session.add(invoice)
    ctx.session.flush()
    if items:
        papers.itemise(ctx, invoice, items)
    return invoice


def edit(
    ctx: Context,
    invoice: Invoice,
    *,
    number: str | None = None,
    due_on: date | None = None,
    description: str | None = None,
    total: Money | None = None,
    items: Sequence[Item] = (),
) -> None:
    """None stays as it is. Raises DomainError: "invoice_state", "below_paid", and draft's."""
    held = invoices.lock(ctx.session, [invoice.id])[0]
    if held.status not in (InvoiceStatus.DRAFT, InvoiceStatus.OPEN):
        raise DomainError("invoice_state")
    held.number = number or held.number
    held.due_on = due_on or held.due_on
    held.description = held.description if description is None else description
    _check(total or held.total, held.issued_on, held.due_on)
    if total is not None:
        _ask_for(ctx, held, total, items)
    ctx.session.flush()


def withdraw(ctx: Context, invoice: Invoice) -> None:
    """Ask no more. Raises DomainError("invoice_state")."""
    invoices.void(ctx, invoice)


def today(ctx: Context, merchant: Merchant) -> date:
    return ctx.clock.now().astimezone(ZoneInfo(merchant.timezone)).date()


def _ask_for(ctx: Context, invoice: Invoice, total: Money, items: Sequence[Item]) -> None:
    if invoice.status is InvoiceStatus.OPEN:
        invoices.amend(ctx, invoice, total, items)
        return
    invoice.total_minor = invoice.balance_minor = total.minor
    invoice.version += 1
    papers.itemise(ctx, invoice, items)


def _check(total: Money, issued_on: date, due_on: date) -> None:
    if not 0 < total.minor <= MAX_MINOR:
        raise DomainError("bad_amount")
    if due_on < issued_on:
        raise DomainError("due_before_issue")
