"""Payments by program: read. What moves money is in payments/."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from pydantic import BaseModel

from models.customer import Customer
from models.invoice import Invoice
from models.payment import Allocation, Method, Payment, PaymentStatus
from web.api import rows
from web.api.cursors import PageQuery, page
from web.api.fields import Id
from web.api.operations import Call, get

TAG = "Payments"


class ShareShape(BaseModel):
    """What of a payment is for one invoice."""

    invoice_id: str
    amount_minor: int


class PaymentShape(BaseModel):
    """`reference` is what people read out."""

    id: str
    reference: str
    customer_id: str
    status: PaymentStatus
    method: Method
    method_label: str | None
    currency: str
    amount_minor: int
    invoices: list[ShareShape]
    failure_code: str | None
    created_at: datetime
    finished_at: datetime | None


class PaymentList(BaseModel):
    items: list[PaymentShape]
    next_cursor: str | None


class PaymentQuery(PageQuery):
    customer_id: Id | None = None
    invoice_id: Id | None = None
    status: PaymentStatus | None = None


@get("/payments", answer=PaymentList, query=PaymentQuery, tag=TAG)
def list_payments(call: Call, query: PaymentQuery) -> PaymentList:
    """Payments, the newest first"""
    which = rows.mine(call, Payment)
    if query.customer_id is not None:
        which = which.where(Payment.customer_id == rows.find(call, Customer, query.customer_id).id)
    if query.invoice_id is not None:
        of_invoice = Allocation.invoice_id == rows.find(call, Invoice, query.invoice_id).id
        which = which.where(Payment.id.in_(sa.select(Allocation.payment_id).where(of_invoice)))
    if query.status is not None:
        which = which.where(Payment.status == query.status)
    found, cursor = page(call, which, Payment, query)
    return PaymentList(items=shapes(call, found), next_cursor=cursor)


@get("/payments/<payment_id>", answer=PaymentShape, tag=TAG)
def get_payment(call: Call, payment_id: str) -> PaymentShape:
    """One payment"""
    return shapes(call, [rows.find(call, Payment, payment_id)])[0]


def shapes(call: Call, found: Sequence[Payment]) -> list[PaymentShape]:
    owners = rows.public_ids(call, Customer, {payment.customer_id for payment in found})
    shares: dict[int, list[ShareShape]] = defaultdict(list)
    told = sa.select(Allocation.payment_id, Invoice.public_id, Allocation.amount_minor)
    told = told.join(Invoice, Invoice.id == Allocation.invoice_id).order_by(Invoice.id)
    for payment_id, invoice_id, minor in call.ctx.session.execute(
        told.where(Allocation.payment_id.in_([payment.id for payment in found]))
    ):
        shares[payment_id].append(ShareShape(invoice_id=invoice_id, amount_minor=minor))
    return [_shape(payment, owners[payment.customer_id], shares[payment.id]) for payment in found]


def _shape(payment: Payment, customer_id: str, shares: list[ShareShape]) -> PaymentShape:
    return PaymentShape(
        id=payment.public_id,
        reference=payment.reference,
        customer_id=customer_id,
        status=payment.status,
        method=payment.method,
        method_label=payment.method_label,
        currency=payment.currency,
        amount_minor=payment.amount_minor,
        invoices=shares,
        failure_code=payment.failure_code,
        created_at=payment.created_at,
        finished_at=payment.finished_at,
    )
