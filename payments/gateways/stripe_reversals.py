"""What Stripe says of refunds and disputes, as far as Till reads it, and what it means. Talks to nobody."""

import structlog
from pydantic import BaseModel, Field

from models.errors import DomainError
from models.gateway import DisputeWord, GatewayEvent, GatewayEventKind, RefundWord
from models.refund import DisputeStatus, RefundStatus
from payments.gateways import stripe_words
from payments.gateways.stripe_words import CODE_CHARS, Session

log = structlog.get_logger()

_REFUNDS = {
    "pending": RefundStatus.PENDING,
    "requires_action": RefundStatus.PENDING,
    "succeeded": RefundStatus.SUCCEEDED,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.FAILED,
}
_DISPUTES = {
    "needs_response": DisputeStatus.OPEN,
    "under_review": DisputeStatus.OPEN,
    "won": DisputeStatus.WON,
    "prevented": DisputeStatus.WON,
    "lost": DisputeStatus.LOST,
}
"""An inquiry (warning_*) takes no money and is none of these."""
_RETURNS = {
    "insufficient_funds": "R01",
    "bank_cannot_process": "R03",
    "incorrect_account_details": "R03",
    "debit_not_authorized": "R10",
    "customer_initiated": "R10",
    "fraudulent": "R10",
}
"""Why a bank debit came back, in Nacha's words, which are everybody's. Others stay as they are."""
_BANK = "us_bank_account"


class _Said(BaseModel, strict=True, frozen=True):
    pass


class Charge(_Said):
    payment_intent: str | None = None


class Refund(_Said):
    id: str
    payment_intent: str | None = None
    amount: int
    currency: str
    status: str | None = None
    failure_reason: str | None = None
    metadata: dict[str, str] = Field(default_factory=dict)


class Dispute(_Said):
    id: str
    payment_intent: str | None = None
    amount: int
    currency: str
    status: str
    reason: str | None = None


def refund_word(refund: Refund) -> RefundWord:
    """Raises DomainError for money that Till does not know."""
    return RefundWord(
        reference=refund.metadata.get("refund"),
        provider_reference=refund.id,
        status=_REFUNDS.get(refund.status or "", RefundStatus.PENDING),
        amount=stripe_words.money(refund.amount, refund.currency),
        failure_code=refund.failure_reason[:CODE_CHARS] if refund.failure_reason else None,
    )


def refund_event(event_id: str, refund: Refund, session: Session) -> GatewayEvent | None:
    """None for a session that Till did not open, or for money it does not know."""
    if session.client_reference_id is None:
        return None
    try:
        word = refund_word(refund)
    except DomainError as error:
        log.error("stripe.unknown_money", refund=refund.id, code=error.code, currency=refund.currency)
        return None
    reference = session.client_reference_id
    return GatewayEvent(event_id, reference, session.id, GatewayEventKind.REFUND, word.amount, refund=word)


def dispute_event(event_id: str, dispute: Dispute, session: Session, *, is_new: bool) -> GatewayEvent | None:
    """None for a session that Till did not open, for an inquiry, and for money it does not know. Any dispute of a bank
    debit is a return: nobody can contest it."""
    status = _DISPUTES.get(dispute.status)
    if session.client_reference_id is None or status is None:
        log.info("stripe.dispute", dispute=dispute.id, status=dispute.status)
        return None
    try:
        amount = stripe_words.money(dispute.amount, dispute.currency)
    except DomainError as error:
        log.error("stripe.unknown_money", dispute=dispute.id, code=error.code, currency=dispute.currency)
        return None
    reason = dispute.reason[:CODE_CHARS] if dispute.reason else None
    is_debit = session.details is not None and session.details.type == _BANK
    about = (event_id, session.client_reference_id, session.id)
    if is_debit:
        if not is_new and status is not DisputeStatus.LOST:
            return None
        return GatewayEvent(*about, GatewayEventKind.RETURNED, amount, failure_code=_RETURNS.get(reason or "", reason))
    word = DisputeWord(dispute.id, status, amount, reason)
    return GatewayEvent(*about, GatewayEventKind.DISPUTE, amount, dispute=word)
