"""Attempts to pay that are still open: when another may take their place, closing them at the provider."""

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from models.context import Runtime
from models.errors import ProviderError
from models.gateway import GatewayEvent, GatewayEventKind
from models.payment import UNCONFIRMED_STATUSES, Payment, PaymentStatus
from payments import closing, holds, settle

log = structlog.get_logger()

ATTEMPT_LIFETIME = timedelta(minutes=30)
"""How long the provider keeps its page open; the shortest that Stripe's Checkout takes."""
START_TIMEOUT = timedelta(seconds=60)
"""Longer than any gateway call may take (50 s): an attempt without an address by then was left by a dead process."""
ABANDONED_AFTER = timedelta(minutes=5)
"""Unconfirmed this long, an attempt from elsewhere gives way. One's own gives way at once: a second press means it."""


def is_started(payment: Payment) -> bool:
    return payment.provider_reference is not None


def expires_at(payment: Payment) -> datetime:
    return (payment.submitted_at or payment.created_at) + ATTEMPT_LIFETIME


def may_supersede(payment: Payment, conversation_id: int | None, now: datetime) -> bool:
    """Whether a press from this conversation (None: the portal) may close the attempt and start its own.
    Never once money may be moving, and never while the attempt is just being started."""
    if payment.status is not PaymentStatus.SUBMITTED:
        return False
    age = now - (payment.submitted_at or payment.created_at)
    if not is_started(payment):
        return age > START_TIMEOUT
    return payment.conversation_id == conversation_id or age > ABANDONED_AFTER


def close(runtime: Runtime, payment: Payment, announce: settle.Announce = settle.silent) -> settle.Settlement | None:
    """Close it at the provider, then here; if it went through meanwhile, settle that instead.
    None: the provider could not say, so it stays open. Call with no transaction open."""
    gateway = runtime.ports.gateways[payment.provider]
    try:
        if gateway.cancel(payment.public_id, payment.provider_reference):
            event: GatewayEvent | None = _cancelled(payment)
        else:
            event = gateway.fetch(payment.public_id, payment.provider_reference)
    except ProviderError as error:
        log.warning("attempt.not_closed", payment=payment.public_id, code=error.code)
        return None
    return settle.record(runtime, payment.provider, event, announce) if event is not None else None


def close_open(
    runtime: Runtime, invoice_ids: Collection[int], announce: settle.Announce = settle.silent
) -> list[settle.Settlement]:
    """At once, for somebody who waits to see it. The job of payments/closing.py does the same in any case."""
    with runtime.read() as ctx:
        waiting = [p for p in holds.open_over(ctx.session, invoice_ids) if p.status in UNCONFIRMED_STATUSES]
    return [done for payment in waiting if (done := close(runtime, payment, announce)) is not None]


def close_by_id(runtime: Runtime, public_id: str, tries: int, announce: settle.Announce = settle.silent) -> None:
    """The job of payments/closing.py: nobody shall confirm an amount that is owed no more."""
    with runtime.read() as ctx:
        payment = ctx.session.scalars(sa.select(Payment).where(Payment.public_id == public_id)).one()
    runtime = runtime.of(payment.merchant_id)
    if payment.status not in UNCONFIRMED_STATUSES or close(runtime, payment, announce) is not None:
        return
    if tries < len(closing.RETRY_S):
        with runtime.write() as ctx:
            closing.enqueue(ctx, public_id, tries + 1)
    else:
        log.error("attempt.never_closed", payment=public_id)


def _cancelled(payment: Payment) -> GatewayEvent:
    return GatewayEvent(
        event_id=None,
        reference=payment.public_id,
        provider_reference=payment.provider_reference or "",
        kind=GatewayEventKind.CANCELLED,
        amount=payment.amount,
    )
