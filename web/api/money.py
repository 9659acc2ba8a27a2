"""Money by program: payments that the merchant took itself, and refunds. What may be, payments/ decides."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from pydantic import BaseModel, Field

from models.base import new_public_id
from models.errors import DomainError
from models.invoice import Invoice
from models.merchant import Merchant, Scope
from models.money import Money
from models.payment import ONLINE_METHODS, Method, Payment
from models.refund import Refund, RefundStatus
from payments import offline, refunds
from web.announcing import announce
from web.api import answers, rows
from web.api.cursors import PageQuery, page
from web.api.fields import Amount, Body, Currency, Description, Id
from web.api.operations import Call, Outside, get, post, post_outside
from web.api.payments import PaymentShape
from web.api.payments import shapes as payment_shapes

TAG = "Payments"
_OFFLINE = sorted(set(Method) - ONLINE_METHODS)
OfflineMethod = Annotated[str, Field(json_schema_extra={"enum": [method.value for method in _OFFLINE]})]


class NewPayment(Body):
    """Money that you have already: cash, a check, a transfer. It pays these invoices of one customer, the oldest due
    first; what they do not take is the customer's credit."""

    invoice_ids: list[Id] = Field(min_length=1, max_length=50)
    amount_minor: Amount
    method: OfflineMethod
    currency: Currency | None = None
    note: Description = ""


class NewRefund(Body):
    """Without an amount: all that is left. `reopens`: the invoices are owed again."""

    amount_minor: Amount | None = None
    reopens: bool = False
    note: Description = ""


class RefundShape(BaseModel):
    """`pending`: the provider has not said yet."""

    id: str
    payment_id: str
    status: RefundStatus
    currency: str
    amount_minor: int
    reopens: bool
    note: str
    failure_code: str | None
    created_at: datetime
    finished_at: datetime | None


class RefundList(BaseModel):
    items: list[RefundShape]
    next_cursor: str | None


class RefundQuery(PageQuery):
    payment_id: Id | None = None


@post("/payments", answer=PaymentShape, body=NewPayment, scope=Scope.MONEY, tag=TAG)
def record_payment(call: Call, body: NewPayment) -> PaymentShape:
    """Record money that you took yourself"""
    invoices = [rows.find(call, Invoice, public_id) for public_id in dict.fromkeys(body.invoice_ids)]
    if body.method not in _OFFLINE:
        raise DomainError("method_unknown")
    if len({invoice.customer_id for invoice in invoices}) > 1:
        raise DomainError("mixed_customers")
    merchant = call.ctx.session.get_one(Merchant, call.caller.merchant_id)
    payment = offline.record(
        call.ctx,
        invoices,
        Money(body.amount_minor, body.currency or merchant.currency),
        Method(body.method),
        idempotency_key=new_public_id(),  # the request's own key is kept with its answer
        note=body.note,
        announce=announce,
    )
    return payment_shapes(call, [payment])[0]


@post_outside("/payments/<payment_id>/refunds", answer=RefundShape, body=NewRefund, scope=Scope.MONEY, tag="Refunds")
def refund_payment(outside: Outside, payment_id: str, body: NewRefund) -> RefundShape:
    """Give money back, the whole or a part"""
    with outside.runtime.read() as ctx:
        payment = rows.find(Call(ctx, outside.caller), Payment, payment_id)
    made = refunds.refund(
        outside.runtime,
        payment,
        Money(body.amount_minor, payment.currency) if body.amount_minor is not None else None,
        idempotency_key=_refund_key(),
        reopens=body.reopens,
        note=body.note,
        announce=announce,
    )
    return _shape(made, payment)


@get("/refunds", answer=RefundList, query=RefundQuery, tag="Refunds")
def list_refunds(call: Call, query: RefundQuery) -> RefundList:
    """Refunds, the newest first"""
    which = _mine(call)
    if query.payment_id is not None:
        which = which.where(Refund.payment_id == rows.find(call, Payment, query.payment_id).id)
    found, cursor = page(call, which, Refund, query)
    return RefundList(items=_shapes(call, found), next_cursor=cursor)


@get("/refunds/<refund_id>", answer=RefundShape, tag="Refunds")
def get_refund(call: Call, refund_id: str) -> RefundShape:
    """One refund"""
    found = call.ctx.session.scalars(_mine(call).where(Refund.public_id == refund_id)).one_or_none()
    if found is None:
        raise DomainError("not_found")
    return _shapes(call, [found])[0]


def _refund_key() -> str:
    """Our own names never meet the caller's, and hold no space as theirs may."""
    given = answers.key()
    return f"api-{answers.digest(given)}" if given is not None else f"api-{new_public_id()}"


def _mine(call: Call) -> "sa.Select[Any]":
    of_mode = sa.select(Payment.id).where(
        Payment.merchant_id == call.caller.merchant_id, Payment.mode == call.caller.mode
    )
    return sa.select(Refund).where(Refund.merchant_id == call.caller.merchant_id, Refund.payment_id.in_(of_mode))


def _shapes(call: Call, found: Sequence[Refund]) -> list[RefundShape]:
    about = sa.select(Payment).where(Payment.id.in_({one.payment_id for one in found}))
    payments = {payment.id: payment for payment in call.ctx.session.scalars(about)}
    return [_shape(one, payments[one.payment_id]) for one in found]


def _shape(refund: Refund, payment: Payment) -> RefundShape:
    same = ("status", "amount_minor", "reopens", "note", "failure_code", "created_at", "finished_at")
    return RefundShape(
        id=refund.public_id,
        payment_id=payment.public_id,
        currency=payment.currency,
        **{name: getattr(refund, name) for name in same},
    )
