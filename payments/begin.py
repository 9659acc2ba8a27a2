"""Pressing "pay" behind a link: reserve the invoices, commit, start at the provider. Amounts and invoices come from the
database; what the page showed is compared, never used. Of an open invoice any part may be paid, where the merchant
allows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from models.context import Context, Runtime
from models.errors import DomainError
from models.invoice import Invoice, InvoiceStatus
from models.merchant import Merchant
from models.money import Money
from models.paylink import PayLink, PayLinkInvoice, PayLinkState
from models.payment import ONLINE_METHODS, Allocation, Method, Payment, PaymentStatus
from payments import accounts, attempts, fees, holds, invoices, keys, links, opening, settle, shares, standing
from payments.opening import Plan
from payments.starting import BeginResult, start

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
    shown_fee: Money | None
    amount: Money | None
    named: tuple[tuple[str, Money], ...]
    terms_version: int | None
    saves_account: bool
    saved_account: str | None


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
    shown_fee: Money | None = None,
    amount: Money | None = None,
    named: Mapping[str, Money] | None = None,
    terms_version: int | None = None,
    saves_account: bool = False,
    saved_account: str | None = None,
    announce: settle.Announce = settle.silent,
) -> BeginResult:
    """Start paying what a link covers, or take up the attempt that this link has open already. Call with no transaction
    open. `announce` hears of an older attempt that had to be ended for this one.

    `shown_total`: what the page said is owed in all; `shown_fee`: what it said comes on top (fees.quote). `amount`:
    only so much, the oldest invoice first; `named`: so much of each, by public id. `saved_account`: one kept, by public
    id.

    Raises DomainError: "bad_token", "link_expired", "link_revoked", "already_paid", "invoice_void", "amount_changed",
    "idempotency_key_invalid", "idempotency_mismatch", "method_unknown", "terms_changed", "terms_missing",
    "mode_mismatch", "not_found", and those of shares.part; PaymentInFlight ("payment_in_flight")."""
    keys.check(idempotency_key)
    if method not in ONLINE_METHODS:
        raise DomainError("method_unknown")
    press = _Press(
        token,
        method,
        idempotency_key,
        shown_total,
        shown_version,
        shown_fee,
        amount,
        tuple(sorted((named or {}).items())),
        terms_version,
        saves_account,
        saved_account,
    )
    return start(runtime, _reserve_or_supersede(runtime, press, announce))


def _reserve_or_supersede(runtime: Runtime, press: _Press, announce: settle.Announce) -> Payment:
    try:
        return _reserve(runtime, press)
    except _InTheWay as found:
        # One round only: whoever closes an attempt for another and meets a third is racing a person, not a leftover.
        for attempt in found.payments:
            attempts.close(runtime, attempt, announce)
    try:
        return _reserve(runtime, press)
    except _InTheWay as still:
        raise PaymentInFlight(still.payments[0]) from None


def _reserve(runtime: Runtime, press: _Press) -> Payment:
    with runtime.write() as ctx:
        link = links.find(ctx, press.token)
        answer = keys.answer(
            ctx,
            link.merchant_id,
            press.idempotency_key,
            keys.fingerprint(press),
            lambda: _take_up_or_open(ctx, link, press),
            passing=PaymentInFlight,  # passes by itself, so it is no answer to keep
        )
    # Committed, the one time in this package: from here on the provider may be asked, and a repeat finds the answer.
    if isinstance(answer, str):
        raise DomainError(answer)
    return answer


def _take_up_or_open(ctx: Context, link: PayLink, press: _Press) -> Payment:
    now = ctx.clock.now()
    ids = ctx.session.scalars(sa.select(PayLinkInvoice.invoice_id).where(PayLinkInvoice.pay_link_id == link.id)).all()
    due = _payable(invoices.lock(ctx.session, ids), press, link.state(now))
    plan = _plan(ctx, link, due, press)
    under_way = holds.open_over(ctx.session, ids)
    if not under_way:
        return opening.open_payment(ctx, plan)
    if len(under_way) == 1 and _is_same(ctx, under_way[0], plan):
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


def _plan(ctx: Context, link: PayLink, due: Sequence[Invoice], press: _Press) -> Plan:
    merchant = ctx.session.get_one(Merchant, link.merchant_id)
    opening.check_terms(merchant, press.terms_version)
    opening.check_mode(ctx, due[0].mode)
    wanted = _shares(merchant, due, press)
    quote = fees.quote(merchant, press.method, Money(sum(wanted.values()), due[0].currency))
    if quote.fee and quote.fee != press.shown_fee:
        raise DomainError("amount_changed")  # nobody pays a fee that they were not shown
    return Plan(
        merchant_id=link.merchant_id,
        customer_id=link.customer_id,
        mode=due[0].mode,
        method=press.method,
        quote=quote,
        provider=ctx.ports.gateway.name,
        shares=wanted,
        pay_link_id=link.id,
        conversation_id=link.conversation_id,
        terms_version=press.terms_version,
        saves_account=press.saves_account and ctx.ports.gateway.keeps_accounts,
        saved_account_id=_saved(ctx, link, press),
    )


def _saved(ctx: Context, link: PayLink, press: _Press) -> int | None:
    if press.saved_account is None:
        return None
    account = accounts.find(ctx, link.customer_id, press.saved_account)
    if account.method is not press.method or account.provider != ctx.ports.gateway.name:
        raise DomainError("not_found")
    return account.id


def _shares(merchant: Merchant, due: Sequence[Invoice], press: _Press) -> shares.Shares:
    if press.named:
        return shares.named(merchant, due, dict(press.named))
    return shares.everything(due) if press.amount is None else shares.part(merchant, due, press.amount)


def _is_same(ctx: Context, payment: Payment, plan: Plan) -> bool:
    same = payment.pay_link_id == plan.pay_link_id and payment.method is plan.method
    same = same and (payment.saved_account_id, payment.saves_account) == (plan.saved_account_id, plan.saves_account)
    if not same or payment.status is not PaymentStatus.SUBMITTED or payment.amount != plan.quote.total:
        return False
    held = sa.select(Allocation.invoice_id, Allocation.amount_minor).where(Allocation.payment_id == payment.id)
    return dict(ctx.session.execute(held).all()) == plan.shares
