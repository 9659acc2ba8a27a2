"""Our books against a provider's, both ways, payment by payment: what is missing on either side, other amounts, states,
refunds and fees. What an event would have settled is settled (payments/healing.py); the rest is stored and told."""

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
from payments import healing, ledger, settle

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
    news: Sequence[Difference] = ()
    """Those that are not healed and that the run before did not find, too."""

    @property
    def open(self) -> Sequence[Difference]:
        return [one for one in self.differences if not one.is_healed]


def reconcile(
    runtime: Runtime, since: datetime | None = None, announce: settle.Announce = settle.silent
) -> list[Outcome]:
    """With every provider that we have. One that cannot be reached has an unfinished run. `announce` hears of what was
    healed."""
    start = since or runtime.clock.now() - WINDOW
    return [compare(runtime, provider, start, announce) for provider in runtime.ports.gateways]


def compare(runtime: Runtime, provider: str, since: datetime, announce: settle.Announce = settle.silent) -> Outcome:
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
            found += _healed(runtime, provider, old, announce)
        with runtime.read() as ctx:
            found += _missing_there(ctx, provider, since, until, seen)
        run.finished_at = runtime.clock.now()
    except ProviderError as error:
        log.error("reconciliation.broke_off", provider=provider, code=error.code)
    return Outcome(run, found, _keep(runtime, run, found))


def _batches(records: Iterator[ProviderRecord]) -> Iterator[list[ProviderRecord]]:
    while batch := list(islice(records, BATCH)):
        yield batch


def _healed(
    runtime: Runtime, provider: str, records: Sequence[ProviderRecord], announce: settle.Announce
) -> list[Difference]:
    """What differs, once what can be healed was: that is compared once more, and only what is gone then is healed."""
    with runtime.read() as ctx:
        found = _compare_batch(ctx, provider, records)
    asked = {one.reference for one in found if healing.is_safe(one)}
    if not asked:
        return found
    by_reference = {record.reference: record for record in records}
    for reference in sorted(asked):
        healing.heal(runtime, provider, by_reference[reference], announce)
    with runtime.read() as ctx:
        left = _compare_batch(ctx, provider, [by_reference[reference] for reference in sorted(asked)])
    still = {(one.kind, one.reference) for one in left}
    for one in found:
        one.is_healed = one.reference in asked and (one.kind, one.reference) not in still
    return found


def _compare_batch(ctx: Context, provider: str, records: Sequence[ProviderRecord]) -> list[Difference]:
    which = Payment.public_id.in_([record.reference for record in records])
    ours = {p.public_id: p for p in ctx.session.scalars(sa.select(Payment).where(which, Payment.provider == provider))}
    ids = [payment.id for payment in ours.values()]
    refunded, borne = _refunded(ctx, ids), ledger.borne(ctx.session, ids)
    found = []
    for record in records:
        payment = ours.get(record.reference)
        if payment is None:
            found.append(_difference(DifferenceKind.MISSING_HERE, record, None, "", _state(record)))
        else:
            found += _compare_one(payment, refunded.get(payment.id, 0), borne.get(payment.id), record)
    return found


def _compare_one(payment: Payment, refunded: int, borne: Money | None, record: ProviderRecord) -> Iterator[Difference]:
    if record.amount != payment.amount:
        yield _difference(DifferenceKind.AMOUNT, record, payment, _figure(payment.amount), _figure(record.amount))
    if record.kind not in _AGREES[payment.status]:
        yield _difference(DifferenceKind.STATE, record, payment, payment.status.value, _state(record))
    if record.refunded.minor != refunded:
        ours = f"{refunded} {payment.currency}"
        yield _difference(DifferenceKind.REFUND, record, payment, ours, _figure(record.refunded))
    if record.fee and record.fee != borne:
        ours = _figure(borne) if borne is not None else ""
        yield _difference(DifferenceKind.FEE, record, payment, ours, _figure(record.fee))


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
                is_healed=False,
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
        is_healed=False,
    )


def _state(record: ProviderRecord) -> str:
    return record.kind.value if record.kind is not None else "open"


def _figure(money: Money) -> str:
    return f"{money.minor} {money.currency}"


def _keep(runtime: Runtime, run: Reconciliation, found: Sequence[Difference]) -> list[Difference]:
    """Returns those that are news to somebody."""
    with runtime.write() as ctx:
        known = _found_before(ctx, run.provider)
        ctx.session.add(run)
        ctx.session.flush()
        for difference in found:
            difference.reconciliation_id = run.id
            sound = log.warning if difference.is_healed else log.error
            sound("reconciliation.difference", kind=difference.kind.value, reference=difference.reference)
        ctx.session.add_all(found)
    return [one for one in found if not one.is_healed and _named(one) not in known]


def _found_before(ctx: Context, provider: str) -> set[tuple[str, ...]]:
    """By the last run that came to its end."""
    last = sa.select(sa.func.max(Reconciliation.id)).where(
        Reconciliation.provider == provider, Reconciliation.finished_at.is_not(None)
    )
    which = (Difference.reconciliation_id == last.scalar_subquery()) & Difference.is_healed.is_(False)
    return {_named(one) for one in ctx.session.scalars(sa.select(Difference).where(which))}


def _named(one: Difference) -> tuple[str, ...]:
    return one.kind.value, one.reference, one.ours, one.theirs
