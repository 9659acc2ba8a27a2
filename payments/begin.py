"""Pressing "pay": reserve the invoices, commit, start at the provider. Amounts and invoices come from the database;
what the page showed is compared, never used."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from models.context import Context, Runtime
from models.errors import DomainError
from models.idempotency import KEY_MAX_CHARS, IdempotencyKey
from models.invoice import Invoice, InvoiceStatus
from models.money import Money
from models.paylink import PayLink, PayLinkInvoice, PayLinkState
from models.payment import Allocation, Method, Payment, PaymentStatus
from payments import attempts, invoices, links, schedule, settle, standing
from payments.starting import BeginResult, start

_KEY = re.compile(rf"[!-~]{{1,{KEY_MAX_CHARS}}}")
_READABLE = "23456789BCDFGHJKMNPQRSTVWXZ"  # nothing that looks or sounds like another, no vowels: no words
_DEAD_LINK = {
    PayLinkState.SPENT: "already_paid",
    PayLinkState.REVOKED: "link_revoked",
    PayLinkState.EXPIRED: "link_expired",
}


class PaymentInFlight(DomainError):
    """An invoice is being paid already, by `payment`."""

    def __init__(self, payment: Payment) -> None:
        super().__init__("payment_in_flight")
        self.payment = payment


@dataclass(frozen=True, slots=True)
class _Press:
    token: str
    method: Method
    idempotency_key: str
    shown_total: Money
    shown_version: str | None

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(repr(self).encode()).hexdigest()


class _InTheWay(Exception):
    """Open attempts that may be closed first. Undoes the transaction: the press has not been answered yet."""

    def __init__(self, payments: Sequence[Payment]) -> None:
        super().__init__()
        self.payments = payments


def begin(
    runtime: Runtime,
    token: str,
    method: Method,
    *,
    idempotency_key: str,
    shown_total: Money,
    shown_version: str | None = None,
    announce: settle.Announce = settle.silent,
) -> BeginResult:
    """Start paying what a link covers, or take up the attempt that this link has open already. Call with no transaction
    open. `announce` hears of an older attempt that had to be ended for this one.

    Raises DomainError: "bad_token", "link_expired", "link_revoked", "already_paid", "invoice_void", "amount_changed",
    "idempotency_key_invalid", "idempotency_mismatch"; PaymentInFlight ("payment_in_flight").
    """
    if _KEY.fullmatch(idempotency_key) is None:
        raise DomainError("idempotency_key_invalid")
    press = _Press(token, method, idempotency_key, shown_total, shown_version)
    try:
        payment = _reserve(runtime, press)
    except _InTheWay as found:
        # One round only: whoever closes an attempt for another and meets a third is racing a person, not a leftover.
        for attempt in found.payments:
            attempts.close(runtime, attempt, announce)
        try:
            payment = _reserve(runtime, press)
        except _InTheWay as still:
            raise PaymentInFlight(still.payments[0]) from None
    return start(runtime, payment)


def _reserve(runtime: Runtime, press: _Press) -> Payment:
    with runtime.write() as ctx:
        answer = _answer(ctx, press)
    # Committed, the one time in this package: from here on the provider may be asked, and a repeat finds the answer.
    if isinstance(answer, str):
        raise DomainError(answer)
    return answer


def _answer(ctx: Context, press: _Press) -> Payment | str:
    """The payment, or the code of a refusal. Either is kept with the key."""
    link = links.find(ctx, press.token)
    if not _claim(ctx, link.merchant_id, press):
        return _given_before(ctx, link.merchant_id, press)
    key = ctx.session.get_one(IdempotencyKey, (link.merchant_id, press.idempotency_key))
    try:
        payment = _take_up_or_open(ctx, link, press)
    except PaymentInFlight:
        raise  # passes by itself, so it is no answer to keep
    except DomainError as refusal:
        key.error_code = refusal.code
        return refusal.code
    key.payment_id = payment.id
    return payment


def _claim(ctx: Context, merchant_id: int, press: _Press) -> bool:
    insert = postgresql.insert if ctx.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(IdempotencyKey).values(
        merchant_id=merchant_id,
        key=press.idempotency_key,
        fingerprint=press.fingerprint,
        created_at=ctx.clock.now(),
    )
    claimed = ctx.session.execute(statement.on_conflict_do_nothing().returning(IdempotencyKey.key))
    return claimed.first() is not None


def _given_before(ctx: Context, merchant_id: int, press: _Press) -> Payment | str:
    key = ctx.session.get_one(IdempotencyKey, (merchant_id, press.idempotency_key))
    if key.fingerprint != press.fingerprint:
        raise DomainError("idempotency_mismatch")
    return key.error_code or ctx.session.get_one(Payment, key.payment_id)


def _take_up_or_open(ctx: Context, link: PayLink, press: _Press) -> Payment:
    now = ctx.clock.now()
    ids = ctx.session.scalars(sa.select(PayLinkInvoice.invoice_id).where(PayLinkInvoice.pay_link_id == link.id)).all()
    due = _payable(invoices.lock(ctx.session, ids), press, link.state(now))
    under_way = attempts.open_over(ctx.session, ids)
    if not under_way:
        return _open(ctx, link, due, press)
    if len(under_way) == 1 and _is_same(under_way[0], link, press):
        return under_way[0]
    for attempt in under_way:
        if not attempts.may_supersede(attempt, link.conversation_id, now):
            raise PaymentInFlight(attempt)
    raise _InTheWay(under_way)


def _payable(covered: Sequence[Invoice], press: _Press, state: PayLinkState) -> list[Invoice]:
    due = [invoice for invoice in covered if invoice.is_payable]
    if not due:
        paid = any(invoice.status is InvoiceStatus.PAID for invoice in covered)
        raise DomainError("already_paid" if paid else "invoice_void")
    if state is not PayLinkState.OPEN:
        raise DomainError(_DEAD_LINK[state])
    if press.shown_total != standing.total(due):
        raise DomainError("amount_changed")
    if press.shown_version is not None and press.shown_version != standing.version(due):
        raise DomainError("amount_changed")
    return due


def _is_same(payment: Payment, link: PayLink, press: _Press) -> bool:
    same = payment.pay_link_id == link.id and payment.method is press.method and payment.amount == press.shown_total
    return same and payment.status is PaymentStatus.SUBMITTED


def _open(ctx: Context, link: PayLink, due: Sequence[Invoice], press: _Press) -> Payment:
    now, amount = ctx.clock.now(), standing.total(due)
    payment = Payment(
        merchant_id=link.merchant_id,
        customer_id=link.customer_id,
        pay_link_id=link.id,
        conversation_id=link.conversation_id,
        mode=due[0].mode,
        reference=_new_reference(ctx, link.merchant_id),
        method=press.method,
        currency=amount.currency,
        amount_minor=amount.minor,
        status=PaymentStatus.CREATED,
        provider=ctx.ports.gateway.name,
        created_at=now,
        submitted_at=now,
    )
    payment.move_to(PaymentStatus.SUBMITTED)
    schedule.restart(payment, now)
    ctx.session.add(payment)
    ctx.session.flush()
    shares = [{"payment_id": payment.id, "invoice_id": i.id, "amount_minor": i.balance_minor} for i in due]
    ctx.session.execute(sa.insert(Allocation), shares)
    settle.note(ctx, payment, "submitted")
    return payment


def _new_reference(ctx: Context, merchant_id: int) -> str:
    while True:
        reference = "".join(secrets.choice(_READABLE) for _ in range(6))
        taken = sa.select(Payment.id).where(Payment.merchant_id == merchant_id, Payment.reference == reference)
        if ctx.session.scalars(taken).first() is None:
            return reference
