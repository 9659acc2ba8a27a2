"""How what is owed came to be: what raised and lowered one invoice, and a customer's whole account over time. Told from
the ledger's entries only, so that it always adds up to the balance."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby

import sqlalchemy as sa

from models.context import Context
from models.customer import Customer
from models.invoice import Invoice, InvoiceStatus
from models.ledger import Account, LedgerEntry
from models.merchant import Mode
from models.money import Money
from models.payment import Payment


class StepKind(StrEnum):
    BILLED = "billed"
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"
    PAID = "paid"
    CREDITED = "credited"
    """Taken from the credit that we held."""
    CAME_BACK = "came_back"
    """A payment that was returned, refunded or disputed: owed once more."""


@dataclass(frozen=True, slots=True)
class Step:
    """One journal's effect. `amount` is what it adds to what is owed: negative for a payment."""

    kind: StepKind
    amount: Money
    at: datetime
    invoices: tuple[Invoice, ...]
    payment: Payment | None


@dataclass(frozen=True, slots=True)
class _Line:
    entry: LedgerEntry
    invoice: Invoice | None
    payment: Payment | None


_Counts = Callable[[LedgerEntry], bool]


def of_invoice(ctx: Context, invoice: Invoice) -> list[Step]:
    """In order; their sum is the invoice's balance."""
    mine = LedgerEntry.invoice_id == invoice.id
    return _steps(ctx, mine, lambda entry: entry.account is Account.RECEIVABLE and entry.invoice_id == invoice.id)


def of_customer(ctx: Context, customer: Customer, currency: str) -> list[Step]:
    """In order; their sum is what the customer owes, less the credit that we hold for them. What only moves credit onto
    an invoice changes nothing here, and is left out."""
    # Entries are found through what they are about: that is what is indexed.
    invoices = sa.select(Invoice.id).where(Invoice.customer_id == customer.id, Invoice.mode == Mode.LIVE)
    payments = sa.select(Payment.id).where(Payment.customer_id == customer.id, Payment.mode == Mode.LIVE)
    mine = LedgerEntry.invoice_id.in_(invoices) | LedgerEntry.payment_id.in_(payments)
    owed = (Account.RECEIVABLE, Account.CREDIT)
    return _steps(ctx, mine, lambda entry: entry.account in owed and entry.currency == currency)


def currencies(ctx: Context, customer: Customer) -> Sequence[str]:
    """In which the customer was ever billed."""
    billed = sa.select(Invoice.currency).where(
        Invoice.customer_id == customer.id, Invoice.mode == Mode.LIVE, Invoice.status != InvoiceStatus.DRAFT
    )
    return ctx.session.scalars(billed.distinct().order_by(Invoice.currency)).all()


def _steps(ctx: Context, which: sa.ColumnElement[bool], counts: _Counts) -> list[Step]:
    told: list[Step] = []
    billed: set[int] = set()
    for journal in _journals(ctx, which):
        lines = [line for line in journal if counts(line.entry)]
        amount = sum(line.entry.amount_minor for line in lines)
        if amount:
            told.append(_step(journal, lines, amount, billed))
    return told


def _journals(ctx: Context, which: sa.ColumnElement[bool]) -> list[list[_Line]]:
    """Whole journals: what a line means is told by those that it stands with."""
    query: sa.Select[LedgerEntry, Invoice | None, Payment | None] = sa.select(LedgerEntry, Invoice, Payment)
    rows = ctx.session.execute(
        query.outerjoin(Invoice, Invoice.id == LedgerEntry.invoice_id)
        .outerjoin(Payment, Payment.id == LedgerEntry.payment_id)
        .where(LedgerEntry.journal.in_(sa.select(LedgerEntry.journal).where(which)))
        .order_by(LedgerEntry.id)
    )
    lines = [_Line(*row) for row in rows]
    journals = [list(journal) for _, journal in groupby(lines, lambda line: line.entry.journal)]
    return sorted(journals, key=lambda journal: journal[0].entry.created_at)  # books brought in later keep their days


def _step(journal: Sequence[_Line], lines: Sequence[_Line], minor: int, billed: set[int]) -> Step:
    invoices = tuple(line.invoice for line in lines if line.invoice is not None)
    first = lines[0]
    kind = _kind(journal, first, minor, is_first=bool(invoices) and invoices[0].id not in billed)
    billed.update(invoice.id for invoice in invoices)
    return Step(kind, Money(minor, first.entry.currency), first.entry.created_at, invoices, first.payment)


def _kind(journal: Sequence[_Line], first: _Line, minor: int, *, is_first: bool) -> StepKind:
    accounts = {line.entry.account for line in journal}
    if accounts == {Account.RECEIVABLE, Account.CREDIT}:
        return StepKind.CREDITED
    if first.payment is not None:
        return StepKind.PAID if minor < 0 else StepKind.CAME_BACK
    if is_first:
        return StepKind.BILLED
    withdrawn = minor < 0 and first.invoice is not None and first.invoice.status is InvoiceStatus.VOID
    return StepKind.WITHDRAWN if withdrawn else StepKind.CHANGED
