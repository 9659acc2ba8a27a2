"""A new payment's row, its shares and its first event: reserved, not yet started. Callers hold the invoices' locks and
have checked everything."""

import secrets
from dataclasses import dataclass, field

import sqlalchemy as sa

from models.context import Context
from models.errors import DomainError
from models.merchant import Merchant, Mode
from models.payment import Allocation, Method, Payment, PaymentStatus
from payments import effects, schedule
from payments.fees import Quote
from payments.shares import Shares

_READABLE = "23456789BCDFGHJKMNPQRSTVWXZ"  # nothing that looks or sounds like another, no vowels: no words


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be paid and by whom. `shares` empty: a payment without an invoice."""

    merchant_id: int
    customer_id: int
    mode: Mode
    method: Method
    quote: Quote
    provider: str
    shares: Shares = field(default_factory=dict)
    holds: bool = True
    """No other attempt may be open over its invoices meanwhile."""
    pay_link_id: int | None = None
    conversation_id: int | None = None
    description: str | None = None
    payer_name: str | None = None
    return_url: str | None = None
    terms_version: int | None = None
    saves_account: bool = False
    saved_account_id: int | None = None


def open_payment(ctx: Context, plan: Plan) -> Payment:
    """SUBMITTED: the provider may be asked once this is committed."""
    now, quote = ctx.clock.now(), plan.quote
    payment = Payment(
        merchant_id=plan.merchant_id,
        customer_id=plan.customer_id,
        pay_link_id=plan.pay_link_id,
        conversation_id=plan.conversation_id,
        mode=plan.mode,
        reference=_new_reference(ctx, plan.merchant_id),
        method=plan.method,
        currency=quote.total.currency,
        amount_minor=quote.total.minor,
        fee_minor=quote.fee.minor,
        is_custom=not plan.shares,
        description=plan.description,
        payer_name=plan.payer_name,
        return_url=plan.return_url,
        terms_version=plan.terms_version,
        saves_account=plan.saves_account,
        saved_account_id=plan.saved_account_id,
        status=PaymentStatus.CREATED,
        provider=plan.provider,
        created_at=now,
        submitted_at=now,
    )
    payment.move_to(PaymentStatus.SUBMITTED)
    schedule.restart(payment, now)
    ctx.session.add(payment)
    ctx.session.flush()
    shares = [{"invoice_id": i, "amount_minor": share} for i, share in plan.shares.items()]
    if shares:
        own = {
            "payment_id": payment.id,
            "merchant_id": payment.merchant_id,
            "mode": payment.mode,
            "is_open": plan.holds,
        }
        ctx.session.execute(sa.insert(Allocation), [share | own for share in shares])
    effects.note(ctx, payment, "submitted")
    return payment


def check_terms(merchant: Merchant, accepted: int | None) -> None:
    """Raises DomainError: "terms_changed", other terms than the present ones; "terms_missing", there are terms and none
    were accepted."""
    if accepted is not None and accepted != merchant.terms_version:
        raise DomainError("terms_changed")
    if accepted is None and merchant.terms:
        raise DomainError("terms_missing")


def check_mode(ctx: Context, mode: Mode) -> None:
    """Raises DomainError("mode_mismatch"): nothing of a test charges anybody, and test money pays no real invoice."""
    takes = ctx.ports.gateway.mode
    if takes is not None and takes is not mode:
        raise DomainError("mode_mismatch")


def _new_reference(ctx: Context, merchant_id: int) -> str:
    while True:
        reference = "".join(secrets.choice(_READABLE) for _ in range(6))
        taken = sa.select(Payment.id).where(Payment.merchant_id == merchant_id, Payment.reference == reference)
        if ctx.session.scalars(taken).first() is None:
            return reference
