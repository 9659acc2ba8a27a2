"""The only writer of ledger entries and of invoice balances, always both together. Corrects by new entries only.
Callers hold the invoices' locks (payments/invoices.py)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import events
from models.base import new_public_id
from models.context import Context
from models.errors import DomainError
from models.invoice import Invoice, InvoiceStatus
from models.ledger import Account, LedgerEntry
from models.money import Money
from models.payment import ONLINE_METHODS, Payment
from models.webhook import EventType


@dataclass(frozen=True, slots=True)
class Line:
    """One side of a journal: debits positive, credits negative."""

    account: Account
    amount_minor: int
    invoice_id: int | None = None


def issue(ctx: Context, invoice: Invoice) -> None:
    """A draft becomes a debt of its whole total. Raises DomainError("invoice_state")."""
    invoice.move_to(InvoiceStatus.OPEN)
    invoice.balance_minor = invoice.total_minor
    ctx.session.flush()
    post(ctx, invoice, invoice.currency, _owing(invoice, invoice.total_minor))
    events.invoice(ctx, EventType.INVOICE_OPENED, invoice)


def issue_many(ctx: Context, invoices: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
    """Book invoices that were inserted as open, by key and row: thousands at once, and no event for each."""
    now = ctx.clock.now()
    entries = []
    for invoice_id, row in invoices:
        same = {name: row[name] for name in ("merchant_id", "customer_id", "currency")}
        same |= {"journal": new_public_id(), "invoice_id": invoice_id, "created_at": now}
        for account, sign in ((Account.RECEIVABLE, 1), (Account.REVENUE, -1)):
            entries.append(same | {"account": account, "amount_minor": sign * row["total_minor"]})
    if entries:
        ctx.session.execute(sa.insert(LedgerEntry), entries)


def adjust(ctx: Context, invoice: Invoice, total: Money) -> None:
    """Change what an open invoice asks for. Raises DomainError("below_paid") under what is paid already."""
    change = (total - invoice.total).minor
    if invoice.status is not InvoiceStatus.OPEN:
        raise DomainError("invoice_state")
    if invoice.balance_minor + change <= 0:
        raise DomainError("below_paid")
    invoice.total_minor += change
    invoice.balance_minor += change
    invoice.version += 1
    if change:
        post(ctx, invoice, invoice.currency, _owing(invoice, change))
        events.invoice(ctx, EventType.INVOICE_UPDATED, invoice)


def void(ctx: Context, invoice: Invoice) -> None:
    """What is still owed is owed no more; what was paid stays paid. Raises DomainError("invoice_state")."""
    owed = invoice.balance_minor if invoice.status is not InvoiceStatus.DRAFT else 0
    invoice.move_to(InvoiceStatus.VOID)
    invoice.balance_minor = 0
    invoice.version += 1
    if owed:
        post(ctx, invoice, invoice.currency, _owing(invoice, -owed))
    events.invoice(ctx, EventType.INVOICE_VOIDED, invoice)


def capture(ctx: Context, payment: Payment, received: Money, shares: Sequence[tuple[Invoice, int]]) -> Money:
    """Book money that arrived: each share on its invoice, the fee, the rest as the customer's credit, which is
    returned. A share is at most its invoice's balance. Money of another amount than the payment's carries no fee."""
    fee = payment.fee if received == payment.amount else Money(0, received.currency)
    rest = received - fee - Money(sum(share for _, share in shares), received.currency)
    lines = [Line(held_in(payment), received.minor), Line(Account.FEES, -fee.minor), Line(Account.CREDIT, -rest.minor)]
    for invoice, share in shares:
        invoice.balance_minor -= share
        mark_paid(ctx, invoice)
        lines.append(Line(Account.RECEIVABLE, -share, invoice.id))
    post(ctx, payment, received.currency, lines)
    return rest


def bear_fee(ctx: Context, payment: Payment, fee: Money) -> None:
    """The provider pays out so much less. Call once, after what it is a fee on was captured."""
    post(ctx, payment, fee.currency, [Line(Account.PROVIDER_FEES, fee.minor), Line(Account.CLEARING, -fee.minor)])


def borne(session: Session, payment_ids: Collection[int]) -> dict[int, Money]:
    """What providers have kept of each of these payments. None booked: it is not in there."""
    entry = LedgerEntry
    rows = session.execute(
        sa.select(entry.payment_id, entry.currency, sa.func.sum(entry.amount_minor))
        .where(entry.payment_id.in_(payment_ids), entry.account == Account.PROVIDER_FEES)
        .group_by(entry.payment_id, entry.currency)
    )
    return {payment_id: Money(int(minor), currency) for payment_id, currency, minor in rows if payment_id is not None}


def held_in(payment: Payment) -> Account:
    """Where its money is: at a provider, or with the merchant."""
    return Account.CLEARING if payment.method in ONLINE_METHODS else Account.CASH


def apply_credit(ctx: Context, invoice: Invoice, share: Money) -> None:
    """Pay of the invoice with its customer's credit. `share` is at most either of them; the caller holds both locks."""
    invoice.balance_minor -= share.minor
    mark_paid(ctx, invoice)
    lines = [Line(Account.CREDIT, share.minor), Line(Account.RECEIVABLE, -share.minor, invoice.id)]
    post(ctx, invoice, share.currency, lines)


