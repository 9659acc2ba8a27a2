"""A provider of payments as Till sees it: one small Protocol and the values that cross it. No vendor's word in here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from models.merchant import Mode
from models.money import Money
from models.payment import Method
from models.ports import WebhookRequest
from models.refund import DisputeStatus, RefundStatus


class GatewayEventKind(StrEnum):
    VERIFYING = "verifying"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    REFUND = "refund"
    DISPUTE = "dispute"


@dataclass(frozen=True, slots=True)
class StartRefund:
    """`reference` is the idempotency key at the provider; `payment` and `provider_reference` name what is refunded."""

    reference: str
    payment: str
    provider_reference: str | None
    amount: Money


@dataclass(frozen=True, slots=True)
class RefundWord:
    """What a provider says of one refund. `reference` None: made by somebody at the provider, not through Till."""

    reference: str | None
    provider_reference: str
    status: RefundStatus
    amount: Money
    failure_code: str | None = None


@dataclass(frozen=True, slots=True)
class DisputeWord:
    provider_reference: str
    status: DisputeStatus
    amount: Money
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ProviderRecord:
    """How a provider's books have one payment at this moment. `kind` None: nobody has confirmed it."""

    reference: str
    provider_reference: str
    kind: GatewayEventKind | None
    amount: Money
    refunded: Money
    created_at: datetime
    fee: Money | None = None
    """What the provider keeps of it for itself, where it tells."""


@dataclass(frozen=True, slots=True)
class StartPayment:
    """`reference` is the idempotency key at the provider: the same one never starts a second payment.
    `short_reference` is what people read out, `description` the numbers of the invoices."""

    reference: str
    short_reference: str
    payee: str
    amount: Money
    method: Method
    description: str
    return_url: str
    expires_at: datetime
    saves_account: bool = False
    saved_token: str | None = None
    """The kept account to take it from."""


@dataclass(frozen=True, slots=True)
class SavedWord:
    """An account that its owner lets us use again. `token` is the provider's name for it."""

    token: str
    name: str
    last4: str


@dataclass(frozen=True, slots=True)
class DepositsWord:
    """Small deposits that the account's owner must confirm on the provider's page, `confirm_url`: two by their amounts,
    one by the code that it carries."""

    count: int
    arrive_at: datetime
    confirm_url: str


@dataclass(frozen=True, slots=True)
class StartedPayment:
    provider_reference: str
    redirect_url: str


@dataclass(frozen=True, slots=True)
class GatewayEvent:
    """A provider's verified word about one payment. `reference` is ours as we gave it. `event_id` None: read by API."""

    event_id: str | None
    reference: str
    provider_reference: str
    kind: GatewayEventKind
    amount: Money
    method_label: str | None = None
    failure_code: str | None = None
    refund: RefundWord | None = None
    """With REFUND."""
    dispute: DisputeWord | None = None
    """With DISPUTE."""
    saved: SavedWord | None = None
    fee: Money | None = None
    """With SUCCEEDED: what the provider keeps of it for itself, where it tells."""
    deposits: DepositsWord | None = None
    """With VERIFYING."""


class Gateway(Protocol):
    name: str
    mode: Mode | None
    """Whose payments it takes: those of tests, or those of customers. None: it moves no real money, and takes both."""
    keeps_accounts: bool
    """Whether accounts can be saved there."""
    confirms_kept: bool
    """Whether a kept account is confirmed once more, on the provider's page."""

    def start(self, payment: StartPayment) -> StartedPayment:
        """Raises ProviderError; `accepted_unknown` when the provider may have begun."""
        ...

    def fetch(self, reference: str, provider_reference: str | None) -> GatewayEvent | None:
        """The provider's present word, None if it has nothing final or never had the payment. Raises ProviderError."""
        ...

    def cancel(self, reference: str, provider_reference: str | None) -> bool:
        """Close an attempt that nobody confirmed, or that never arrived (no provider_reference): no money moves for it
        any more. False if it was confirmed meanwhile, or waits for small deposits where the provider takes no word
        back: fetch it. Raises ProviderError."""
        ...

    def refund(self, wanted: StartRefund) -> RefundWord:
        """Give money back: once for a reference, however often asked. Raises ProviderError; `accepted_unknown` when it
        may have been done."""
        ...

    def find_refund(self, wanted: StartRefund) -> RefundWord | None:
        """The provider's present word on a refund, None if it never had it. Raises ProviderError."""
        ...

    def refunds_of(self, payment: str, provider_reference: str | None) -> Sequence[RefundWord]:
        """All of one payment, whoever asked for them. Raises ProviderError."""
        ...

    def forget(self, token: str) -> None:
        """Let nobody use a saved account any more. Raises ProviderError."""
        ...

    def list_since(self, since: datetime) -> Iterator[ProviderRecord]:
        """Every payment of ours that was started there since then, the newest first. Raises ProviderError."""
        ...

    def parse_event(self, request: WebhookRequest) -> GatewayEvent | None:
        """Verified and parsed; None for an event that is none of ours. Raises UnverifiedWebhook, MalformedWebhook."""
        ...
