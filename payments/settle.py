"""What a provider's word does to a payment, its invoices and the ledger: once per effect, in any order, all or nothing.
Takes amounts from the provider only to compare them with ours."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from models.context import Context, Runtime
from models.customer import Customer
from models.gateway import GatewayEvent, GatewayEventKind
from models.invoice import Invoice
from models.ledger import LedgerEntry
from models.money import Money
from models.payment import Allocation, Payment, PaymentStatus
from models.refund import Dispute, DisputeStatus, Refund, RefundStatus
from payments import accounts, invoices, landing, ledger, reversals, schedule, takebacks, telling
from payments.advancing import advance
from payments.effects import note

log = structlog.get_logger()


class Alert(StrEnum):
    """What the merchant must look at."""

    UNAPPLIED_CREDIT = "unapplied_credit"
    """Money came that no invoice takes any more."""
    AMOUNT_MISMATCH = "amount_mismatch"
    """The provider's amount is not ours: booked as credit, nothing marked paid."""
    RETURNED = "returned"
    """A bank debit came back; what it paid is owed again."""
    DISPUTED = "disputed"
    """A card holder says no: the merchant has days to answer the provider."""
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    REFUND_FAILED = "refund_failed"
    TAKEN_TWICE = "taken_twice"
    """More was taken back at the provider than the payment had brought: refunded and disputed, too."""
    UNRESOLVED = "unresolved"
    """The provider has no final word on it, and nobody will ask any more."""


Alarm = tuple[Alert, Money] | None
Heard = tuple[Alarm, Refund | Dispute | None]


@dataclass(frozen=True, slots=True)
class Settlement:
    """What an event changed. `became` None: nothing that anybody needs to be told."""

    payment: Payment
    became: PaymentStatus | None
    alert: Alert | None = None
    alerted: Money | None = None
    """The money that the alert is about."""
    news: Refund | Dispute | None = None
    """What it is about beside the payment itself."""
    are_deposits_here: bool = False
    """The small deposits that its owner has to confirm are in the account."""

    @property
    def is_good_again(self) -> bool:
        """A dispute was won, a refund has failed after all: the payment stands as before, and has its receipt."""
        return self.became is PaymentStatus.SUCCEEDED and self.news is not None


Announce = Callable[[Context, Settlement], None]
"""Called in the settlement's own transaction, so that what is said and what is booked stand or fall together."""

_S = PaymentStatus
_DISPUTE_ALERTS = {
    DisputeStatus.OPEN: Alert.DISPUTED,
    DisputeStatus.WON: Alert.DISPUTE_WON,
    DisputeStatus.LOST: Alert.DISPUTE_LOST,
}
FEE_BORNE = "fee_borne"
REFERENCE_CHARS = 64
"""Of a refund's or dispute's reference, where an effect is named after it."""


def silent(_ctx: Context, _settlement: Settlement) -> None:
    """Tells nobody."""


def apply(ctx: Context, provider: str, event: GatewayEvent) -> Settlement | None:
    """Settle one event inside the caller's transaction. None: about no payment of ours."""
    payment = lock(ctx.session, event.reference)
    if payment is None or payment.provider != provider:
        log.warning("settle.not_ours", provider=provider, reference=event.reference, kind=event.kind.value)
        return None
    ctx.turn_to(payment.merchant_id)
    if not note(ctx, payment, _effect(event), event):
        _bear_fee(ctx, payment, event)  # it may be known only now
        return Settlement(payment, None)
    before = payment.status
    payment.provider_reference = payment.provider_reference or event.provider_reference or None
    customer = ctx.session.get_one(Customer, payment.customer_id)  # held: whoever tells of it asks for it again
    if customer.erased_at is None:
        payment.method_label = event.method_label or payment.method_label
    if event.saved is not None:
        accounts.hear(ctx, payment, event.saved)
    alarm, news = _EFFECTS[event.kind](ctx, payment, event)
    _bear_fee(ctx, payment, event)
    _sound(payment, alarm)
    ctx.session.flush()
    became = payment.status if payment.status is not before else None
    telling.tell(ctx, payment, became, news)
    log.info("settle.applied", payment=payment.public_id, kind=event.kind.value, became=became)
    alert, alerted = alarm or (None, None)
    return Settlement(payment, became, alert, alerted, news)


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


def hold(ctx: Context, payment: Payment) -> list[Invoice]:
    """Every invoice that it was begun for or has booked on, locked."""
    planned = sa.select(Allocation.invoice_id).where(Allocation.payment_id == payment.id)
    booked = sa.select(LedgerEntry.invoice_id).where(
        LedgerEntry.payment_id == payment.id, LedgerEntry.invoice_id.is_not(None)
    )
    return invoices.lock(ctx.session, planned.union(booked))


def release(ctx: Context, payment: Payment) -> list[Invoice]:
    """End the attempt: its invoices, now locked, can be paid by another one."""
    # The invoices' locks come first: whoever begins holds them while it looks for open shares.
    held = hold(ctx, payment)
    still_open = (Allocation.payment_id == payment.id) & Allocation.is_open
    ctx.session.execute(sa.update(Allocation).where(still_open).values(is_open=False))
    payment.finished_at = payment.finished_at or ctx.clock.now()
    payment.next_check_at = None
    ctx.session.flush()
    return held


