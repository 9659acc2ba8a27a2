"""Giving money back: the whole or a part, never more than was captured and not lost otherwise, once per request. A
refund that the provider has not answered is asked about, never sent anew."""

from collections.abc import Sequence

import sqlalchemy as sa
import structlog

from models.context import Context, Runtime
from models.errors import DomainError, ProviderError
from models.gateway import GatewayEvent, GatewayEventKind, RefundWord, StartRefund
from models.isolation import each
from models.money import Money
from models.payment import PAID_STATUSES, Payment, PaymentStatus
from models.refund import NOTE_CHARS, DisputeStatus, Refund, RefundStatus
from payments import keys, offline, schedule, settle, takebacks

log = structlog.get_logger()

BATCH = 100


def refundable(ctx: Context, payment: Payment) -> Money:
    """What is left of it to give back: captured, not refunded or being refunded, not disputed or lost."""
    facts = takebacks.facts_of(ctx, payment)
    refunded = sum(one.amount_minor for one in facts.refunds if one.status is not RefundStatus.FAILED)
    lost = sum(one.amount_minor for one in facts.disputes if one.status is not DisputeStatus.WON)
    return Money(max(facts.captured - refunded - lost, 0), payment.currency)


def refund(
    runtime: Runtime,
    payment: Payment,
    amount: Money | None = None,
    *,
    idempotency_key: str,
    reopens: bool = False,
    note: str = "",
    announce: settle.Announce = settle.silent,
) -> Refund:
    """Give back `amount`, or all that is left. `reopens`: what it had paid is owed again. The same key for the same
    amount is the same refund. Call with no transaction open. The answer may be PENDING: the provider, or the janitor,
    tells later.

    Raises DomainError: "not_captured", "payment_disputed", "above_captured", "bad_amount", "mixed_currencies",
    "idempotency_key_invalid", "idempotency_mismatch"."""
    keys.check(idempotency_key)
    with runtime.write() as ctx:
        held = settle.lock(ctx.session, payment.public_id)
        if held is None:
            raise DomainError("not_found")
        refund = _given_before(ctx, held, idempotency_key, amount) or _reserve(
            ctx, held, amount, idempotency_key, reopens, note
        )
        is_asked = refund.status is not RefundStatus.PENDING or refund.provider_reference is not None
    # Committed: from here on the provider may be asked, and a repeat finds the refund.
    return refund if is_asked else _ask(runtime, payment, refund, announce)


def _given_before(ctx: Context, payment: Payment, key: str, amount: Money | None) -> Refund | None:
    which = (Refund.payment_id == payment.id) & (Refund.key == key)
    known = ctx.session.scalars(sa.select(Refund).where(which)).one_or_none()
    if known is not None and amount is not None and amount.minor != known.amount_minor:
        raise DomainError("idempotency_mismatch")
    return known


def _reserve(ctx: Context, payment: Payment, amount: Money | None, key: str, reopens: bool, note: str) -> Refund:
    left = refundable(ctx, payment)
    wanted = left if amount is None else amount
    _allow(payment, wanted, left)
    refund = Refund(
        merchant_id=payment.merchant_id,
        payment_id=payment.id,
        key=key,
        amount_minor=wanted.minor,
        reopens=reopens,
        note=note.strip()[:NOTE_CHARS],
        status=RefundStatus.PENDING,
        booked_minor=0,
        checks=0,
        created_at=ctx.clock.now(),
        next_check_at=ctx.clock.now() + schedule.REFUND_CHECKS[0],
    )
    ctx.session.add(refund)
    ctx.session.flush()
    return refund


def _allow(payment: Payment, wanted: Money, left: Money) -> None:
    if payment.status is PaymentStatus.DISPUTED:
        raise DomainError("payment_disputed")  # whoever wins it has the money; a refund on top would be a second one
    if payment.status not in PAID_STATUSES:
        raise DomainError("not_captured")
    if wanted.currency != left.currency:
        raise DomainError("mixed_currencies")
    if wanted.minor <= 0:
        raise DomainError("above_captured" if not left else "bad_amount")
    if not wanted <= left:
        raise DomainError("above_captured")


