"""What providers say of refunds, disputes and returns, kept as facts; then the books and the payment's status follow
from the facts. No order of words makes a difference, and a word said twice changes nothing."""

from collections.abc import Collection

import sqlalchemy as sa
import structlog

from models.context import Context
from models.gateway import DisputeWord, RefundWord
from models.invoice import Invoice
from models.money import Money
from models.payment import PAID_STATUSES, Payment, PaymentStatus
from models.refund import Dispute, DisputeKind, DisputeStatus, Refund, RefundStatus
from payments import takebacks
from payments.takebacks import Facts

log = structlog.get_logger()

_REFUND_RANK = {RefundStatus.PENDING: 0, RefundStatus.SUCCEEDED: 1, RefundStatus.FAILED: 2}
RETURN = "return"
"""The reference of a return: a debit comes back once."""


def hear_refund(ctx: Context, payment: Payment, word: RefundWord) -> Refund | None:
    """The refund, if this is news of it. One that Till did not make is kept like one that it made."""
    refund = _known_refund(ctx, payment, word) or _foreign_refund(ctx, payment, word)
    refund.provider_reference = refund.provider_reference or word.provider_reference
    if word.amount.minor != refund.amount_minor:
        log.error("refund.other_amount", refund=refund.public_id, ours=refund.amount_minor, theirs=word.amount.minor)
        refund.amount_minor = word.amount.minor
    is_news = _REFUND_RANK[word.status] > _REFUND_RANK[refund.status] or refund.id is None
    if is_news:
        refund.status, refund.failure_code = word.status, word.failure_code
    if refund.status is not RefundStatus.PENDING:
        refund.finished_at, refund.next_check_at = refund.finished_at or ctx.clock.now(), None
    ctx.session.add(refund)
    ctx.session.flush()
    return refund if is_news else None


def _known_refund(ctx: Context, payment: Payment, word: RefundWord) -> Refund | None:
    ours = (Refund.public_id == word.reference) | (Refund.provider_reference == word.provider_reference)
    return ctx.session.scalars(sa.select(Refund).where(Refund.payment_id == payment.id, ours)).first()


def _foreign_refund(ctx: Context, payment: Payment, word: RefundWord) -> Refund:
    return Refund(
        merchant_id=payment.merchant_id,
        payment_id=payment.id,
        key=word.provider_reference,
        provider_reference=word.provider_reference,
        amount_minor=word.amount.minor,
        status=RefundStatus.PENDING,
        booked_minor=0,
        created_at=ctx.clock.now(),
    )


def hear_return(ctx: Context, payment: Payment, amount: Money, reason: str | None) -> Dispute | None:
    word = DisputeWord(RETURN, DisputeStatus.LOST, amount, reason)
    return hear_dispute(ctx, payment, word, DisputeKind.RETURN)


def hear_dispute(
    ctx: Context, payment: Payment, word: DisputeWord, kind: DisputeKind = DisputeKind.DISPUTE
) -> Dispute | None:
    """The dispute, if this is news of it. The first end of it stays."""
    which = (Dispute.payment_id == payment.id) & (Dispute.provider_reference == word.provider_reference)
    known = ctx.session.scalars(sa.select(Dispute).where(which)).first()
    if known is not None and (known.status is not DisputeStatus.OPEN or word.status is DisputeStatus.OPEN):
        return None
    dispute = known or Dispute(
        merchant_id=payment.merchant_id,
        payment_id=payment.id,
        kind=kind,
        provider_reference=word.provider_reference,
        amount_minor=word.amount.minor,
        withheld_minor=0,
        taken_minor=0,
        created_at=ctx.clock.now(),
    )
    dispute.status, dispute.reason = word.status, word.reason or dispute.reason
    dispute.closed_at = ctx.clock.now() if word.status is not DisputeStatus.OPEN else None
    ctx.session.add(dispute)
    ctx.session.flush()
    return dispute


def follow(ctx: Context, payment: Payment, held: Collection[Invoice]) -> Money:
    """Bring books and status to what the facts say; `held` are all its invoices, locked. Returns what the provider took
    beyond all that the payment had brought."""
    facts = takebacks.facts_of(ctx, payment)
    excess = takebacks.rebook(ctx, payment, facts, held)
    status = _standing(payment, facts)
    if status is not payment.status:
        payment.move_to(status)
    return excess


def _standing(payment: Payment, facts: Facts) -> PaymentStatus:
    if payment.status is PaymentStatus.RETURNED or facts.is_gone:
        return PaymentStatus.RETURNED
    if payment.status not in PAID_STATUSES:
        return payment.status
    if facts.is_disputed:
        return PaymentStatus.DISPUTED
    return PaymentStatus.REFUNDED if facts.is_refunded else PaymentStatus.SUCCEEDED
