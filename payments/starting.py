"""The call that starts a reserved payment at its provider, and what its answer means: an address, a refusal, not known.
Repeats are safe: the payment's public id is the provider's idempotency key."""

from dataclasses import dataclass

import sqlalchemy as sa
import structlog

from models.context import Context, Runtime
from models.errors import DomainError, ProviderError
from models.gateway import GatewayEvent, GatewayEventKind, StartedPayment, StartPayment
from models.invoice import Invoice
from models.merchant import Merchant
from models.paylink import PayLink
from models.payment import Allocation, Payment, PaymentStatus
from payments import accounts, attempts, effects, links, schedule, settle

log = structlog.get_logger()

UNAVAILABLE = "provider_unavailable"
"""Payment.failure_code when the provider could not be reached at all."""


@dataclass(frozen=True, slots=True)
class BeginResult:
    """`redirect_url`: the provider's page. None: nothing to confirm there; show the payment's own status."""

    payment: Payment
    redirect_url: str | None


def start(runtime: Runtime, payment: Payment) -> BeginResult:
    """Where to send the customer. Whoever finds the attempt without an address asks for it again: the same reference
    gives the same one. Call with no transaction open."""
    if payment.status is not PaymentStatus.SUBMITTED:
        return BeginResult(payment, None)
    if payment.redirect_url is not None:
        return BeginResult(payment, payment.redirect_url)
    gateway = runtime.ports.gateways[payment.provider]
    with runtime.read() as ctx:
        wanted = _wanted(ctx, payment)
    try:
        started = gateway.start(wanted)
    except ProviderError as error:
        return _refused(runtime, payment, error)
    result = _started(runtime, payment, started)
    if result.payment.status in (PaymentStatus.FAILED, PaymentStatus.CANCELLED):
        attempts.close(runtime, result.payment)  # ended while we were asking: leave nothing to confirm behind
    return result


def _wanted(ctx: Context, payment: Payment) -> StartPayment:
    numbers = ctx.session.scalars(
        sa.select(Invoice.number)
        .join(Allocation, Allocation.invoice_id == Invoice.id)
        .where(Allocation.payment_id == payment.id)
        .order_by(Invoice.due_on, Invoice.id)
    )
    back_to = payment.return_url or links.url(ctx, ctx.session.get_one(PayLink, payment.pay_link_id)) + "/payment"
    return StartPayment(
        reference=payment.public_id,
        short_reference=payment.reference,
        payee=ctx.session.get_one(Merchant, payment.merchant_id).name,
        amount=payment.amount,
        method=payment.method,
        description=(payment.description or ", ".join(numbers) or payment.reference)[:200],
        return_url=f"{back_to}/{payment.public_id}",
        expires_at=attempts.expires_at(payment),
        saves_account=payment.saves_account,
        saved_token=accounts.token_for(ctx, payment),
    )


def _started(runtime: Runtime, payment: Payment, started: StartedPayment) -> BeginResult:
    with runtime.write() as ctx:
        fresh = _fresh(ctx, payment)
        fresh.provider_reference = started.provider_reference
        fresh.redirect_url = fresh.redirect_url or started.redirect_url  # it may wait for deposits by now
        if fresh.status is PaymentStatus.UNKNOWN:  # someone else's call timed out, ours did not
            fresh.move_to(PaymentStatus.SUBMITTED)
            schedule.restart(fresh, ctx.clock.now())
    return BeginResult(fresh, fresh.redirect_url if fresh.status is PaymentStatus.SUBMITTED else None)


def _refused(runtime: Runtime, payment: Payment, error: ProviderError) -> BeginResult:
    log.warning("begin.refused", payment=payment.public_id, code=error.code, unknown=error.accepted_unknown)
    with runtime.write() as ctx:
        fresh = _fresh(ctx, payment)
        if fresh.status is PaymentStatus.SUBMITTED and not attempts.is_started(fresh):
            if error.accepted_unknown:
                fresh.move_to(PaymentStatus.UNKNOWN)
                schedule.restart(fresh, ctx.clock.now())
                effects.note(ctx, fresh, "unknown")
            else:
                code = error.code if error.permanent else UNAVAILABLE
                settle.apply(ctx, fresh.provider, _failed(fresh, code))
    return BeginResult(fresh, fresh.redirect_url if fresh.status is PaymentStatus.SUBMITTED else None)


def _fresh(ctx: Context, payment: Payment) -> Payment:
    fresh = settle.lock(ctx.session, payment.public_id)
    if fresh is None:
        raise DomainError("not_found")
    return fresh


def _failed(payment: Payment, code: str) -> GatewayEvent:
    return GatewayEvent(None, payment.public_id, "", GatewayEventKind.FAILED, payment.amount, failure_code=code)