def unapply_credit(ctx: Context, invoice: Invoice, share: Money) -> None:
    """The reverse of apply_credit: there was no such credit."""
    lines = [Line(Account.CREDIT, -share.minor), Line(Account.RECEIVABLE, share.minor, invoice.id)]
    post(ctx, invoice, share.currency, lines)
    reopen(ctx, invoice, share.minor)


def mark_paid(ctx: Context, invoice: Invoice) -> None:
    """After its balance went down."""
    if invoice.balance_minor == 0:
        invoice.move_to(InvoiceStatus.PAID)
        invoice.paid_at = ctx.clock.now()
        events.invoice(ctx, EventType.INVOICE_PAID, invoice)


def reopen(ctx: Context, invoice: Invoice, owed: int) -> None:
    """After its RECEIVABLE went up again: ask for it, but for one that was voided meanwhile."""
    if invoice.status is InvoiceStatus.VOID:
        post(ctx, invoice, invoice.currency, _owing(invoice, -owed))  # nobody owes a voided invoice again
        return
    invoice.balance_minor += owed
    if invoice.status is InvoiceStatus.PAID:
        invoice.move_to(InvoiceStatus.OPEN)
        invoice.paid_at = None
        events.invoice(ctx, EventType.INVOICE_REOPENED, invoice)


def balance(session: Session, invoice_id: int) -> Money:
    """What the entries say is owed."""
    currency = session.scalars(sa.select(Invoice.currency).where(Invoice.id == invoice_id)).one()
    return Money(_total(session, LedgerEntry.invoice_id == invoice_id, Account.RECEIVABLE), currency)


def credit(session: Session, customer_id: int, currency: str) -> Money:
    """What we hold for a customer that no invoice has taken."""
    mine = (LedgerEntry.customer_id == customer_id) & (LedgerEntry.currency == currency)
    return Money(-_total(session, mine, Account.CREDIT), currency)


_CAPTURED_INTO = (Account.RECEIVABLE, Account.FEES, Account.CREDIT)


@dataclass(frozen=True, slots=True)
class Capture:
    """How the money of a payment was booked when it came, whatever happened to it later."""

    shares: tuple[tuple[Invoice, Money], ...]
    fee: Money
    credited: Money
    at: datetime


def capture_of(session: Session, payment: Payment) -> Capture | None:
    """None: the payment has brought nothing yet, or not in its own currency."""
    first = sa.select(LedgerEntry.journal).where(LedgerEntry.payment_id == payment.id).order_by(LedgerEntry.id).limit(1)
    both: sa.Select[LedgerEntry, Invoice | None] = sa.select(LedgerEntry, Invoice)
    rows = session.execute(
        both.outerjoin(Invoice, Invoice.id == LedgerEntry.invoice_id)
        .where(LedgerEntry.payment_id == payment.id, LedgerEntry.journal == first.scalar_subquery())
        .where(LedgerEntry.account.in_(_CAPTURED_INTO), LedgerEntry.currency == payment.currency)
        .order_by(LedgerEntry.id)
    ).all()
    if not rows:
        return None
    shares = tuple(
        (invoice, Money(-entry.amount_minor, entry.currency)) for entry, invoice in rows if invoice is not None
    )
    rest = sum(-entry.amount_minor for entry, _ in rows if entry.account is Account.CREDIT)
    fee = sum(-entry.amount_minor for entry, _ in rows if entry.account is Account.FEES)
    return Capture(shares, Money(fee, payment.currency), Money(rest, payment.currency), rows[0][0].created_at)


def _total(session: Session, which: sa.ColumnElement[bool], account: Account) -> int:
    summed = sa.select(sa.func.coalesce(sa.func.sum(LedgerEntry.amount_minor), 0))
    return int(session.scalars(summed.where(which, LedgerEntry.account == account)).one())


def booked(session: Session, payment: Payment) -> dict[tuple[Account, int | None], int]:
    """What the payment's entries in its own currency add up to, by account and invoice."""
    entry = LedgerEntry
    rows = session.execute(
        sa.select(entry.account, entry.invoice_id, sa.func.sum(entry.amount_minor))
        .where(entry.payment_id == payment.id, entry.currency == payment.currency)
        .group_by(entry.account, entry.invoice_id)
        .order_by(entry.account, entry.invoice_id)
    )
    return {(account, invoice_id): int(amount) for account, invoice_id, amount in rows}


def _owing(invoice: Invoice, amount_minor: int) -> list[Line]:
    return [Line(Account.RECEIVABLE, amount_minor, invoice.id), Line(Account.REVENUE, -amount_minor, invoice.id)]


def post(ctx: Context, source: Invoice | Payment, currency: str, lines: Sequence[Line]) -> None:
    if sum(line.amount_minor for line in lines) != 0:
        raise ValueError("unbalanced journal")
    journal, now = new_public_id(), ctx.clock.now()
    for line in lines:
        if line.amount_minor == 0:
            continue
        ctx.session.add(
            LedgerEntry(
                merchant_id=source.merchant_id,
                journal=journal,
                account=line.account,
                customer_id=source.customer_id,
                invoice_id=line.invoice_id,
                payment_id=source.id if isinstance(source, Payment) else None,
                currency=currency,
                amount_minor=line.amount_minor,
                created_at=now,
            )
        )
    ctx.session.flush()
