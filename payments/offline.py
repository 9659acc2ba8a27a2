"""Money that the merchant took itself: cash, a check, a transfer. Recorded as a payment that has arrived, so that
receipts, credit and refunds work as for any other."""

from collections.abc import Sequence

from models.context import Context
from models.errors import DomainError
from models.gateway import GatewayEvent, GatewayEventKind
from models.invoice import Invoice
from models.money import MAX_MINOR, Money
from models.payment import DESCRIPTION_CHARS, ONLINE_METHODS, Method, Payment
from payments import closing, fees, invoices, keys, opening, settle, shares
from payments.opening import Plan

PROVIDER = "offline"


def record(
    ctx: Context,
    covered: Sequence[Invoice],
    amount: Money,
    method: Method,
    *,
    idempotency_key: str,
    note: str = "",
    announce: settle.Announce = settle.silent,
) -> Payment:
    """Money for these invoices of one customer, the oldest first; what they do not take is the customer's credit. What
    is being paid of them online and was not confirmed yet is closed. In the caller's transaction; the same key records
    once.

    Raises DomainError: "no_invoices", "not_found" (of several customers), "mixed_currencies", "bad_amount",
    "method_unknown", "invoice_state" (nothing to pay), "idempotency_key_invalid", "idempotency_mismatch"."""
    keys.check(idempotency_key)
    _allow(covered, amount, method)
    fingerprint = keys.fingerprint(PROVIDER, sorted(i.id for i in covered), amount, method, note)
    payment = keys.answer(
        ctx,
        covered[0].merchant_id,
        idempotency_key,
        fingerprint,
        lambda: _open(ctx, covered, amount, method, note),
        passing=DomainError,
    )
    if isinstance(payment, str):
        raise DomainError(payment)
    arrived = GatewayEvent(None, payment.public_id, "", GatewayEventKind.SUCCEEDED, payment.amount)
    settlement = settle.apply(ctx, PROVIDER, arrived)
    if settlement is not None and settlement.became is not None:
        announce(ctx, settlement)
        closing.close_later(ctx, [i.id for i in covered])
    return payment


def _allow(covered: Sequence[Invoice], amount: Money, method: Method) -> None:
    if not covered:
        raise DomainError("no_invoices")
    if method in ONLINE_METHODS:
        raise DomainError("method_unknown")
    if len({(i.merchant_id, i.customer_id, i.mode) for i in covered}) > 1:
        raise DomainError("not_found")
    if {i.currency for i in covered} != {amount.currency}:
        raise DomainError("mixed_currencies")
    if not 0 < amount.minor <= MAX_MINOR:
        raise DomainError("bad_amount")


def _open(ctx: Context, covered: Sequence[Invoice], amount: Money, method: Method, note: str) -> Payment:
    """Its shares hold nothing: money that is here already waits for no attempt."""
    held = invoices.lock(ctx.session, [i.id for i in covered])
    due = [i for i in held if i.is_payable]
    if not due:
        raise DomainError("invoice_state")
    return opening.open_payment(
        ctx,
        Plan(
            merchant_id=due[0].merchant_id,
            customer_id=due[0].customer_id,
            mode=due[0].mode,
            method=method,
            quote=fees.Quote(amount, Money(0, amount.currency)),
            provider=PROVIDER,
            shares=shares.oldest_first(due, amount.minor),
            holds=False,
            description=note.strip()[:DESCRIPTION_CHARS] or None,
        ),
    )