def _effect(event: GatewayEvent) -> str:
    """Names what an event would do, so that the same deed under another event id changes nothing."""
    if event.kind in (GatewayEventKind.SUCCEEDED, GatewayEventKind.RETURNED):
        return f"{event.kind.value}:{event.amount.minor}:{event.amount.currency}"
    said = event.refund or event.dispute
    if said is not None:
        return f"{event.kind.value}:{said.provider_reference[:REFERENCE_CHARS]}:{said.status.value}"
    return event.kind.value


def _processing(ctx: Context, payment: Payment, _event: GatewayEvent) -> Heard:
    if advance(payment, _S.PROCESSING):
        schedule.restart(payment, ctx.clock.now())
    return None, None


def _verifying(ctx: Context, payment: Payment, event: GatewayEvent) -> Heard:
    told = event.deposits
    if told is not None and advance(payment, _S.VERIFYING):
        payment.deposits, payment.deposits_at, payment.redirect_url = told.count, told.arrive_at, told.confirm_url
        schedule.restart(payment, ctx.clock.now())
        payment.next_check_at = told.arrive_at
    return None, None


def _ended(ctx: Context, payment: Payment, event: GatewayEvent) -> Heard:
    status = _S.FAILED if event.kind is GatewayEventKind.FAILED else _S.CANCELLED
    if advance(payment, status):
        payment.failure_code = event.failure_code
        accounts.block(ctx, payment, event.failure_code)
        release(ctx, payment)
    return None, None


def _succeeded(ctx: Context, payment: Payment, event: GatewayEvent) -> Heard:
    owing = release(ctx, payment)
    matches = event.amount == payment.amount
    landed = landing.of(ctx, payment, owing) if matches else []
    credit = ledger.capture(ctx, payment, event.amount, landed)
    if matches:
        if advance(payment, _S.SUCCEEDED):
            payment.failure_code = None
        landing.spend_link(ctx, payment)
    elif advance(payment, _S.FAILED):
        payment.failure_code = Alert.AMOUNT_MISMATCH.value
    reversals.follow(ctx, payment, {i.id: i for i in (*owing, *(i for i, _ in landed))}.values())  # heard before this
    if payment.status is _S.RETURNED:
        return None, None
    if not matches:
        return (Alert.AMOUNT_MISMATCH, event.amount), None
    return ((Alert.UNAPPLIED_CREDIT, credit) if credit and not payment.is_custom else None), None


def _returned(ctx: Context, payment: Payment, event: GatewayEvent) -> Heard:
    held = release(ctx, payment)
    brought = Money(takebacks.captured(ctx, payment), payment.currency)
    if event.amount not in (brought, payment.amount):
        return (Alert.AMOUNT_MISMATCH, event.amount), None
    dispute = reversals.hear_return(ctx, payment, event.amount, event.failure_code)
    if dispute is None:
        return None, None
    payment.failure_code = event.failure_code
    accounts.block(ctx, payment, event.failure_code)
    return _followed(ctx, payment, held, (Alert.RETURNED, event.amount)), dispute


def _refund(ctx: Context, payment: Payment, event: GatewayEvent) -> Heard:
    if event.refund is None or event.amount.currency != payment.currency:
        return None, None
    held = hold(ctx, payment)
    refund = reversals.hear_refund(ctx, payment, event.refund)
    if refund is None:
        return None, None
    failed = refund.status is RefundStatus.FAILED
    return _followed(ctx, payment, held, (Alert.REFUND_FAILED, event.refund.amount) if failed else None), refund


def _dispute(ctx: Context, payment: Payment, event: GatewayEvent) -> Heard:
    if event.dispute is None or event.amount.currency != payment.currency:
        return None, None
    held = hold(ctx, payment)
    dispute = reversals.hear_dispute(ctx, payment, event.dispute)
    if dispute is None:
        return None, None
    accounts.block(ctx, payment, accounts.DISPUTED)
    if dispute.status is DisputeStatus.LOST:
        payment.failure_code = dispute.reason
    return _followed(ctx, payment, held, (_DISPUTE_ALERTS[dispute.status], event.dispute.amount)), dispute


def _bear_fee(ctx: Context, payment: Payment, event: GatewayEvent) -> None:
    """Once, whenever the provider tells of it."""
    if event.kind is GatewayEventKind.SUCCEEDED and event.fee and note(ctx, payment, FEE_BORNE):
        ledger.bear_fee(ctx, payment, event.fee)


def _followed(ctx: Context, payment: Payment, held: Collection[Invoice], alarm: Alarm) -> Alarm:
    excess = reversals.follow(ctx, payment, held)
    return (Alert.TAKEN_TWICE, excess) if excess else alarm


def _sound(payment: Payment, alarm: Alarm) -> None:
    if alarm is not None:
        alert, money = alarm
        log.error("settle.alert", payment=payment.public_id, alert=alert, minor=money.minor, currency=money.currency)


_EFFECTS: dict[GatewayEventKind, Callable[[Context, Payment, GatewayEvent], Heard]] = {
    GatewayEventKind.VERIFYING: _verifying,
    GatewayEventKind.PROCESSING: _processing,
    GatewayEventKind.SUCCEEDED: _succeeded,
    GatewayEventKind.FAILED: _ended,
    GatewayEventKind.CANCELLED: _ended,
    GatewayEventKind.RETURNED: _returned,
    GatewayEventKind.REFUND: _refund,
    GatewayEventKind.DISPUTE: _dispute,
}
