"""What Stripe says of sessions, charges and disputes, as far as Till reads it, and what it means. Talks to nobody."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import structlog
from pydantic import BaseModel

from models.errors import DomainError, ProviderError
from models.gateway import DepositsWord, GatewayEvent, GatewayEventKind, ProviderRecord, SavedWord
from models.money import Money

log = structlog.get_logger()

_DIGITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV"), 0),
    **dict.fromkeys(("XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "JOD", "KWD", "OMR", "TND"), 3),
}
"""Stripe's own, two for any other: not ISO 4217's. ISK and UGX have none there, yet Stripe wants two, always 00."""
_BRANDS = {
    "amex": "American Express",
    "cartes_bancaires": "Cartes Bancaires",
    "diners": "Diners Club",
    "discover": "Discover",
    "eftpos_au": "eftpos",
    "jcb": "JCB",
    "link": "Link",
    "mastercard": "Mastercard",
    "unionpay": "UnionPay",
    "visa": "Visa",
}
_FAILED_INTENTS = frozenset({"requires_payment_method", "canceled"})
"""Of a completed session: the debit did not work, and nobody can try another account on the same page."""
_FAILURES = {
    "payment_method_microdeposit_verification_attempts_exceeded": "deposits_wrong",
    "payment_method_microdeposit_verification_descriptor_code_mismatch": "deposits_wrong",
    "payment_method_microdeposit_verification_amounts_mismatch": "deposits_wrong",
    "payment_method_microdeposit_verification_timeout": "deposits_late",
    "payment_method_microdeposit_failed": "deposits_refused",
    "payment_method_microdeposit_processing_error": "deposits_refused",
}
"""Why small deposits were not confirmed, in the words of every provider. Others stay as they are."""
NAME_CHARS, CODE_CHARS = 35, 64  # with four digits as much as Payment keeps


@dataclass(frozen=True, slots=True)
class Kept:
    """An account that is kept: Stripe's payment method, and the customer that it is kept for. Nobody else's customer:
    it stands for this one account and holds no name of ours."""

    customer: str
    method: str

    @property
    def token(self) -> str:
        return f"{self.customer}/{self.method}"

    @classmethod
    def read(cls, token: str) -> "Kept":
        customer, _, method = token.partition("/")
        return cls(customer, method)


class _Said(BaseModel, strict=True, frozen=True):
    pass


class _Card(_Said):
    brand: str | None = None
    last4: str | None = None


class _Account(_Said):
    bank_name: str | None = None
    last4: str | None = None


class _Details(_Said):
    type: str
    card: _Card | None = None
    us_bank_account: _Account | None = None


class _BalanceTransaction(_Said):
    currency: str
    fee: int


class _Charge(_Said):
    payment_method_details: _Details | None = None
    balance_transaction: _BalanceTransaction | str | None = None
    failure_code: str | None = None
    amount_refunded: int = 0


class _Refusal(_Said):
    code: str | None = None
    decline_code: str | None = None


class _Microdeposits(_Said):
    arrival_date: int
    hosted_verification_url: str
    microdeposit_type: str | None = None


class _NextAction(_Said):
    verify_with_microdeposits: _Microdeposits | None = None


class Intent(_Said):
    id: str = ""
    status: str
    next_action: _NextAction | None = None
    payment_method: str | None = None
    last_payment_error: _Refusal | None = None
    latest_charge: _Charge | str | None = None


class Session(_Said):
    """`payment_intent` is no more than an id where it was not asked for in full."""

    id: str
    created: int = 0
    client_reference_id: str | None = None
    url: str | None = None
    status: str | None = None
    payment_status: str = ""
    amount_total: int | None = None
    currency: str | None = None
    customer: str | None = None
    payment_intent: Intent | str | None = None

    @property
    def intent(self) -> Intent | None:
        return self.payment_intent if isinstance(self.payment_intent, Intent) else None

    @property
    def fee(self) -> Money | None:
        """What Stripe keeps, once the money is in its balance; in the currency of the account's balance."""
        booked = self.charge.balance_transaction if self.charge else None
        if not isinstance(booked, _BalanceTransaction):
            return None
        try:
            return money(booked.fee, booked.currency)
        except DomainError as error:
            log.error("stripe.unknown_money", session=self.id, code=error.code, currency=booked.currency)
            return None

    @property
    def saved(self) -> SavedWord | None:
        """What it was paid with, where Stripe keeps that for a customer."""
        method = self.intent.payment_method if self.intent else None
        if self.customer is None or method is None or self.details is None:
            return None
        card, account = self.details.card, self.details.us_bank_account
        name = _BRANDS.get(card.brand or "", "") if card else (account.bank_name or "") if account else ""
        last4 = (card.last4 if card else account.last4 if account else None) or ""
        return SavedWord(Kept(self.customer, method).token, name[:NAME_CHARS], last4) if last4 else None

    @property
    def deposits(self) -> DepositsWord | None:
        """Small deposits that its owner has to confirm before the debit begins."""
        action = self.intent.next_action if self.intent and self.intent.status == "requires_action" else None
        told = action.verify_with_microdeposits if action else None
        if told is None:
            return None
        count = 1 if told.microdeposit_type == "descriptor_code" else 2
        return DepositsWord(count, datetime.fromtimestamp(told.arrival_date, UTC), told.hosted_verification_url)

    @property
    def charge(self) -> _Charge | None:
        charge = self.intent.latest_charge if self.intent else None
        return charge if isinstance(charge, _Charge) else None

    @property
    def details(self) -> _Details | None:
        return self.charge.payment_method_details if self.charge else None


