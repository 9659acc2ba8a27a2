"""Which open attempts hold which invoices. At most one holds an invoice: the database itself refuses a second."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.payment import Allocation, Payment


def open_over(session: Session, invoice_ids: Collection[int]) -> Sequence[Payment]:
    """The open attempts that hold any of these invoices."""
    holding = sa.select(Allocation.payment_id).where(Allocation.invoice_id.in_(invoice_ids), Allocation.is_open)
    return session.scalars(sa.select(Payment).where(Payment.id.in_(holding)).order_by(Payment.id)).all()


def held(session: Session, invoice_ids: Collection[int]) -> set[int]:
    """Those of these invoices that an open attempt holds."""
    taken = sa.select(Allocation.invoice_id).where(Allocation.invoice_id.in_(invoice_ids), Allocation.is_open)
    return set(session.scalars(taken))
