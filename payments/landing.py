"""Where money goes when it arrives: onto the invoices it was meant for, as far as they still ask for it; onto the
oldest or nothing for a payment without an invoice. The rest is the customer's credit."""

from collections.abc import Sequence

import sqlalchemy as sa

from models.context import Context
from models.invoice import Invoice, InvoiceStatus
from models.merchant import CustomLanding, Merchant
from models.paylink import PayLink, PayLinkInvoice
from models.payment import Allocation, Payment
from payments import holds, invoices, shares

Landing = list[tuple[Invoice, int]]


def of(ctx: Context, payment: Payment, owing: Sequence[Invoice]) -> Landing:
    """Invoices, now locked, and what each takes. `owing` are those that the payment was begun for."""
    return _custom(ctx, payment) if payment.is_custom else _planned(ctx, payment, owing)


def _planned(ctx: Context, payment: Payment, owing: Sequence[Invoice]) -> Landing:
    """A voided or paid invoice takes nothing, and a lowered one no more than it asks."""
    planned = dict(
        ctx.session.execute(
            sa.select(Allocation.invoice_id, Allocation.amount_minor).where(Allocation.payment_id == payment.id)
        ).all()
    )
    takers = [i for i in owing if i.status in (InvoiceStatus.OPEN, InvoiceStatus.UNCOLLECTIBLE)]
    taken = [(i, min(planned[i.id], i.balance_minor)) for i in takers]
    return [(i, share) for i, share in taken if share > 0]


def _custom(ctx: Context, payment: Payment) -> Landing:
    merchant = ctx.session.get_one(Merchant, payment.merchant_id)
    if merchant.custom_landing is not CustomLanding.OLDEST_INVOICE:
        return []
    asked = [i.id for i in invoices.outstanding(ctx, payment.customer_id, payment.mode)]
    held = invoices.lock(ctx.session, asked)
    busy = holds.held(ctx.session, asked)  # being paid in full already: what landed there too would be paid twice
    free = [i for i in held if i.is_payable and i.currency == payment.currency and i.id not in busy]
    taken = shares.oldest_first(free, payment.amount_minor - payment.fee_minor)
    return [(invoice, taken[invoice.id]) for invoice in free if invoice.id in taken]


def spend_link(ctx: Context, payment: Payment) -> None:
    """A link has done its work once nothing behind it is left to pay; until then it can pay the rest."""
    link = ctx.session.get(PayLink, payment.pay_link_id) if payment.pay_link_id is not None else None
    if link is None or link.spent_at is not None:
        return
    left = (
        sa.select(Invoice.id)
        .join(PayLinkInvoice, PayLinkInvoice.invoice_id == Invoice.id)
        .where(PayLinkInvoice.pay_link_id == link.id, Invoice.status == InvoiceStatus.OPEN, Invoice.balance_minor > 0)
    )
    ctx.session.flush()
    if ctx.session.scalars(left.limit(1)).first() is None:
        link.spent_at = ctx.clock.now()
