"""What a merchant's own programs are told, and where: endpoints, events, and each delivery of one to the other."""

import base64
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identified, stored
from models.errors import DomainError
from models.merchant import Mode

SECRET_BYTES = 24
OLD_SECRET_KEPT = timedelta(hours=24)
"""After a rotation both secrets sign, so that the receiver may change its own in its own time."""
EVENTS_KEPT = timedelta(days=90)


class EventType(StrEnum):
    INVOICE_OPENED = "invoice.opened"
    INVOICE_UPDATED = "invoice.updated"
    INVOICE_PAID = "invoice.paid"
    INVOICE_REOPENED = "invoice.reopened"
    INVOICE_VOIDED = "invoice.voided"
    PAYMENT_VERIFYING = "payment.verifying"
    PAYMENT_PROCESSING = "payment.processing"
    PAYMENT_SUCCEEDED = "payment.succeeded"
    PAYMENT_FAILED = "payment.failed"
    PAYMENT_CANCELLED = "payment.cancelled"
    PAYMENT_RETURNED = "payment.returned"
    PAYMENT_REFUNDED = "payment.refunded"
    PAYMENT_DISPUTED = "payment.disputed"
    PAYMENT_REINSTATED = "payment.reinstated"
    """A dispute was won, or a refund has failed after all: the payment stands as it did."""
    MESSAGE_FAILED = "message.failed"
    CUSTOMER_OPTED_OUT = "customer.opted_out"
    CUSTOMER_ERASED = "customer.erased"
    CASE_OPENED = "case.opened"
    REMINDER_SENT = "reminder.sent"
    ENDPOINT_TEST = "endpoint.test"


class DisabledWhy(StrEnum):
    BY_MERCHANT = "by_merchant"
    FAILING = "failing"
    GONE = "gone"
    """It answered 410: it never wants to hear again."""


class WebhookEndpoint(Identified, Base):
    """`secret` signs, so it cannot be a hash; it is told once. `old_secret` signs, too, until `old_secret_until_at`."""

    __tablename__ = "webhook_endpoint"

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"), index=True)
    mode: Mapped[Mode] = mapped_column(stored(Mode))
    url: Mapped[str] = mapped_column(sa.String(500))
    event_types: Mapped[list[Any] | None]
    """Values of EventType. None: all, those to come included."""
    secret: Mapped[str] = mapped_column(sa.String(64))
    old_secret: Mapped[str | None] = mapped_column(sa.String(64))
    old_secret_until_at: Mapped[datetime | None]
    failing_since_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    disabled_why: Mapped[DisabledWhy | None] = mapped_column(stored(DisabledWhy))
    removed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    @staticmethod
    def new_secret() -> str:
        """In the spelling of Standard Webhooks."""
        return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()

    def wants(self, kind: EventType) -> bool:
        return self.is_on and (self.event_types is None or kind in self.event_types)

    @property
    def is_on(self) -> bool:
        return self.disabled_at is None and self.removed_at is None

    def rotate(self, now: datetime) -> str:
        self.old_secret, self.old_secret_until_at = self.secret, now + OLD_SECRET_KEPT
        self.secret = self.new_secret()
        return self.secret

    def signing_secrets(self, now: datetime) -> list[str]:
        old = self.old_secret if self.old_secret_until_at is not None and now < self.old_secret_until_at else None
        return [self.secret, *([old] if old else [])]

    def disable(self, why: DisabledWhy, now: datetime) -> None:
        self.disabled_at, self.disabled_why = now, why

    def enable(self) -> None:
        self.disabled_at = self.disabled_why = self.failing_since_at = None


class WebhookEvent(Identified, Base):
    """Something that happened, written in its own transaction. `payload` is what was true then."""

    __tablename__ = "webhook_event"
    __table_args__ = (sa.Index("ix_webhook_event_merchant", "merchant_id", "mode", "id"),)

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"))
    mode: Mapped[Mode] = mapped_column(stored(Mode))
    kind: Mapped[EventType] = mapped_column(stored(EventType))
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class DeliveryStatus(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


TRANSITIONS: dict[DeliveryStatus, frozenset[DeliveryStatus]] = {
    DeliveryStatus.PENDING: frozenset({DeliveryStatus.DELIVERED, DeliveryStatus.FAILED}),
    DeliveryStatus.DELIVERED: frozenset(),
    DeliveryStatus.FAILED: frozenset(),
}


class WebhookDelivery(Identified, Base):
    """One event on its way to one endpoint: how often it was tried, how the last try ended. A replay is a new row."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (sa.Index("ix_webhook_delivery_endpoint", "endpoint_id", "id"),)

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"))
    mode: Mapped[Mode] = mapped_column(stored(Mode))
    endpoint_id: Mapped[int] = mapped_column(sa.ForeignKey("webhook_endpoint.id"))
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("webhook_event.id"), index=True)
    status: Mapped[DeliveryStatus] = mapped_column(stored(DeliveryStatus), default=DeliveryStatus.PENDING)
    attempt: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    response_status: Mapped[int | None] = mapped_column(sa.SmallInteger)
    error: Mapped[str | None] = mapped_column(sa.String(64))
    took_ms: Mapped[int | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    def move_to(self, status: DeliveryStatus) -> None:
        """Raises DomainError("delivery_state") for a step that the table does not have."""
        if status not in TRANSITIONS[self.status]:
            raise DomainError("delivery_state")
        self.status = status
