"""Customers and invoices as CSV that no spreadsheet takes for formulas and that our own import takes back unchanged."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from bot.exchange.reading import is_formula
from bot.exchange.shapes import Kind
from models.consent import Consent, ConsentAct
from models.context import Context, Runtime
from models.customer import Channel, ContactPoint, Customer
from models.invoice import Invoice
from models.merchant import Merchant, Mode

CHUNK = 1_000
CUSTOMER_HEAD = (
    *("customer_reference", "customer_name", "emails", "phones"),
    *("language", "postal_code", "text_consent", "email_consent"),
)
INVOICE_HEAD = (
    *("invoice_number", "customer_reference", "customer_name", "customer_email", "customer_phone"),
    *("amount", "currency", "issued_on", "due_on", "description", "status", "balance", "paid_at"),
)


def lines(runtime: Runtime, merchant: Merchant, mode: Mode, kind: Kind) -> Iterator[str]:
    """The file, line by line, each with its line end. A transaction for each thousand rows: whoever reads slowly holds
    nothing up."""
    yield written(CUSTOMER_HEAD if kind is Kind.CUSTOMERS else INVOICE_HEAD)
    after, more = 0, True
    while more:
        with runtime.read() as ctx:
            if kind is Kind.CUSTOMERS:
                after, rows = _customers(ctx, merchant, mode, after)
            else:
                after, rows = _invoices(ctx, merchant, mode, after)
        yield from map(written, rows)
        more = len(rows) == CHUNK


def written(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([harmless(cell) for cell in cells])
    return out.getvalue()


def harmless(cell: str) -> str:
    return f"'{cell}" if is_formula(cell) else cell


def _customers(ctx: Context, merchant: Merchant, mode: Mode, after: int) -> tuple[int, list[Sequence[str]]]:
    """The key of the last row, and the rows."""
    mine = (Customer.merchant_id == merchant.id) & (Customer.mode == mode) & (Customer.id > after)
    found = ctx.session.scalars(sa.select(Customer).where(mine).order_by(Customer.id).limit(CHUNK)).all()
    points = _points(ctx, [customer.id for customer in found])
    live = {point.address for theirs in points.values() for point in theirs if point.mode is Mode.LIVE}
    consents = _consents(ctx, merchant, live)
    rows = [_customer_cells(customer, points.get(customer.id, []), consents) for customer in found]
    return found[-1].id if found else after, rows


def _customer_cells(
    customer: Customer, points: Sequence[ContactPoint], consents: dict[tuple[Channel, str], ConsentAct]
) -> Sequence[str]:
    by_channel = {channel: [p.address for p in points if p.channel is channel] for channel in Channel}
    told = [
        _consent({consents.get((channel, address)) for address in by_channel[channel]})
        for channel in (Channel.SMS, Channel.EMAIL)
    ]
    return (
        customer.reference or "",
        customer.name,
        ";".join(by_channel[Channel.EMAIL]),
        ";".join(by_channel[Channel.SMS]),
        customer.locale,
        customer.postal_code or "",
        *told,
    )


def _consent(acts: set[ConsentAct | None]) -> str:
    """A word only where it is the same for all addresses of the channel."""
    if acts == {ConsentAct.GRANTED}:
        return "yes"
    return "no" if acts == {ConsentAct.REVOKED} else ""


def _invoices(ctx: Context, merchant: Merchant, mode: Mode, after: int) -> tuple[int, list[Sequence[str]]]:
    both: sa.Select[Invoice, Customer] = sa.select(Invoice, Customer)
    mine = (Invoice.merchant_id == merchant.id) & (Invoice.mode == mode) & (Invoice.id > after)
    found = ctx.session.execute(
        both.join(Customer, Customer.id == Invoice.customer_id).where(mine).order_by(Invoice.id).limit(CHUNK)
    ).all()
    points = _points(ctx, [customer.id for _, customer in found])
    rows = [_invoice_cells(invoice, customer, points.get(customer.id, [])) for invoice, customer in found]
    return found[-1][0].id if found else after, rows


def _invoice_cells(invoice: Invoice, customer: Customer, points: Sequence[ContactPoint]) -> Sequence[str]:
    first = {channel: next((p.address for p in points if p.channel is channel), "") for channel in Channel}
    return (
        invoice.number,
        customer.reference or "",
        customer.name,
        first[Channel.EMAIL],
        first[Channel.SMS],
        f"{invoice.total.decimal:f}",
        invoice.currency,
        invoice.issued_on.isoformat(),
        invoice.due_on.isoformat(),
        invoice.description,
        invoice.status.value,
        f"{invoice.balance.decimal:f}",
        invoice.paid_at.isoformat() if invoice.paid_at else "",
    )


def _points(ctx: Context, customer_ids: Sequence[int]) -> dict[int, list[ContactPoint]]:
    theirs: dict[int, list[ContactPoint]] = defaultdict(list)
    which = sa.select(ContactPoint).where(ContactPoint.customer_id.in_(set(customer_ids)))
    for point in ctx.session.scalars(which.order_by(ContactPoint.is_primary.desc(), ContactPoint.id)):
        theirs[point.customer_id].append(point)
    return theirs


def _consents(ctx: Context, merchant: Merchant, addresses: set[str]) -> dict[tuple[Channel, str], ConsentAct]:
    """The newest word of each."""
    acts = sa.select(Consent.channel, Consent.address, Consent.act).where(
        Consent.merchant_id == merchant.id, Consent.address.in_(addresses)
    )
    return {(channel, address): act for channel, address, act in ctx.session.execute(acts.order_by(Consent.id))}
