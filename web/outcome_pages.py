"""What customers see once a payment or a link has an outcome: the same contract as web/pages.py, continued."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from models.money import Money
from web.pages import Channel, InvoiceLine, MethodUsed, Page


class Stage(StrEnum):
    """Of a payment in flight: CONFIRMING takes seconds, VERIFYING waits for the customer to confirm small deposits,
    IN_TRANSIT takes banking days, UNKNOWN is being checked."""

    CONFIRMING = "confirming"
    VERIFYING = "verifying"
    IN_TRANSIT = "in_transit"
    UNKNOWN = "unknown"


class Decline(StrEnum):
    """Why no money moved. RETURNED is a bank payment that came back."""

    NOT_APPROVED = "not_approved"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    NOT_CONFIRMED = "not_confirmed"
    """Small deposits, in time or rightly."""
    UNAVAILABLE = "unavailable"


class Reversal(StrEnum):
    REFUNDED = "refunded"
    RETURNED = "returned"


class LinkStop(StrEnum):
    """Why a link no longer opens its page, told by the real state."""

    EXPIRED = "expired"
    REPLACED = "replaced"
    PAID = "paid"
    IN_FLIGHT = "in_flight"
    PART_IN_FLIGHT = "part_in_flight"
    """The others can be paid: by a link of their own, or in the portal."""
    VOIDED = "voided"
    CAME_BACK = "came_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessingPage(Page):
    """A payment in flight. While CONFIRMING, the browser polls `status_url`, which answers JSON
    `{"next": null}` or `{"next": "/path"}` once there is somewhere to go. `check_url` is this page again."""

    template: ClassVar[str] = "web/processing.html"
    stage: Stage
    amount: Money
    method: MethodUsed
    reference: str
    approved_at: datetime
    status_url: str
    check_url: str
    expected_on: date | None = None
    deposits: int = 2
    deposits_on: date | None = None
    are_deposits_here: bool = False
    confirm_url: str | None = None
    """The bank's own page, where small deposits are confirmed."""
    invoices_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptPage(Page):
    """Read-only and long-lived, so it names no address and no phone. `lines` hold the amount paid on each invoice,
    `description` what a payment without one was for, `credited` what no invoice took, `rest` what its link can still
    pay."""

    template: ClassVar[str] = "web/receipt.html"
    amount: Money
    reference: str
    paid_at: datetime
    method: MethodUsed
    payer: str
    lines: Sequence[InvoiceLine]
    fee: Money | None = None
    description: str | None = None
    credited: Money | None = None
    rest: Money | None = None
    rest_url: str | None = None
    sent_by: Sequence[Channel] = ()
    invoices_url: str | None = None
    reversal: Reversal | None = None
    reversed_on: date | None = None
    reversed_amount: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclinedPage(Page):
    template: ClassVar[str] = "web/declined.html"
    reason: Decline
    amount: Money
    reference: str
    method: MethodUsed
    retry_url: str | None = None
    invoices_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStopPage(Page):
    """`resend_action` posts nothing but its CSRF token: the new link goes to the address on file, by `channel`."""

    template: ClassVar[str] = "web/link_stop.html"
    stop: LinkStop
    sign_in_url: str
    channel: Channel = Channel.SMS
    resend_action: str | None = None
    receipt_url: str | None = None
    status_url: str | None = None
    minutes: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSentPage(Page):
    """The same words whether a link was sent or there was no one to send it to."""

    template: ClassVar[str] = "web/link_sent.html"
    channel: Channel
    sign_in_url: str
    minutes: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsubscribePage(Page):
    """GET asks, POST acts: `done` after the redirect."""

    template: ClassVar[str] = "web/unsubscribe.html"
    action: str
    done: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPage(Page):
    """Any status; words exist for 400, 403, 404, 409, 410, 429, 500 and 503, others borrow 400's or 500's.

    `reference` is the request id to quote. `retry_url` is where trying again makes sense.
    """

    template: ClassVar[str] = "web/error.html"
    status: int
    reference: str | None = None
    retry_url: str | None = None
    retry_minutes: int | None = None
