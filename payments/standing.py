"""What is true behind a link at this moment, told from its invoices and payments, never from the link's age alone."""

import hashlib
from collections.abc import Sequence
from enum import StrEnum

import sqlalchemy as sa

from models.context import Context
from models.invoice import Invoice, InvoiceStatus
from models.money import Money
from models.paylink import PayLink, PayLinkState
from models.payment import OPEN_STATUSES, Allocation, Payment, PaymentStatus
from payments import attempts, holds


class LinkState(StrEnum):
    """PAYABLE opens the pay page; each other one has a page of its own."""

    PAYABLE = "payable"
    PAID = "paid"
    IN_FLIGHT = "in_flight"
    VOIDED = "voided"
    REPLACED = "replaced"
    EXPIRED = "expired"


def total(invoices: Sequence[Invoice]) -> Money:
    """What is left to pay of them. They are at least one, and of one currency."""
    return Money(sum(i.balance_minor for i in invoices if i.is_payable), invoices[0].currency)


def version(invoices: Sequence[Invoice]) -> str:
    """Names exactly what the total is made of."""
    due = sorted((i.id, i.version, i.balance_minor) for i in invoices if i.is_payable)
    return hashlib.blake2b(repr(due).encode(), digest_size=8).hexdigest()


def state(ctx: Context, link: PayLink, invoices: Sequence[Invoice]) -> LinkState:
    """Paid beats everything and a payment under way beats the link's own age: people come back to old texts to look."""
    now = ctx.clock.now()
    if not any(i.is_payable for i in invoices):
        return LinkState.PAID if any(i.status is InvoiceStatus.PAID for i in invoices) else LinkState.VOIDED
    if _in_the_way(ctx, link, invoices):
        return LinkState.IN_FLIGHT
    if link.state(now) is PayLinkState.OPEN:
        return LinkState.PAYABLE
    return LinkState.REPLACED if link.replaced_by_id is not None else LinkState.EXPIRED


def free(ctx: Context, link: PayLink, invoices: Sequence[Invoice]) -> list[Invoice]:
    """Those of them that can be paid now, whatever is being paid of the others."""
    busy = [payment.id for payment in _in_the_way(ctx, link, invoices)]
    held = set(ctx.session.scalars(sa.select(Allocation.invoice_id).where(Allocation.payment_id.in_(busy))))
    return [invoice for invoice in invoices if invoice.is_payable and invoice.id not in held]


def _in_the_way(ctx: Context, link: PayLink, invoices: Sequence[Invoice]) -> list[Payment]:
    """The attempts that a press behind this link may not replace."""
    under_way, now = holds.open_over(ctx.session, [i.id for i in invoices]), ctx.clock.now()
    return [payment for payment in under_way if not attempts.may_supersede(payment, link.conversation_id, now)]


def latest_payment(ctx: Context, invoices: Sequence[Invoice]) -> Payment | None:
    """The attempt to tell about: the open one, else the one that paid, else the last that did not.
    Never one that reaches beyond these invoices: its receipt would show others."""
    ids = [i.id for i in invoices]
    covers = sa.select(Allocation.payment_id).where(Allocation.invoice_id.in_(ids))
    reaches_beyond = sa.exists().where(Allocation.payment_id == Payment.id, Allocation.invoice_id.not_in(ids))
    rank = sa.case((Payment.status.in_(OPEN_STATUSES), 0), (Payment.status == PaymentStatus.SUCCEEDED, 1), else_=2)
    return ctx.session.scalars(
        sa.select(Payment).where(Payment.id.in_(covers), ~reaches_beyond).order_by(rank, Payment.id.desc()).limit(1)
    ).first()
