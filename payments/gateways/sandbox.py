"""The port's end of the sandbox bank: its words become ours here, both directions. Production refuses it."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal

import structlog
from pydantic import BaseModel

from models.errors import DomainError, MalformedWebhook, ProviderError
from models.gateway import (
    DepositsWord,
    DisputeWord,
    GatewayEvent,
    GatewayEventKind,
    ProviderRecord,
    RefundWord,
    SavedWord,
    StartedPayment,
    StartPayment,
    StartRefund,
)
from models.merchant import Mode
from models.money import Money
from models.ports import WebhookRequest
from models.refund import DisputeStatus, RefundStatus
from payments.gateways import bank_deposits, signatures
from payments.gateways.bank import Bank, BankSession, Status
from payments.gateways.bank_tables import Row
from payments.gateways.troubles import Trouble

log = structlog.get_logger()

SLOW_S = 3.0

_KINDS: dict[str, GatewayEventKind | None] = {
    "payment.created": None,  # we were there
    "payment.verifying": GatewayEventKind.VERIFYING,
    "payment.processing": GatewayEventKind.PROCESSING,
    "payment.succeeded": GatewayEventKind.SUCCEEDED,
    "payment.failed": GatewayEventKind.FAILED,
    "payment.cancelled": GatewayEventKind.CANCELLED,
    "payment.returned": GatewayEventKind.RETURNED,
    **dict.fromkeys(("refund.pending", "refund.succeeded", "refund.failed"), GatewayEventKind.REFUND),
    **dict.fromkeys(("dispute.open", "dispute.won", "dispute.lost"), GatewayEventKind.DISPUTE),
}


class _Saved(BaseModel, strict=True, frozen=True):
    token: str
    name: str
    last4: str


class _Payment(BaseModel, strict=True, frozen=True):
    id: str
    reference: str
    amount: int
    currency: str
    method_label: str | None
    failure_code: str | None
    deposits_arrive_at: int | None = None
    fee: int | None = None
    saved: _Saved | None = None


class _Refund(BaseModel, strict=True, frozen=True):
    id: str
    reference: str
    amount: int
    status: Literal["pending", "succeeded", "failed"]
    failure_code: str | None


class _Dispute(BaseModel, strict=True, frozen=True):
    id: str
    amount: int
    status: Literal["open", "won", "lost"]
    reason: str


class _Envelope(BaseModel, strict=True, frozen=True):
    """An event; the parts are looked into only where we know the type."""

    id: str
    type: str
    payment: dict[str, Any]
    refund: dict[str, Any] | None = None
    dispute: dict[str, Any] | None = None


class SandboxGateway:
    name = "sandbox"
    mode: Mode | None = None
    keeps_accounts = True
    confirms_kept = False

    def __init__(
        self, bank: Bank, *, base_url: str, secrets: Sequence[str], sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """`base_url` is where the bank's pages are served, without a trailing slash. All of `secrets` verify."""
        self._bank = bank
        self._base_url = base_url
        self._secrets = secrets
        self._sleep = sleep

    def start(self, payment: StartPayment) -> StartedPayment:
        self._reach()
        if self._bank.troubles.strikes(Trouble.HANGS):
            raise ProviderError("timeout", accepted_unknown=True)
        session = self._bank.open(payment)
        if session.status is Status.OPEN and self._bank.troubles.strikes(Trouble.CHARGES_THEN_HANGS):
            self._bank.charge(payment.reference)
            raise ProviderError("timeout", accepted_unknown=True)
        if session.status is Status.CANCELLED:
            raise ProviderError("session_closed", permanent=True)
        asks_nobody = payment.saved_token is not None
        return StartedPayment(session.id, payment.return_url if asks_nobody else self._page(session.id))

    def fetch(self, reference: str, provider_reference: str | None) -> GatewayEvent | None:  # noqa: ARG002 - the port's
        self._reach()
        session = self._bank.find(reference)
        if session is None or session.status is Status.OPEN:
            return None
        kind = _known(f"payment.{session.status.value}")
        return self._event(None, kind, self._described(session)) if kind is not None else None

    def cancel(self, reference: str, provider_reference: str | None) -> bool:  # noqa: ARG002 - the port's
        self._reach()
        return self._bank.refuse(reference)

    def refund(self, wanted: StartRefund) -> RefundWord:
        self._reach()
        if self._bank.troubles.strikes(Trouble.HANGS):
            raise ProviderError("timeout", accepted_unknown=True)
        done = self._bank.refund(wanted)
        if self._bank.troubles.strikes(Trouble.REFUNDS_THEN_HANGS):
            raise ProviderError("timeout", accepted_unknown=True)
        return _refund_row(done, wanted.amount.currency)

    def find_refund(self, wanted: StartRefund) -> RefundWord | None:
        self._reach()
        found = self._bank.find_refund(wanted.reference)
        return _refund_row(found, wanted.amount.currency) if found is not None else None

    def refunds_of(self, payment: str, provider_reference: str | None) -> Sequence[RefundWord]:  # noqa: ARG002 - the port's
        self._reach()
        session = self._bank.find(payment)
        return [_refund_row(row, session.amount.currency) for row in self._bank.refunds_of(payment)] if session else []

    def forget(self, token: str) -> None:
        self._reach()
        self._bank.forget(token)

    def list_since(self, since: datetime) -> Iterator[ProviderRecord]:
        self._reach()
        for session, refunded in self._bank.opened_since(since):
            yield ProviderRecord(
                reference=session.reference,
                provider_reference=session.id,
                kind=_known(f"payment.{session.status.value}") if session.status is not Status.OPEN else None,
                amount=session.amount,
                refunded=Money(refunded, session.amount.currency),
                created_at=session.created_at,
                fee=session.fee,
            )

    def parse_event(self, request: WebhookRequest) -> GatewayEvent | None:
        signatures.verify(request, self._secrets, self._bank.clock.now())
        try:
            envelope = _Envelope.model_validate_json(request.body)
            kind = _known(envelope.type)
            return self._heard(envelope, kind) if kind is not None else None
        except (ValueError, DomainError) as error:
            raise MalformedWebhook from error

    def _reach(self) -> None:
        if self._bank.troubles.strikes(Trouble.DOWN):
            raise ProviderError("unreachable")
        if self._bank.troubles.strikes(Trouble.SLOW):
            self._sleep(SLOW_S)

    def _page(self, session_id: str) -> str:
        return f"{self._base_url}/bank/{session_id}"

    def _heard(self, envelope: _Envelope, kind: GatewayEventKind) -> GatewayEvent:
        payment = _Payment.model_validate(envelope.payment)
        event = self._event(envelope.id, kind, payment)
        if kind is GatewayEventKind.REFUND:
            refund = _Refund.model_validate(envelope.refund)
            return replace(event, refund=_refund_word(refund, payment.currency), failure_code=None)
        if kind is GatewayEventKind.DISPUTE:
            told = _Dispute.model_validate(envelope.dispute)
            amount = Money(told.amount, payment.currency)
            word = DisputeWord(told.id, DisputeStatus(told.status), amount, told.reason)
            return replace(event, dispute=word, failure_code=None)
        return event

    def _event(self, event_id: str | None, kind: GatewayEventKind, payment: _Payment) -> GatewayEvent:
        return GatewayEvent(
            event_id=event_id,
            reference=payment.reference,
            provider_reference=payment.id,
            kind=kind,
            amount=Money(payment.amount, payment.currency),
            method_label=payment.method_label,
            failure_code=payment.failure_code,
            saved=SavedWord(**payment.saved.model_dump()) if payment.saved is not None else None,
            fee=Money(payment.fee, payment.currency) if payment.fee is not None else None,
            deposits=self._deposits(payment) if kind is GatewayEventKind.VERIFYING else None,
        )

    def _deposits(self, payment: _Payment) -> DepositsWord | None:
        if payment.deposits_arrive_at is None:
            return None
        arrive_at = datetime.fromtimestamp(payment.deposits_arrive_at, UTC)
        return DepositsWord(bank_deposits.COUNT, arrive_at, self._page(payment.id))

    def _described(self, session: BankSession) -> _Payment:
        kept, sent = self._bank.saved_in(session.id), self._bank.deposits_in(session.id)
        return _Payment(
            id=session.id,
            reference=session.reference,
            amount=session.amount.minor,
            currency=session.amount.currency,
            method_label=session.method_label,
            failure_code=session.failure_code,
            fee=session.fee.minor if session.fee is not None else None,
            deposits_arrive_at=int(sent.arrive_at.timestamp()) if sent is not None else None,
            saved=_Saved(token=kept.token, name=kept.name, last4=kept.last4) if kept is not None else None,
        )


def _known(kind: str) -> GatewayEventKind | None:
    if kind not in _KINDS:
        log.info("bank.unknown_event", kind=kind)
    return _KINDS.get(kind)


def _refund_word(refund: _Refund, currency: str) -> RefundWord:
    status = RefundStatus(refund.status)
    return RefundWord(refund.reference, refund.id, status, Money(refund.amount, currency), refund.failure_code)


def _refund_row(row: Row, currency: str) -> RefundWord:
    status = RefundStatus(row.status)
    code = row.failure_code if status is RefundStatus.FAILED else None
    return RefundWord(row.reference, row.id, status, Money(row.amount_minor, currency), code)
