"""Our books against a provider's, both ways, payment by payment: what is missing on either side, other amounts, states
and refunds. Reports and stores; changes no payment."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

import sqlalchemy as sa
import structlog

from models.context import Context, Runtime
from models.errors import ProviderError
from models.gateway import GatewayEventKind, ProviderRecord
from models.money import Money
from models.payment import Payment, PaymentStatus
from models.reconciliation import Difference, DifferenceKind, Reconciliation
from models.refund import Refund, RefundStatus

log = structlog.get_logger()

WINDOW = timedelta(days=65)
"""Longer than a debit can come back."""
GRACE = timedelta(hours=1)
"""Younger ones may be on their way between the two books."""
BATCH = 500

_S, _K = PaymentStatus, GatewayEventKind
_AGREES: dict[PaymentStatus, frozenset[GatewayEventKind | None]] = {
    _S.CREATED: frozenset({None}),
    _S.SUBMITTED: frozenset({None}),
    _S.UNKNOWN: frozenset({None}),
    _S.VERIFYING: frozenset({_K.VERIFYING}),
    _S.PROCESSING: frozenset({_K.PROCESSING}),
    _S.SUCCEEDED: frozenset({_K.SUCCEEDED}),
    _S.REFUNDED: frozenset({_K.SUCCEEDED}),
    _S.DISPUTED: frozenset({_K.SUCCEEDED}),
    # A session there keeps its own end; the return is told of apart.
    _S.RETURNED: frozenset({_K.RETURNED, _K.SUCCEEDED, _K.FAILED}),
    _S.FAILED: frozenset({_K.FAILED, _K.CANCELLED}),
    _S.CANCELLED: frozenset({_K.CANCELLED, _K.FAILED}),
}
"""What a provider may say of a payment that we have in each status."""
_NEVER_THERE = frozenset({_S.FAILED, _S.CANCELLED, _S.UNKNOWN, _S.CREATED})
"""Of these the provider may never have heard."""


@dataclass(frozen=True, slots=True)
class Outcome:
    run: Reconciliation
    differences: Sequence[Difference]


def reconcile(runtime: Runtime, since: datetime | None = None) -> list[Outcome]:
    """With every provider that we have. One that cannot be reached has an unfinished run."""
    start = since or runtime.clock.now() - WINDOW
    return [compare(runtime, provider, start) for provider in runtime.ports.gateways]


def compare(runtime: Runtime, provider: str, since: datetime) -> Outcome:
    """With one provider: payments that were started from `since` until an hour ago. No transaction is open while it
    answers."""
    now = runtime.clock.now()
    until = now - GRACE
    run = Reconciliation(provider=provider, since_at=since, started_at=now, compared=0)
    found: list[Difference] = []
    seen: set[str] = set()
    try:
        for batch in _batches(runtime.ports.gateways[provider].list_since(since)):
            old = [record for record in batch if record.created_at <= until]
            seen.update(record.reference for record in batch)
            run.compared += len(old)
            with runtime.read() as ctx:
                found += _compare_batch(ctx, provider, old)
        with runtime.read() as ctx:
            found += _missing_there(ctx, provider, since, until, seen)
        run.finished_at = runtime.clock.now()
    except ProviderError as error:
        log.error("reconciliation.broke_off", provider=provider, code=error.code)
    _keep(runtime, run, found)
    return Outcome(run, found)


def _batches(records: Iterator[ProviderRecord]) -> Iterator[list[ProviderRecord]]:
    while batch := list(islice(records, BATCH)):
        yield batch


def _compare_batch(ctx: Context, provider: str, records: Sequence[ProviderRecord]) -> list[Difference]:
    which = Payment.public_id.in_([record.reference for record in records])
    ours = {p.public_id: p for p in ctx.session.scalars(sa.select(Payment).where(which, Payment.provider == provider))}
    refunded = _refunded(ctx, [payment.id for payment in ours.values()])
    found = []
    for record in records:
        payment = ours.get(record.reference)
        if payment is None:
            found.append(_difference(DifferenceKind.MISSING_HERE, record, None, "", _state(record)))
        else:
            found += _compare_one(payment, refunded.get(payment.id, 0), record)
    return found


def _compare_one(payment: Payment, refunded: int, record: ProviderRecord) -> Iterator[Difference]:
    if record.amount != payment.amount:
        yield _difference(DifferenceKind.AMOUNT, record, payment, _figure(payment.amount), _figure(record.amount))
    if record.kind not in _AGREES[payment.status]:
        yield _difference(DifferenceKind.STATE, record, payment, payment.status.value, _state(record))
    if record.refunded.minor != refunded:
        ours = f"{refunded} {payment.currency}"
        yield _difference(DifferenceKind.REFUND, record, payment, ours, _figure(record.refunded))


def _missing_there(
    ctx: Context, provider: str, since: datetime, until: datetime, seen: set[str]
) -> Iterator[Difference]:
    started = sa.select(Payment).where(
        Payment.provider == provider, Payment.created_at >= since, Payment.created_at <= until
    )
    for payment in ctx.session.scalars(started.order_by(Payment.id).execution_options(yield_per=BATCH)):
        is_known = payment.provider_reference is not None or payment.status not in _NEVER_THERE
        if payment.public_id not in seen and is_known:
            yield Difference(
                merchant_id=payment.merchant_id,
                payment_id=payment.id,
                kind=DifferenceKind.MISSING_THERE,
                reference=payment.public_id,
                provider_reference=payment.provider_reference,
                ours=payment.status.value,
                theirs="",
            )


def _refunded(ctx: Context, payment_ids: Sequence[int]) -> dict[int, int]:
    total = sa.select(Refund.payment_id, sa.func.sum(Refund.amount_minor))
    done = total.where(Refund.payment_id.in_(payment_ids), Refund.status == RefundStatus.SUCCEEDED)
    return {payment_id: int(minor) for payment_id, minor in ctx.session.execute(done.group_by(Refund.payment_id))}


def _difference(
    kind: DifferenceKind, record: ProviderRecord, payment: Payment | None, ours: str, theirs: str
) -> Difference:
    return Difference(
        merchant_id=payment.merchant_id if payment else None,
        payment_id=payment.id if payment else None,
        kind=kind,
        reference=record.reference[:255],
        provider_reference=record.provider_reference,
        ours=ours,
        theirs=theirs,
    )


def _state(record: ProviderRecord) -> str:
    return record.kind.value if record.kind is not None else "open"


def _figure(money: Money) -> str:
    return f"{money.minor} {money.currency}"


def _keep(runtime: Runtime, run: Reconciliation, found: Sequence[Difference]) -> None:
    with runtime.write() as ctx:
        ctx.session.add(run)
        ctx.session.flush()
        for difference in found:
            difference.reconciliation_id = run.id
            log.error("reconciliation.difference", kind=difference.kind.value, reference=difference.reference)
        ctx.session.add_all(found)
