"""Proves the ledger: journals add up, balances follow from their entries, nothing is below zero. Changes nothing."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import guards
from models.invoice import Invoice, InvoiceStatus
from models.ledger import Account, LedgerEntry
from models.merchant import Merchant
from models.payment import Payment
from models.refund import Dispute


class Fault(StrEnum):
    UNBALANCED = "unbalanced"
    """A journal whose debits and credits differ."""
    DRIFTED = "drifted"
    """An invoice or a dispute whose balance is not what its entries add up to."""
    OVERDRAWN = "overdrawn"
    """More credit used, or more of a payment taken back, than there ever was."""
    MISFILED = "misfiled"
    """An entry under another merchant or in another currency than its invoice."""


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """`reference`: the journal's, invoice's or payment's id, or the customer's number. Amounts in minor units."""

    fault: Fault
    reference: str
    currency: str
    expected_minor: int
    found_minor: int


@dataclass(frozen=True, slots=True)
class Sum:
    """What a merchant's account holds, by its slug. All of one currency add up to zero."""

    merchant: str
    currency: str
    account: Account
    minor: int


_entry = LedgerEntry.__table__.c
_SUM = sa.func.coalesce(sa.func.sum(_entry.amount_minor), 0)


def verify(session: Session, merchant_id: int | None = None) -> list[Discrepancy]:
    """Everything wrong in one merchant's ledger, or in all of them. Empty means proven."""
    checks = (_unbalanced(), _drifted(), _overspent_credit(), _overdrawn_payments(), _misfiled(), _withheld())
    found = []
    for fault, merchant, statement in checks:
        scoped = statement if merchant_id is None else statement.where(merchant == merchant_id)
        for reference, currency, expected, actual in session.execute(scoped):
            found.append(Discrepancy(fault, str(reference), currency, int(expected), int(actual)))
    return found


def sums(session: Session) -> list[Sum]:
    rows = session.execute(
        sa.select(Merchant.slug, _entry.currency, _entry.account, _SUM)
        .join(Merchant, Merchant.id == _entry.merchant_id)
        .group_by(Merchant.slug, _entry.currency, _entry.account)
        .order_by(Merchant.slug, _entry.currency, _entry.account)
    )
    return [Sum(slug, currency, account, int(minor)) for slug, currency, account, minor in rows]


def missing_guards(session: Session) -> list[str]:
    """Append-only tables that the database would let somebody change in place."""
    dialect = session.get_bind().dialect.name
    names = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    if dialect == "postgresql":
        names = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    there = set(session.scalars(sa.text(names)))
    return sorted(table for table in guards.APPEND_ONLY if not guards.names(dialect, table) <= there)


_Check = tuple[Fault, sa.ColumnElement[Any], sa.Select[Any, Any, Any, Any]]


def _unbalanced() -> _Check:
    statement = sa.select(_entry.journal, _entry.currency, sa.literal(0), _SUM)
    return Fault.UNBALANCED, _entry.merchant_id, statement.group_by(_entry.journal, _entry.currency).having(_SUM != 0)


def _drifted() -> _Check:
    invoice = Invoice.__table__.c
    owed = sa.case((invoice.status == InvoiceStatus.DRAFT, 0), else_=invoice.balance_minor)
    on_it = (_entry.invoice_id == invoice.id) & (_entry.account == Account.RECEIVABLE)
    statement = (
        sa.select(invoice.public_id, invoice.currency, _SUM, owed)
        .select_from(Invoice.__table__.outerjoin(LedgerEntry.__table__, on_it))
        .group_by(invoice.id, invoice.public_id, invoice.currency, invoice.status, invoice.balance_minor)
        .having(owed != _SUM)
    )
    return Fault.DRIFTED, invoice.merchant_id, statement


def _overspent_credit() -> _Check:
    statement = (
        sa.select(_entry.customer_id, _entry.currency, sa.literal(0), -_SUM)
        .where(_entry.account == Account.CREDIT)
        .group_by(_entry.customer_id, _entry.currency)
        .having(_SUM > 0)
    )
    return Fault.OVERDRAWN, _entry.merchant_id, statement


def _overdrawn_payments() -> _Check:
    """The provider's own fee was taken from what came: it is no part of what went back."""
    payment = Payment.__table__.c
    statement = (
        sa.select(payment.public_id, _entry.currency, sa.literal(0), _SUM)
        .join_from(LedgerEntry.__table__, Payment.__table__, _entry.payment_id == payment.id)
        .where(_entry.account.in_((Account.CLEARING, Account.CASH, Account.PROVIDER_FEES)))
        .group_by(payment.public_id, _entry.currency)
        .having(_SUM < 0)
    )
    return Fault.OVERDRAWN, _entry.merchant_id, statement


def _withheld() -> _Check:
    """What disputes withhold, by their own word and by the ledger's."""
    payment, dispute = Payment.__table__.c, Dispute.__table__.c
    told = sa.select(sa.func.coalesce(sa.func.sum(dispute.withheld_minor), 0)).where(dispute.payment_id == payment.id)
    held = sa.select(_SUM).where(_entry.payment_id == payment.id, _entry.account == Account.DISPUTED)
    statement = sa.select(payment.public_id, payment.currency, told.scalar_subquery(), held.scalar_subquery()).where(
        sa.exists().where(dispute.payment_id == payment.id), told.scalar_subquery() != held.scalar_subquery()
    )
    return Fault.DRIFTED, payment.merchant_id, statement


def _misfiled() -> _Check:
    invoice = Invoice.__table__.c
    strays = (_entry.currency != invoice.currency) | (_entry.merchant_id != invoice.merchant_id)
    statement = (
        sa.select(invoice.public_id, _entry.currency, sa.literal(0), _entry.amount_minor)
        .join_from(LedgerEntry.__table__, Invoice.__table__, _entry.invoice_id == invoice.id)
        .where(strays)
    )
    return Fault.MISFILED, invoice.merchant_id, statement
