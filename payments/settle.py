"""What a provider's word does to a payment, its invoices and the ledger: once per effect, in any order, all or nothing.
Takes amounts from the provider only to compare them with ours."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models import events
from models.context import Context, Runtime
from models.invoice import Invoice, InvoiceStatus
from models.money import Money
from models.paylink import PayLink
from models.payment import Allocation, Payment, PaymentEvent, PaymentStatus
from models.ports import GatewayEvent, GatewayEventKind
from models.webhook import EventType
from payments import invoices, ledger, schedule

log = structlog.get_logger()


class Alert(StrEnum):
    """What the merchant must look at."""

    UNAPPLIED_CREDIT = "unapplied_credit"
    """Money came that no invoice takes any more."""
    AMOUNT_MISMATCH = "amount_mismatch"
    """The provider's amount is not ours: booked as credit, nothing marked paid."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What an event changed. `became` None: nothing that anybody needs to be told."""

    payment: Payment
    became: PaymentStatus | None
    alert: Alert | None = None


Announce = Callable[[Context, Settlement], None]
"""Called in the settlement's own transaction, so that what is said and what is booked stand or fall together."""

_S = PaymentStatus
# The furthest thing heard decides, whatever came first. CANCELLED and FAILED are equal: no money, the first one stays.
_RANK = {
    _S.CREATED: 0,
    _S.SUBMITTED: 0,
    _S.UNKNOWN: 0,
    _S.PROCESSING: 1,
    _S.CANCELLED: 2,
    _S.FAILED: 2,
    _S.SUCCEEDED: 3,
    _S.REFUNDED: 4,
    _S.RETURNED: 5,
}


_TOLD = {
    _S.PROCESSING: EventType.PAYMENT_PROCESSING,
    _S.SUCCEEDED: EventType.PAYMENT_SUCCEEDED,
    _S.FAILED: EventType.PAYMENT_FAILED,
    _S.CANCELLED: EventType.PAYMENT_CANCELLED,
    _S.RETURNED: EventType.PAYMENT_RETURNED,
}
"""What merchants' programs hear of."""


def silent(_ctx: Context, _settlement: Settlement) -> None:
    """Tells nobody."""


def apply(ctx: Context, provider: str, event: GatewayEvent) -> Settlement | None:
    """Settle one event inside the caller's transaction. None: about no payment of ours."""
    payment = lock(ctx.session, event.reference)
    if payment is None or payment.provider != provider:
        log.warning("settle.not_ours", provider=provider, reference=event.reference, kind=event.kind.value)
        return None
    if not note(ctx, payment, _effect(event), event):
        return Settlement(payment, None)
    before = payment.status
    payment.provider_reference = payment.provider_reference or event.provider_reference or None
    payment.method_label = event.method_label or payment.method_label
    alert = _EFFECTS[event.kind](ctx, payment, event)
    ctx.session.flush()
    became = payment.status if payment.status is not before else None
    if became in _TOLD:
        events.payment(ctx, _TOLD[became], payment)
    log.info("settle.applied", payment=payment.public_id, kind=event.kind.value, became=became, alert=alert)
    return Settlement(payment, became, alert)


def record(runtime: Runtime, provider: str, event: GatewayEvent, announce: Announce = silent) -> Settlement | None:
    """Settle one event in a transaction of its own."""
    with runtime.write() as ctx:
        settlement = apply(ctx, provider, event)
        if settlement is not None:
            announce(ctx, settlement)
    return settlement


