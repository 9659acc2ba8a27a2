"""Customers and invoices as CSV that no spreadsheet takes for formulas and that our own import takes back unchanged."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from bot.exchange.reading import FORMULA
from bot.exchange.shapes import Kind
from models.consent import Consent, ConsentAct
from models.context import Context
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
    *("amount", "currency", "issued_on", "due_on", "description", "status", "balance"),
)


def lines(ctx: Context, merchant: Merchant, mode: Mode, kind: Kind) -> Iterator[str]:
    """The file, line by line, each with its line end."""
    yield written(CUSTOMER_HEAD if kind is Kind.CUSTOMERS else INVOICE_HEAD)
    rows = _customers(ctx, merchant, mode) if kind is Kind.CUSTOMERS else _invoices(ctx, merchant, mode)
    yield from map(written, rows)


def written(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([harmless(cell) for cell in cells])
    return out.getvalue()


def harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _customers(ctx: Context, merchant: Merchant, mode: Mode) -> Iterator[Sequence[str]]:
    consents = _consents(ctx, merchant)
    after = 0
    while True:
        mine = (Customer.merchant_id == merchant.id) & (Customer.mode == mode) & (Customer.id > after)
        found = ctx.session.scalars(sa.select(Customer).where(mine).order_by(Customer.id).limit(CHUNK)).all()
        points = _points(ctx, [customer.id for customer in found])
        for customer in found:
            yield _customer_cells(customer, points[customer.id], consents)
        if len(found) < CHUNK:
            return
        after = found[-1].id


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


def _invoices(ctx: Context, merchant: Merchant, mode: Mode) -> Iterator[Sequence[str]]:
    after = 0
    both: sa.Select[Invoice, Customer] = sa.select(Invoice, Customer)
    while True:
        mine = (Invoice.merchant_id == merchant.id) & (Invoice.mode == mode) & (Invoice.id > after)
        found = ctx.session.execute(
            both.join(Customer, Customer.id == Invoice.customer_id).where(mine).order_by(Invoice.id).limit(CHUNK)
        ).all()
        points = _points(ctx, [customer.id for _, customer in found])
        for invoice, customer in found:
            yield _invoice_cells(invoice, customer, points[customer.id])
        if len(found) < CHUNK:
            return
        after = found[-1][0].id


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
    )


def _points(ctx: Context, customer_ids: Sequence[int]) -> dict[int, list[ContactPoint]]:
    theirs: dict[int, list[ContactPoint]] = defaultdict(list)
    which = sa.select(ContactPoint).where(ContactPoint.customer_id.in_(set(customer_ids)))
    for point in ctx.session.scalars(which.order_by(ContactPoint.is_primary.desc(), ContactPoint.id)):
        theirs[point.customer_id].append(point)
    return theirs


def _consents(ctx: Context, merchant: Merchant) -> dict[tuple[Channel, str], ConsentAct]:
    acts = sa.select(Consent.channel, Consent.address, Consent.act).where(Consent.merchant_id == merchant.id)
    return {(channel, address): act for channel, address, act in ctx.session.execute(acts.order_by(Consent.id))}
