"""Paying without an invoice: an amount, a description and a name. Where it lands, the merchant has chosen
(payments/landing.py). Only for a customer who has shown who they are."""

from dataclasses import dataclass

from models.context import Context, Runtime
from models.customer import Customer
from models.errors import DomainError
from models.merchant import Merchant
from models.money import MAX_MINOR, Money
from models.payment import DESCRIPTION_CHARS, ONLINE_METHODS, PAYER_CHARS, Method, Payment
from payments import fees, keys, opening
from payments.opening import Plan
from payments.starting import BeginResult, start


@dataclass(frozen=True, slots=True)
class Wish:
    """What the customer typed and was shown. `return_url`: where the provider sends them back to; the payment's public
    id is put behind it, after a slash."""

    customer_id: int
    method: Method
    amount: Money
    description: str
    payer_name: str
    return_url: str
    shown_fee: Money | None = None
    terms_version: int | None = None


def begin(runtime: Runtime, wish: Wish, *, idempotency_key: str) -> BeginResult:
    """Start a payment without an invoice. Call with no transaction open. Raises DomainError: "custom_not_allowed",
    "bad_amount", "mixed_currencies", "amount_changed" (another fee than shown), "terms_changed", "terms_missing",
    "mode_mismatch", "method_unknown", "not_found" (they were erased meanwhile), "idempotency_key_invalid",
    "idempotency_mismatch"."""
    keys.check(idempotency_key)
    fingerprint = keys.fingerprint(wish)
    with runtime.write() as ctx:
        customer = ctx.session.get_one(Customer, wish.customer_id)
        answer = keys.answer(
            ctx, customer.merchant_id, idempotency_key, fingerprint, lambda: _open(ctx, customer, wish)
        )
    if isinstance(answer, str):
        raise DomainError(answer)
    return start(runtime, answer)


def _open(ctx: Context, customer: Customer, wish: Wish) -> Payment:
    ctx.session.refresh(customer, with_for_update={"key_share": True})
    if customer.erased_at is not None:
        raise DomainError("not_found")
    merchant = ctx.session.get_one(Merchant, customer.merchant_id)
    _allow(merchant, wish)
    opening.check_mode(ctx, customer.mode)
    quote = fees.quote(merchant, wish.method, wish.amount)
    if quote.fee and quote.fee != wish.shown_fee:
        raise DomainError("amount_changed")
    return opening.open_payment(
        ctx,
        Plan(
            merchant_id=merchant.id,
            customer_id=customer.id,
            mode=customer.mode,
            method=wish.method,
            quote=quote,
            provider=ctx.ports.gateway.name,
            description=wish.description.strip()[:DESCRIPTION_CHARS],
            payer_name=wish.payer_name.strip()[:PAYER_CHARS] or None,
            return_url=wish.return_url,
            terms_version=wish.terms_version,
        ),
    )


def _allow(merchant: Merchant, wish: Wish) -> None:
    if not merchant.allows_custom:
        raise DomainError("custom_not_allowed")
    if wish.method not in ONLINE_METHODS:
        raise DomainError("method_unknown")
    if wish.amount.currency != merchant.currency:
        raise DomainError("mixed_currencies")
    if not 0 < wish.amount.minor <= MAX_MINOR:
        raise DomainError("bad_amount")
    opening.check_terms(merchant, wish.terms_version)