def _ask(runtime: Runtime, payment: Payment, refund: Refund, announce: settle.Announce) -> Refund:
    try:
        word = _gateway_word(runtime, payment, refund)
    except ProviderError as error:
        log.warning("refund.not_answered", refund=refund.public_id, code=error.code, unknown=error.accepted_unknown)
        if not error.permanent or error.accepted_unknown:
            return refund  # the janitor asks
        word = _word(payment, refund, RefundStatus.FAILED, error.code)
    return _hear(runtime, payment, refund, word, announce)


def _gateway_word(runtime: Runtime, payment: Payment, refund: Refund) -> RefundWord:
    if payment.provider == offline.PROVIDER:
        return _word(payment, refund, RefundStatus.SUCCEEDED)  # the merchant hands it over itself
    return runtime.ports.gateways[payment.provider].refund(_wanted(payment, refund))


def _word(payment: Payment, refund: Refund, status: RefundStatus, code: str | None = None) -> RefundWord:
    amount = Money(refund.amount_minor, payment.currency)
    return RefundWord(refund.public_id, refund.provider_reference or refund.public_id, status, amount, code)


def _wanted(payment: Payment, refund: Refund) -> StartRefund:
    amount = Money(refund.amount_minor, payment.currency)
    return StartRefund(refund.public_id, payment.public_id, payment.provider_reference, amount)


def _hear(runtime: Runtime, payment: Payment, refund: Refund, word: RefundWord, announce: settle.Announce) -> Refund:
    event = GatewayEvent(None, payment.public_id, "", GatewayEventKind.REFUND, payment.amount, refund=word)
    with runtime.write() as ctx:
        settlement = settle.apply(ctx, payment.provider, event)
        if settlement is not None:
            announce(ctx, settlement)
        fresh = ctx.session.get_one(Refund, refund.id)
        if fresh.status is RefundStatus.PENDING:
            fresh.provider_reference = fresh.provider_reference or word.provider_reference
    return fresh


# --- the janitor's part ----------------------------------------------------------------------------------------------
def resolve_due(runtime: Runtime, announce: settle.Announce = settle.silent) -> list[Refund]:
    """Ask about refunds that nobody has ended yet; returns those that have ended now."""
    resolved = each(_due(runtime), lambda due: _resolve(runtime.of(due.merchant_id), due.id, announce))
    return [refund for refund in resolved if refund is not None and refund.status is not RefundStatus.PENDING]


def _due(runtime: Runtime) -> Sequence[sa.Row[int, int]]:
    """Refunds of all merchants, by their ids."""
    with runtime.read() as ctx:
        due = sa.select(Refund.id, Refund.merchant_id).where(*_is_due(ctx))
        return ctx.session.execute(due.order_by(Refund.next_check_at).limit(BATCH)).all()


def _is_due(ctx: Context) -> tuple[sa.ColumnElement[bool], ...]:
    return Refund.next_check_at <= ctx.clock.now(), Refund.status == RefundStatus.PENDING


def _claim(runtime: Runtime, refund_id: int) -> tuple[Refund, Payment] | None:
    """None: somebody else has it."""
    with runtime.write() as ctx:
        mine = sa.select(Refund).where(Refund.id == refund_id, *_is_due(ctx))
        refund = ctx.session.scalars(mine.with_for_update(skip_locked=True)).one_or_none()
        if refund is None:
            return None
        refund.checks += 1
        left = schedule.REFUND_CHECKS[refund.checks :]
        refund.next_check_at = ctx.clock.now() + left[0] if left else None
        if not left:
            log.error("refund.unresolved", refund=refund.public_id)
        return refund, ctx.session.get_one(Payment, refund.payment_id)


def _resolve(runtime: Runtime, refund_id: int, announce: settle.Announce) -> Refund | None:
    """One that never arrived there is asked for again, under its own reference: there is none that it could double."""
    claimed = _claim(runtime, refund_id)
    if claimed is None:
        return None
    refund, payment = claimed
    gateway = runtime.ports.gateways.get(payment.provider)
    if gateway is None:
        return _ask(runtime, payment, refund, announce)
    try:
        word = gateway.find_refund(_wanted(payment, refund))
    except ProviderError as error:
        log.warning("refund.not_answered", refund=refund.public_id, code=error.code)
        return None
    return _hear(runtime, payment, refund, word, announce) if word else _ask(runtime, payment, refund, announce)