class _Data(_Said):
    object: dict[str, Any]


class Envelope(_Said):
    """An event; `data` is looked into only where we know the type."""

    id: str
    type: str
    livemode: bool = False
    data: _Data


# --- money -----------------------------------------------------------------------------------------------------------
def minor_units(money: Money) -> int:
    """Raises ProviderError for an amount that Stripe cannot charge."""
    digits = _DIGITS.get(money.currency, 2)
    amount = money.decimal.scaleb(digits)
    # The partners behind Stripe know two digits only.
    if amount != amount.to_integral_value() or (digits == 3 and amount % 10):
        raise ProviderError("amount_not_chargeable", permanent=True)
    return int(amount)


def money(minor: int, currency: str) -> Money:
    """Raises DomainError for a currency or a fraction that Till does not know."""
    code = currency.upper()
    return Money.of(Decimal(minor).scaleb(-_DIGITS.get(code, 2)), code)


# --- meaning ---------------------------------------------------------------------------------------------------------
def present_kind(session: Session) -> GatewayEventKind | None:
    """None while nobody has confirmed it."""
    if session.status == "expired":
        return GatewayEventKind.CANCELLED
    if session.status != "complete":
        return None
    if session.payment_status == "paid":
        return GatewayEventKind.SUCCEEDED
    if session.deposits is not None:
        return GatewayEventKind.VERIFYING
    failed = session.intent is not None and session.intent.status in _FAILED_INTENTS
    return GatewayEventKind.FAILED if failed else GatewayEventKind.PROCESSING


def event(event_id: str | None, kind: GatewayEventKind, session: Session) -> GatewayEvent | None:
    """None for a session that Till did not open, or whose money it does not know."""
    if session.client_reference_id is None or session.amount_total is None or session.currency is None:
        return None
    failure = _failure(session) if kind is GatewayEventKind.FAILED else None
    return _event(event_id, kind, session, session.amount_total, session.currency, failure)


def record(session: Session) -> ProviderRecord | None:
    """How Stripe has it in its books. None for a session that Till did not open, or whose money it does not know."""
    if session.client_reference_id is None or session.amount_total is None or session.currency is None:
        return None
    try:
        amount = money(session.amount_total, session.currency)
        refunded = money(session.charge.amount_refunded if session.charge else 0, session.currency)
    except DomainError as error:
        log.error("stripe.unknown_money", session=session.id, code=error.code, currency=session.currency)
        return None
    created = datetime.fromtimestamp(session.created, UTC)
    kind = present_kind(session)
    return ProviderRecord(session.client_reference_id, session.id, kind, amount, refunded, created, session.fee)


def _event(
    event_id: str | None, kind: GatewayEventKind, session: Session, minor: int, currency: str, failure: str | None
) -> GatewayEvent | None:
    if session.client_reference_id is None:
        return None
    try:
        amount = money(minor, currency)
    except DomainError as error:
        log.error("stripe.unknown_money", session=session.id, code=error.code, minor=minor, currency=currency)
        return None
    return GatewayEvent(
        event_id=event_id,
        reference=session.client_reference_id,
        provider_reference=session.id,
        kind=kind,
        amount=amount,
        method_label=_label(session.details) if session.details else None,
        failure_code=_FAILURES.get(failure, failure)[:CODE_CHARS] if failure else None,
        saved=session.saved,
        fee=session.fee if kind is GatewayEventKind.SUCCEEDED else None,
        deposits=session.deposits if kind is GatewayEventKind.VERIFYING else None,
    )


def _failure(session: Session) -> str | None:
    refusal = session.intent.last_payment_error if session.intent else None
    told = (refusal.decline_code or refusal.code) if refusal else None
    return told or (session.charge.failure_code if session.charge else None)


def _label(details: _Details) -> str | None:
    """Kind and last digits, e.g. "Visa 4242"."""
    if details.card is not None:
        return _joined(_BRANDS.get(details.card.brand or "", ""), details.card.last4)
    if details.us_bank_account is not None:
        return _joined(details.us_bank_account.bank_name or "", details.us_bank_account.last4)
    return _BRANDS.get(details.type)


def _joined(name: str, last4: str | None) -> str | None:
    return f"{name[:NAME_CHARS]} {last4 or ''}".strip()[: NAME_CHARS + 5] or None
