"""Short-lived permission to see and pay named invoices. The token is signed; this row can say no at any time."""

from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, stored
from models.merchant import Mode

PAY_LINK_LIFETIME = timedelta(minutes=30)  # a bearer secret in a text thread: half an hour


class PayLinkState(StrEnum):
    OPEN = "open"
    SPENT = "spent"
    EXPIRED = "expired"
    REVOKED = "revoked"


class PayLink(Base):
    """`key` is the 64-bit random id inside the token; without the signing key it opens nothing."""

    __tablename__ = "pay_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[bytes] = mapped_column(sa.LargeBinary(8), unique=True)
    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"))
    mode: Mapped[Mode] = mapped_column(stored(Mode), default=Mode.LIVE, server_default=Mode.LIVE.value)
    """That of its invoices."""
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"), index=True)
    conversation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("conversation.id"), index=True)
    currency: Mapped[str] = mapped_column(sa.String(3))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    spent_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    replaced_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("pay_link.id"))

    def state(self, now: datetime) -> PayLinkState:
        if self.spent_at is not None:
            return PayLinkState.SPENT
        if self.revoked_at is not None:
            return PayLinkState.REVOKED
        return PayLinkState.EXPIRED if now >= self.expires_at else PayLinkState.OPEN


class PayLinkInvoice(Base):
    """One invoice that the link covers, with the version and balance that the customer was shown."""

    __tablename__ = "pay_link_invoice"

    pay_link_id: Mapped[int] = mapped_column(sa.ForeignKey("pay_link.id"), primary_key=True)
    invoice_id: Mapped[int] = mapped_column(sa.ForeignKey("invoice.id"), primary_key=True)
    merchant_id: Mapped[int]
    mode: Mapped[Mode] = mapped_column(stored(Mode))
    amount_minor: Mapped[int]
    version: Mapped[int]
    position: Mapped[int] = mapped_column(sa.SmallInteger)
