"""A message planned for an invoice, at most one for each step of it, and the campaign that a press or a day makes of
many. What it says and to whom is decided again when it leaves."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identified, stored
from models.customer import Channel
from models.merchant import LiveOnly

PRESSED = "press"
"""The step of a reminder that somebody pressed: one a day and invoice. All others are days from the due date: "-3"."""


class ReminderStatus(StrEnum):
    SCHEDULED = "scheduled"
    SENT = "sent"
    """Handed to the messenger. What became of it then is in its message."""
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class SkipReason(StrEnum):
    PAID = "paid"
    NOT_OPEN = "not_open"
    PROCESSING = "processing"
    DISPUTED = "disputed"
    CASE_OPEN = "case_open"
    PROMISED = "promised"
    SWITCHED_OFF = "switched_off"
    NO_ADDRESS = "no_address"
    NO_PHONE = "no_phone"
    BAD_ADDRESS = "bad_address"
    UNSUPPORTED_COUNTRY = "unsupported_country"
    OPTED_OUT = "opted_out"
    NO_CONSENT = "no_consent"
    OUTSIDE_WINDOW = "outside_window"
    """WhatsApp takes free words only within a day of the customer's last message."""
    NO_SENDER = "no_sender"
    """The merchant has no number to text from."""
    NOT_ATTESTED = "not_attested"
    """Nobody answers for it that the merchant's invoices are its own."""
    NO_HOURS = "no_hours"
    """The merchant's hours and the law's have none in common where the recipient is."""
    DUPLICATE_PHONE = "duplicate_phone"
    """Another customer's text went to this phone: nobody learns from it that they share one."""
    ALREADY_PLANNED = "already_planned"
    REMINDED_RECENTLY = "reminded_recently"
    FREQUENCY_CAP = "frequency_cap"


TRANSITIONS: dict[ReminderStatus, frozenset[ReminderStatus]] = {
    ReminderStatus.SCHEDULED: frozenset({ReminderStatus.SENT, ReminderStatus.SKIPPED, ReminderStatus.CANCELLED}),
    # Called back before it left, or refused by the carrier: nobody has read it.
    ReminderStatus.SENT: frozenset({ReminderStatus.SCHEDULED, ReminderStatus.SKIPPED, ReminderStatus.CANCELLED}),
    # A later press or scan finds the reason gone.
    ReminderStatus.SKIPPED: frozenset({ReminderStatus.SCHEDULED}),
    ReminderStatus.CANCELLED: frozenset({ReminderStatus.SCHEDULED}),
}


class CampaignSource(StrEnum):
    CONSOLE = "console"
    API = "api"
    CLI = "cli"
    TEXT = "text"
    CADENCE = "cadence"


class Campaign(Identified, Base):
    """One press, or one day of a merchant's cadence. `key` makes a second press the same campaign."""

    __tablename__ = "campaign"
    __table_args__ = (sa.UniqueConstraint("merchant_id", "key"),)

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"))
    key: Mapped[str] = mapped_column(sa.String(255))
    source: Mapped[CampaignSource] = mapped_column(stored(CampaignSource))
    pressed_by: Mapped[str] = mapped_column(sa.String(120))
    selection: Mapped[dict[str, Any]]
    pressed_on: Mapped[date]
    """The merchant's own day."""
    created_at: Mapped[datetime]
    filled_at: Mapped[datetime | None]
    """All its reminders are written."""
    paused_at: Mapped[datetime | None]
    pause_reason: Mapped[str | None] = mapped_column(sa.String(32))
    cancelled_at: Mapped[datetime | None]

    @property
    def is_running(self) -> bool:
        return self.paused_at is None and self.cancelled_at is None


class ReminderLink(LiveOnly, Base):
    """`/r/<token>`: good until what it reminds of is paid. It opens the merchant's door and nothing else."""

    __tablename__ = "reminder_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[bytes] = mapped_column(sa.LargeBinary(8), unique=True)
    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    created_at: Mapped[datetime]


class Reminder(LiveOnly, Identified, Base):
    """Several of one customer share a message. `channel` and `address` are the plan's, until it is sent."""

    __tablename__ = "reminder"
    __table_args__ = (
        sa.UniqueConstraint("invoice_id", "step", "anchor_on"),
        sa.Index("ix_reminder_campaign", "campaign_id", "status"),
        sa.Index("ix_reminder_due", "status", "due_at"),
        sa.Index("ix_reminder_customer", "customer_id", "sent_at"),
        sa.Index("ix_reminder_address", "merchant_id", "address", "sent_at"),
    )

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"))
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    invoice_id: Mapped[int] = mapped_column(sa.ForeignKey("invoice.id"))
    step: Mapped[str] = mapped_column(sa.String(8))
    anchor_on: Mapped[date]
    """What the step counts from: the due date as it was, or the day of the press."""
    status: Mapped[ReminderStatus] = mapped_column(stored(ReminderStatus), default=ReminderStatus.SCHEDULED)
    reason: Mapped[SkipReason | None] = mapped_column(stored(SkipReason))
    detail: Mapped[str | None] = mapped_column(sa.String(40))
    """Beside the reason: until when, or how many days ago."""
    channel: Mapped[Channel | None] = mapped_column(stored(Channel))
    address: Mapped[str | None] = mapped_column(sa.String(254))
    due_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    link_id: Mapped[int | None] = mapped_column(sa.ForeignKey("reminder_link.id"), index=True)
    message_id: Mapped[int | None] = mapped_column(sa.ForeignKey("message.id"))
    copy_id: Mapped[int | None] = mapped_column(sa.ForeignKey("message.id"))
    """The same by email, for a customer who gets both."""
    created_at: Mapped[datetime]

    def move_to(self, status: ReminderStatus) -> bool:
        """False, and no change, for a step that the table does not have."""
        if status not in TRANSITIONS[self.status]:
            return False
        self.status = status
        return True
