"""Who is owed: the merchant, its numbers and its secrets, and the keys its programs use."""

import hashlib
import hmac
import secrets
from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identified, stored

RETENTION_MONTHS = 18
"""Visa and Mastercard take disputes up to 540 days after a payment: what was said about it is evidence until then."""
RETENTION_MOST, RETENTION_LEAST = 120, 3
"""Ten years, as long as books are kept anywhere; and what webhook events are kept for anyway."""

ATTESTATION = 1
"""The newest words by which a merchant says that its invoices are its own. Older ones hold for who agreed to them."""


class MerchantStatus(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"


class Mode(StrEnum):
    """Test rows never reach a live portal, phone or mailbox."""

    TEST = "test"
    LIVE = "live"


class LiveOnly:
    """For what reaches phones, mailboxes and the portal: a test invoice, customer or address cannot stand in it."""

    mode: Mapped[Mode] = mapped_column(
        stored(Mode),
        sa.CheckConstraint("mode = 'live'", name="live"),
        default=Mode.LIVE,
        server_default=Mode.LIVE.value,
    )


class CustomLanding(StrEnum):
    """Where a payment without an invoice goes."""

    UNAPPLIED_CREDIT = "unapplied_credit"
    OLDEST_INVOICE = "oldest_invoice"
    """The oldest due first, as far as it reaches; the rest is unapplied credit."""


class FeePayer(StrEnum):
    MERCHANT = "merchant"
    CUSTOMER = "customer"
    """Card fees are added to what is paid, and shown before paying."""


class Scope(StrEnum):
    """What a key may do beyond naming its merchant. None includes another."""

    READ = "read"
    WRITE = "write"
    MONEY = "money"
    REMINDERS = "reminders"
    WEBHOOKS = "webhooks"
    ERASE = "erase"
    """To make a customer forgotten, for good."""


class Merchant(Identified, Base):
    __tablename__ = "merchant"
    __table_args__ = (sa.Index("ix_merchant_whatsapp_number", "whatsapp_number", unique=True),)

    slug: Mapped[str] = mapped_column(sa.String(64), unique=True)
    name: Mapped[str] = mapped_column(sa.String(40))
    legal_name: Mapped[str] = mapped_column(sa.String(120))
    status: Mapped[MerchantStatus] = mapped_column(stored(MerchantStatus), default=MerchantStatus.ACTIVE)
    number: Mapped[str | None] = mapped_column(sa.String(20), unique=True)
    whatsapp_number: Mapped[str | None] = mapped_column(sa.String(20))
    """Its WhatsApp sender, without the prefix. None: whatever reaches `number` by WhatsApp is answered from there."""
    whatsapp_templates: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """Approved templates by kind and language: {"receipt": {"en": "HX…", "es": "HX…"}}."""
    messaging_service_sid: Mapped[str | None] = mapped_column(sa.String(40), unique=True)
    twilio_account_sid: Mapped[str | None] = mapped_column(sa.String(40))
    twilio_auth_token: Mapped[str | None] = mapped_column(sa.String(64))
    inbound_email: Mapped[str | None] = mapped_column(sa.String(254), unique=True)
    email_secrets: Mapped[dict[str, Any]] = mapped_column(default=dict)
    email: Mapped[str] = mapped_column(sa.String(254))
    phone: Mapped[str] = mapped_column(sa.String(20))
    address: Mapped[str] = mapped_column(sa.String(200))
    hours: Mapped[str] = mapped_column(sa.String(40))
    country: Mapped[str] = mapped_column(sa.String(2))
    timezone: Mapped[str] = mapped_column(sa.String(64))
    locale: Mapped[str] = mapped_column(sa.String(8), default="en")
    currency: Mapped[str] = mapped_column(sa.String(3))
    colour: Mapped[str] = mapped_column(sa.String(7), default="#0b6e69")
    allows_partial: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    partial_minimum_minor: Mapped[int] = mapped_column(default=1, server_default="1")
    """The least that a part payment may be, in minor units of the invoice's currency."""
    allows_custom: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """Customers may pay without naming an invoice."""
    custom_landing: Mapped[CustomLanding] = mapped_column(
        stored(CustomLanding), default=CustomLanding.UNAPPLIED_CREDIT, server_default=CustomLanding.UNAPPLIED_CREDIT
    )
    fee_payer: Mapped[FeePayer] = mapped_column(
        stored(FeePayer), default=FeePayer.MERCHANT, server_default=FeePayer.MERCHANT
    )
    fee_basis_points: Mapped[int] = mapped_column(default=0, server_default="0")
    """Of a card payment: 290 is 2.9 %. Ask payments.fees.quote what it comes to."""
    terms: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    """What customers accept when they pay; empty: nothing to accept."""
    terms_version: Mapped[int] = mapped_column(default=1, server_default="1")
    """Goes up with every change of the terms."""
    logo_version: Mapped[str | None] = mapped_column(sa.String(16))
    """Names the picture in models/logo.py; None: the initials stand for it."""
    staff_phones: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    """Their texts to the merchant's own number are commands."""
    retention_months: Mapped[int] = mapped_column(
        sa.SmallInteger, default=RETENTION_MONTHS, server_default=str(RETENTION_MONTHS)
    )
    """How long what people wrote is kept."""
    attested_at: Mapped[datetime | None]
    """Since when somebody answers for it that its invoices are its own. None: it starts no text (decision 30)."""
    attested_by: Mapped[str | None] = mapped_column(sa.String(120))
    attested_version: Mapped[int | None] = mapped_column(sa.SmallInteger)
    """Which words they were shown: templates/web/own_invoices/<version>.txt."""
    created_at: Mapped[datetime]

    @property
    def is_attested(self) -> bool:
        return self.attested_at is not None

    def attest(self, by: str, now: datetime) -> None:
        self.attested_at, self.attested_by, self.attested_version = now, by, ATTESTATION

    def withdraw_attestation(self) -> None:
        self.attested_at = self.attested_by = self.attested_version = None


class ApiKey(Identified, Base):
    """`till_<mode>_<prefix>_<secret>`: shown once, stored as a SHA-256 (256 random bits need no slow hash)."""

    __tablename__ = "api_key"

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"), index=True)
    mode: Mapped[Mode] = mapped_column(stored(Mode))
    prefix: Mapped[str] = mapped_column(sa.String(16), unique=True)
    secret_hash: Mapped[str] = mapped_column(sa.String(64))
    label: Mapped[str] = mapped_column(sa.String(64))
    scopes: Mapped[list[Any] | None]
    """Values of Scope. None, as keys from before there were scopes have it: all."""
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    @classmethod
    def issue(
        cls, merchant_id: int, mode: Mode, label: str, now: datetime, scopes: Collection[Scope] = frozenset(Scope)
    ) -> tuple["ApiKey", str]:
        """A new key and its text, which exists nowhere else."""
        prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        digest = hashlib.sha256(secret.encode()).hexdigest()
        key = cls(merchant_id=merchant_id, mode=mode, prefix=prefix, secret_hash=digest, label=label, created_at=now)
        key.scopes = sorted(scopes)
        return key, f"till_{mode.value}_{prefix}_{secret}"

    def allows(self, scope: Scope) -> bool:
        return self.scopes is None or scope in self.scopes

    def accepts(self, secret: str) -> bool:
        digest = hashlib.sha256(secret.encode()).hexdigest()
        return self.revoked_at is None and hmac.compare_digest(digest, self.secret_hash)