def lock(session: Session, public_id: str) -> Payment | None:
    """The payment, fresh, held until the transaction ends. Taken before its invoices' locks, never after."""
    # key_share: whoever begins holds invoices while a foreign key of theirs glances at the payment.
    return session.scalars(
        sa.select(Payment)
        .where(Payment.public_id == public_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()


def note(ctx: Context, payment: Payment, effect: str, event: GatewayEvent | None = None) -> bool:
    """Add to the payment's history. False: this event, or another with the same effect, is in it already."""
    insert = postgresql.insert if ctx.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(PaymentEvent).values(
        payment_id=payment.id,
        provider=payment.provider,
        provider_event_id=event.event_id if event else None,
        effect=effect,
        detail={"failure_code": event.failure_code} if event and event.failure_code else None,
        created_at=ctx.clock.now(),
    )
    return ctx.session.execute(statement.on_conflict_do_nothing().returning(PaymentEvent.id)).first() is not None


def release(ctx: Context, payment: Payment) -> list[Invoice]:
    """End the attempt: its invoices, now locked, can be paid by another one."""
    shares = ctx.session.scalars(sa.select(Allocation).where(Allocation.payment_id == payment.id)).all()
    # The invoices' locks come first: whoever begins holds them while it looks for open shares.
    held = invoices.lock(ctx.session, [share.invoice_id for share in shares])
    for share in shares:
        share.is_open = False
    payment.finished_at = payment.finished_at or ctx.clock.now()
    payment.next_check_at = None
    ctx.session.flush()
    return held


def _effect(event: GatewayEvent) -> str:
    """Names what an event would do, so that the same deed under another event id changes nothing."""
    if event.kind in (GatewayEventKind.SUCCEEDED, GatewayEventKind.RETURNED):
        return f"{event.kind.value}:{event.amount.minor}:{event.amount.currency}"
    return event.kind.value


def _advance(payment: Payment, status: PaymentStatus) -> bool:
    if _RANK[status] <= _RANK[payment.status]:
        return False
    payment.move_to(status)
    return True


def _processing(ctx: Context, payment: Payment, _event: GatewayEvent) -> None:
    if _advance(payment, _S.PROCESSING):
        schedule.restart(payment, ctx.clock.now())


def _ended(ctx: Context, payment: Payment, event: GatewayEvent) -> None:
    status = _S.FAILED if event.kind is GatewayEventKind.FAILED else _S.CANCELLED
    if _advance(payment, status):
        payment.failure_code = event.failure_code
        release(ctx, payment)


def _succeeded(ctx: Context, payment: Payment, event: GatewayEvent) -> Alert | None:
    owing = release(ctx, payment)
    matches = event.amount == payment.amount
    shares = _shares(ctx, payment, owing) if matches else []
    credit = ledger.capture(ctx, payment, event.amount, shares)
    if matches:
        if _advance(payment, _S.SUCCEEDED):
            payment.failure_code = None
        _spend_link(ctx, payment)
    elif _advance(payment, _S.FAILED):
        payment.failure_code = Alert.AMOUNT_MISMATCH.value
    if payment.status is _S.RETURNED:  # the return overtook the success
        ledger.reverse(ctx, payment, owing)
        return None
    return _alert(payment, matches, credit)


def _returned(ctx: Context, payment: Payment, event: GatewayEvent) -> Alert | None:
    owing = release(ctx, payment)
    booked = ledger.received(ctx.session, payment)
    if event.amount not in (booked or [payment.amount]):
        return _alert(payment, False, event.amount)
    ledger.reverse(ctx, payment, owing)
    if _advance(payment, _S.RETURNED):
        payment.failure_code = event.failure_code
    return None


def _shares(ctx: Context, payment: Payment, owing: list[Invoice]) -> list[tuple[Invoice, int]]:
    """What each invoice still takes. A voided or paid one takes nothing, and a lowered one no more than it asks."""
    planned = dict(
        ctx.session.execute(
            sa.select(Allocation.invoice_id, Allocation.amount_minor).where(Allocation.payment_id == payment.id)
        ).all()
    )
    takers = [i for i in owing if i.status in (InvoiceStatus.OPEN, InvoiceStatus.UNCOLLECTIBLE)]
    shares = [(i, min(planned[i.id], i.balance_minor)) for i in takers]
    return [(i, share) for i, share in shares if share > 0]


def _spend_link(ctx: Context, payment: Payment) -> None:
    link = ctx.session.get(PayLink, payment.pay_link_id) if payment.pay_link_id is not None else None
    if link is not None and link.spent_at is None:
        link.spent_at = ctx.clock.now()


def _alert(payment: Payment, matches: bool, credit: Money) -> Alert | None:
    if matches and not credit:
        return None
    alert = Alert.UNAPPLIED_CREDIT if matches else Alert.AMOUNT_MISMATCH
    log.error(
        "settle.alert", payment=payment.public_id, alert=alert.value, minor=credit.minor, currency=credit.currency
    )
    return alert


_EFFECTS: dict[GatewayEventKind, Callable[[Context, Payment, GatewayEvent], Alert | None]] = {
    GatewayEventKind.PROCESSING: _processing,
    GatewayEventKind.SUCCEEDED: _succeeded,
    GatewayEventKind.FAILED: _ended,
    GatewayEventKind.CANCELLED: _ended,
    GatewayEventKind.RETURNED: _returned,
}
