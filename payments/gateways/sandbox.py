"""The port's end of the sandbox bank: its words become ours here, both directions. Production refuses it."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from pydantic import BaseModel

from models.errors import DomainError, MalformedWebhook, ProviderError
from models.money import Money
from models.ports import GatewayEvent, GatewayEventKind, StartedPayment, StartPayment, WebhookRequest
from payments.gateways import signatures
from payments.gateways.bank import Bank, BankSession, Status
from payments.gateways.troubles import Trouble

log = structlog.get_logger()

SLOW_S = 3.0

_KINDS: dict[str, GatewayEventKind | None] = {
    "payment.created": None,  # we were there
    "payment.processing": GatewayEventKind.PROCESSING,
    "payment.succeeded": GatewayEventKind.SUCCEEDED,
    "payment.failed": GatewayEventKind.FAILED,
    "payment.cancelled": GatewayEventKind.CANCELLED,
    "payment.returned": GatewayEventKind.RETURNED,
}


class _Payment(BaseModel, strict=True, frozen=True):
    id: str
    reference: str
    amount: int
    currency: str
    method_label: str | None
    failure_code: str | None


class _Envelope(BaseModel, strict=True, frozen=True):
    """An event; `payment` is looked into only where we know the type."""

    id: str
    type: str
    payment: dict[str, Any]


class SandboxGateway:
    name = "sandbox"

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
        return StartedPayment(session.id, f"{self._base_url}/bank/{session.id}")

    def fetch(self, reference: str, provider_reference: str | None) -> GatewayEvent | None:  # noqa: ARG002 - the port's
        self._reach()
        session = self._bank.find(reference)
        if session is None or session.status is Status.OPEN:
            return None
        kind = _known(f"payment.{session.status.value}")
        return _event(None, kind, _described(session)) if kind is not None else None

    def cancel(self, reference: str, provider_reference: str | None) -> bool:  # noqa: ARG002 - the port's
        self._reach()
        return self._bank.refuse(reference)

    def parse_event(self, request: WebhookRequest) -> GatewayEvent | None:
        signatures.verify(request, self._secrets, self._bank.clock.now())
        try:
            envelope = _Envelope.model_validate_json(request.body)
            kind = _known(envelope.type)
            return _event(envelope.id, kind, _Payment.model_validate(envelope.payment)) if kind is not None else None
        except (ValueError, DomainError) as error:
            raise MalformedWebhook from error

    def _reach(self) -> None:
        if self._bank.troubles.strikes(Trouble.DOWN):
            raise ProviderError("unreachable")
        if self._bank.troubles.strikes(Trouble.SLOW):
            self._sleep(SLOW_S)


def _known(kind: str) -> GatewayEventKind | None:
    if kind not in _KINDS:
        log.info("bank.unknown_event", kind=kind)
    return _KINDS.get(kind)


def _event(event_id: str | None, kind: GatewayEventKind, payment: _Payment) -> GatewayEvent:
    return GatewayEvent(
        event_id=event_id,
        reference=payment.reference,
        provider_reference=payment.id,
        kind=kind,
        amount=Money(payment.amount, payment.currency),
        method_label=payment.method_label,
        failure_code=payment.failure_code,
    )


def _described(session: BankSession) -> _Payment:
    return _Payment(
        id=session.id,
        reference=session.reference,
        amount=session.amount.minor,
        currency=session.amount.currency,
        method_label=session.method_label,
        failure_code=session.failure_code,
    )
