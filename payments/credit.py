"""A customer's unapplied credit: what there is, and putting it on invoices. Derived from the ledger; never below
zero."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.context import Context
from models.customer import Customer
from models.errors import DomainError
from models.invoice import Invoice
from models.ledger import Account, LedgerEntry
from models.money import Money
from models.payment import Payment, PaymentStatus
from payments import closing, holds, invoices, ledger


def balance(ctx: Context, customer_id: int, currency: str) -> Money:
    return ledger.credit(ctx.session, customer_id, currency)


def balances(ctx: Context, customer_id: int) -> Sequence[Money]:
    """One per currency in which there is any."""
    held = -sa.func.sum(LedgerEntry.amount_minor)
    rows = ctx.session.execute(
        sa.select(LedgerEntry.currency, held)
        .where(LedgerEntry.customer_id == customer_id, LedgerEntry.account == Account.CREDIT)
        .group_by(LedgerEntry.currency)
        .having(held != 0)
        .order_by(LedgerEntry.currency)
    )
    return [Money(int(minor), currency) for currency, minor in rows]


def lock(session: Session, customer_id: int) -> None:
    """Nobody else spends this customer's credit until the transaction ends. Taken last, after payment and invoices."""
    held = sa.select(Customer.id).where(Customer.id == customer_id).with_for_update(key_share=True)
    session.execute(held).one()


def apply(ctx: Context, invoice: Invoice, amount: Money | None = None) -> Money:
    """Pay of the invoice what its customer's credit reaches, or exactly `amount`. Returns what was applied. Attempts
    over the old balance are closed afterwards. Raises DomainError: "invoice_state", "payment_in_flight" (its money may
    be moving already), "no_credit", "bad_amount", "above_balance", "mixed_currencies"."""
    held = invoices.lock(ctx.session, [invoice.id])[0]
    if not held.is_payable:
        raise DomainError("invoice_state")
    if any(p.status is not PaymentStatus.SUBMITTED for p in holds.open_over(ctx.session, [held.id])):
        raise DomainError("payment_in_flight")
    lock(ctx.session, held.customer_id)
    share = _share(held.balance, balance(ctx, held.customer_id, held.currency), amount)
    ledger.apply_credit(ctx, held, share)
    held.version += 1
    closing.close_later(ctx, [held.id])
    return share


def _share(owed: Money, credit: Money, amount: Money | None) -> Money:
    most = min(credit, owed)
    wanted = most if amount is None else amount
    if wanted.minor < 0 or (amount is not None and not amount):
        raise DomainError("bad_amount")
    if not wanted <= owed:
        raise DomainError("above_balance")
    if not wanted or not wanted <= credit:
        raise DomainError("no_credit")
    return wanted


def take_off(ctx: Context, payment: Payment, amount: int) -> int:
    """Credit of this payment was put on invoices, and now its money is gone: those invoices are owed again, the newest
    first, until there is so much credit more. Returns how much, in minor units of the payment's currency."""
    found = 0
    for invoice, applied in _applications(ctx, payment):
        share = min(applied, amount - found)
        if share > 0:
            ledger.unapply_credit(ctx, invoice, Money(share, payment.currency))
            found += share
    return found


def _applications(ctx: Context, payment: Payment) -> list[tuple[Invoice, int]]:
    """The customer's invoices that credit has paid, and how much of each: entries of no payment, against credit."""
    spending = sa.select(LedgerEntry.journal).where(
        LedgerEntry.customer_id == payment.customer_id,
        LedgerEntry.account == Account.CREDIT,
        LedgerEntry.payment_id.is_(None),
    )
    applied = -sa.func.sum(LedgerEntry.amount_minor)
    rows = ctx.session.execute(
        sa.select(LedgerEntry.invoice_id, applied)
        .where(LedgerEntry.account == Account.RECEIVABLE, LedgerEntry.currency == payment.currency)
        .where(LedgerEntry.journal.in_(spending))
        .group_by(LedgerEntry.invoice_id)
        .having(applied > 0)
    ).all()
    by_id = {invoice_id: int(minor) for invoice_id, minor in rows if invoice_id is not None}
    held = invoices.lock(ctx.session, by_id.keys())
    return [(invoice, by_id[invoice.id]) for invoice in sorted(held, key=lambda i: (i.due_on, i.id), reverse=True)]
