"""Proves the ledger: journals add up, balances follow from their entries, nothing is below zero. Changes nothing."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.invoice import Invoice, InvoiceStatus
from models.ledger import Account, LedgerEntry
from models.payment import Payment


class Fault(StrEnum):
    UNBALANCED = "unbalanced"
    """A journal whose debits and credits differ."""
    DRIFTED = "drifted"
    """An invoice whose balance is not what its entries add up to."""
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


_entry = LedgerEntry.__table__.c
_SUM = sa.func.coalesce(sa.func.sum(_entry.amount_minor), 0)


def verify(session: Session, merchant_id: int | None = None) -> list[Discrepancy]:
    """Everything wrong in one merchant's ledger, or in all of them. Empty means proven."""
    checks = (_unbalanced(), _drifted(), _overspent_credit(), _overdrawn_payments(), _misfiled())
    found = []
    for fault, merchant, statement in checks:
        scoped = statement if merchant_id is None else statement.where(merchant == merchant_id)
        for reference, currency, expected, actual in session.execute(scoped):
            found.append(Discrepancy(fault, str(reference), currency, int(expected), int(actual)))
    return found


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
    payment = Payment.__table__.c
    statement = (
        sa.select(payment.public_id, _entry.currency, sa.literal(0), _SUM)
        .join_from(LedgerEntry.__table__, Payment.__table__, _entry.payment_id == payment.id)
        .where(_entry.account == Account.CLEARING)
        .group_by(payment.public_id, _entry.currency)
        .having(_SUM < 0)
    )
    return Fault.OVERDRAWN, _entry.merchant_id, statement


def _misfiled() -> _Check:
    invoice = Invoice.__table__.c
    strays = (_entry.currency != invoice.currency) | (_entry.merchant_id != invoice.merchant_id)
    statement = (
        sa.select(invoice.public_id, _entry.currency, sa.literal(0), _entry.amount_minor)
        .join_from(LedgerEntry.__table__, Invoice.__table__, _entry.invoice_id == invoice.id)
        .where(strays)
    )
    return Fault.MISFILED, invoice.merchant_id, statement
