"""The janitor: asks providers about payments that no event has ended, on the schedule, with no transaction open."""

from collections.abc import Sequence

import sqlalchemy as sa
import structlog

from models.context import Context, Runtime
from models.errors import ProviderError
from models.isolation import each
from models.payment import OPEN_STATUSES, Payment, PaymentStatus
from payments import attempts, effects, schedule, settle
from payments.settle import Alert, Announce, Settlement

log = structlog.get_logger()

DEPOSITS_HERE = "deposits_here"
"""The history's word for small deposits that have arrived."""
BATCH = 100
"""Payments per run: at 50 s for the slowest answer still no run for the next one to overtake."""


def resolve_due(runtime: Runtime, announce: Announce = settle.silent) -> list[Settlement]:
    """Resolve what is due by now; returns what changed. Several may run at once: each payment is asked about by one."""
    done = each(_due(runtime), lambda due: _resolve(runtime.of(due.merchant_id), due.id, announce))
    return [settlement for settlement in done if settlement is not None and settlement.became is not None]


def refresh(runtime: Runtime, payment: Payment, announce: Announce = settle.silent) -> Settlement | None:
    """Ask about one payment now: for a customer who is back from the provider before its event is."""
    gateway = runtime.ports.gateways.get(payment.provider)
    if gateway is None:
        log.error("reconcile.unknown_provider", payment=payment.public_id, provider=payment.provider)
        return None
    try:
        event = gateway.fetch(payment.public_id, payment.provider_reference)
    except ProviderError as error:
        log.warning("reconcile.not_answered", payment=payment.public_id, code=error.code)
        return None
    return settle.record(runtime, payment.provider, event, announce) if event is not None else None


def _due(runtime: Runtime) -> Sequence[sa.Row[int, int]]:
    """Payments of all merchants, by their ids."""
    with runtime.read() as ctx:
        due = sa.select(Payment.id, Payment.merchant_id).where(*_is_due(ctx))
        return ctx.session.execute(due.order_by(Payment.next_check_at).limit(BATCH)).all()


def _is_due(ctx: Context) -> tuple[sa.ColumnElement[bool], ...]:
    return Payment.next_check_at <= ctx.clock.now(), Payment.status.in_(OPEN_STATUSES)


def _claim(runtime: Runtime, payment_id: int, announce: Announce) -> Payment | None:
    """With its next check already set: a crash now only delays it, and no one else takes it. None: somebody has it."""
    with runtime.write() as ctx:
        mine = sa.select(Payment).where(Payment.id == payment_id, *_is_due(ctx))
        payment = ctx.session.scalars(mine.with_for_update(skip_locked=True)).one_or_none()
        if payment is None:
            return None
        schedule.next_check(payment, ctx.clock.now())
        if payment.next_check_at is None:
            log.error("reconcile.unresolved", payment=payment.public_id, status=payment.status.value)
            announce(ctx, Settlement(payment, None, Alert.UNRESOLVED, payment.amount))
    return payment


def _resolve(runtime: Runtime, payment_id: int, announce: Announce) -> Settlement | None:
    payment = _claim(runtime, payment_id, announce)
    if payment is None:
        return None
    settlement = refresh(runtime, payment, announce)
    _look_for_deposits(runtime, payment, announce)
    if settlement is not None and not settlement.payment.is_open:
        return settlement
    if payment.provider not in runtime.ports.gateways:  # nobody is left who could close it: refresh has said so
        return None
    with runtime.read() as ctx:
        current = ctx.session.get_one(Payment, payment.id)
        over = _is_over(current, runtime)
    return attempts.close(runtime, current, announce) if over else settlement


def _look_for_deposits(runtime: Runtime, payment: Payment, announce: Announce) -> None:
    """Say once that they are there. Nobody else does: providers know the day, and tell of nothing when it comes."""
    with runtime.write() as ctx:
        current = settle.lock(ctx.session, payment.public_id)
        if current is None or current.status is not PaymentStatus.VERIFYING or current.deposits_at is None:
            return
        if current.deposits_at <= ctx.clock.now() and effects.note(ctx, current, DEPOSITS_HERE):
            announce(ctx, Settlement(current, None, are_deposits_here=True))


def _is_over(payment: Payment, runtime: Runtime) -> bool:
    """The provider knows nothing final. An unknown start was shown to nobody; an old one can be confirmed by nobody."""
    if payment.status is PaymentStatus.SUBMITTED:
        return runtime.clock.now() >= attempts.expires_at(payment)
    return payment.status is PaymentStatus.UNKNOWN
