"""The port's end of the sandbox bank: its words become ours here, both directions. Production refuses it."""

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

import structlog

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
        return _event(None, f"payment.{session.status.value}", _as_json(session))

    def cancel(self, reference: str, provider_reference: str | None) -> bool:  # noqa: ARG002 - the port's
        self._reach()
        return self._bank.refuse(reference)

    def parse_event(self, request: WebhookRequest) -> GatewayEvent | None:
        signatures.verify(request, self._secrets, self._bank.clock.now())
        try:
            body = json.loads(request.body)
            return _event(str(body["id"]), str(body["type"]), body["payment"])
        except (ValueError, KeyError, TypeError, DomainError) as error:
            raise MalformedWebhook from error

    def _reach(self) -> None:
        if self._bank.troubles.strikes(Trouble.DOWN):
            raise ProviderError("unreachable")
        if self._bank.troubles.strikes(Trouble.SLOW):
            self._sleep(SLOW_S)


def _event(event_id: str | None, kind: str, payment: dict[str, Any]) -> GatewayEvent | None:
    known = _KINDS.get(kind)
    if known is None:
        if kind not in _KINDS:
            log.info("bank.unknown_event", kind=kind)
        return None
    return GatewayEvent(
        event_id=event_id,
        reference=payment["reference"],
        provider_reference=payment["id"],
        kind=known,
        amount=Money(payment["amount"], payment["currency"]),
        method_label=payment["method_label"],
        failure_code=payment["failure_code"],
    )


def _as_json(session: BankSession) -> dict[str, Any]:
    return {
        "id": session.id,
        "reference": session.reference,
        "amount": session.amount.minor,
        "currency": session.amount.currency,
        "method_label": session.method_label,
        "failure_code": session.failure_code,
    }
