"""What every page that takes a payment has in common: the form as it was sent, the ways to pay and what they cost, the
terms to accept. Amounts in forms are wishes; what is charged comes from the database."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from flask import g, request, url_for

from models.merchant import Merchant
from models.money import Money
from models.payment import ONLINE_METHODS, Method
from payments import fees
from web import amounts
from web.checkout_pages import PayMethod, Terms
from web.context import runtime
from web.pages import PAY_METHODS, MethodKind, Problem
from web.services import expect_payment

MAX_AMOUNT_DIGITS = 15
KEPT = "kept-"
"""What stands before a kept account's public id where others name a method."""

PROBLEMS: dict[str, Problem] = {
    "bad_amount": Problem.AMOUNT_MALFORMED,
    "above_balance": Problem.AMOUNT_TOO_HIGH,
    "below_minimum": Problem.AMOUNT_TOO_LOW,
    "partial_not_allowed": Problem.PART_REFUSED,
    "method_unknown": Problem.METHOD_MISSING,
    "terms_changed": Problem.TERMS_MISSING,
    "terms_missing": Problem.TERMS_MISSING,
}
"""Refusals that the customer can mend in the same form."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Whose page comes next. Browsers must be told its origin: form-action holds for redirects, too."""

    name: str
    origins: tuple[str, ...] = ()


PROVIDERS = {
    "sandbox": Provider("Sandbox Bank"),
    "stripe": Provider("Stripe", ("https://checkout.stripe.com",)),
}


@dataclass(frozen=True, slots=True)
class Form:
    """`amount` None: nothing typed, or nothing readable. `terms_version` None: not ticked."""

    method: Method | None
    typed_amount: str
    amount: Money | None
    seen_fee: Money
    terms_version: int | None
    key: str
    kept: str | None = None
    """The public id of a kept account; `method` is then only known once it is found."""
    keeps: bool = False

    @property
    def kind(self) -> MethodKind | None:
        return MethodKind(self.method.value) if self.method is not None else None

    def problem(self, merchant: Merchant) -> Problem | None:
        """The first that can be told without looking anything up, from the top of the page."""
        if self.typed_amount and self.amount is None:
            return Problem.AMOUNT_MALFORMED
        if self.method is None:
            return Problem.METHOD_MISSING
        if merchant.terms and self.terms_version != merchant.terms_version:
            return Problem.TERMS_MISSING
        return None

    def needs_fee_shown(self, quote: fees.Quote) -> bool:
        """Nobody pays a fee that they were not shown."""
        return bool(quote.fee) and quote.fee != self.seen_fee


def sent(currency: str) -> Form:
    typed = request.form.get("amount", "").strip()[: amounts.MAX_CHARS]
    return Form(
        method=_method(),
        typed_amount=typed,
        amount=amounts.parse(typed, currency) if typed else None,
        seen_fee=minor("seen_fee", currency),
        terms_version=_number("terms"),
        key=request.headers.get("Idempotency-Key") or request.form.get("idempotency_key", ""),
        kept=_kept(),
        keeps=bool(request.form.get("keep")),
    )


def minor(name: str, currency: str) -> Money:
    """What a page showed, in minor units; nothing readable is no amount, and then the page is shown again."""
    return Money(_number(name) or 0, currency)


def methods(merchant: Merchant, amount: Money) -> Sequence[PayMethod]:
    """Each with what it costs on top of this amount. Lets the page lead to the provider."""
    expect_payment()
    provider = PROVIDERS[runtime().ports.gateway.name]
    g.form_origins = (runtime().site.base_url, *provider.origins)
    return [_pay_method(merchant, kind, amount, provider) for kind in PAY_METHODS]


def terms_of(merchant: Merchant, form: Form | None) -> Terms | None:
    if not merchant.terms:
        return None
    ticked = form is not None and form.terms_version == merchant.terms_version
    url = url_for("terms.show", slug=merchant.slug)
    return Terms(url=url, version=merchant.terms_version, is_ticked=ticked)


def new_key() -> str:
    return secrets.token_hex(16)


def _number(name: str) -> int | None:
    text = request.form.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_AMOUNT_DIGITS else None


def _method() -> Method | None:
    chosen = request.form.get("method", "")
    return next((method for method in ONLINE_METHODS if method.value == chosen), None)


def _kept() -> str | None:
    prefix, _, public_id = request.form.get("method", "").partition(KEPT)
    return public_id if not prefix and public_id else None


def _pay_method(merchant: Merchant, kind: MethodKind, amount: Money, provider: Provider) -> PayMethod:
    quote = fees.quote(merchant, Method(kind.value), amount)
    if not quote.fee:
        return PayMethod(kind=kind, host=provider.name)
    return PayMethod(kind=kind, host=provider.name, fee=quote.fee, total=quote.total)
