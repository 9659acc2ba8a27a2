"""What a customer says that only the merchant can settle: paid already, a wrong amount, a refund, a person wanted."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identified, stored
from models.merchant import LiveOnly


class CaseKind(StrEnum):
    ALREADY_PAID = "already_paid"
    WRONG_AMOUNT = "wrong_amount"
    REFUND_WISH = "refund_wish"
    PERSON_WANTED = "person_wanted"
    WRONG_NUMBER = "wrong_number"
    """Whoever has this address is not the customer: they want no more, and the file is wrong."""


NOTE_CHARS = 500
PAUSING = frozenset({CaseKind.ALREADY_PAID, CaseKind.WRONG_AMOUNT})
"""Who is asked for money that they have paid or do not owe is asked once too often."""


class Case(LiveOnly, Identified, Base):
    """Open until the merchant resolves it. At most one is open for the same matter, however often it is said."""

    __tablename__ = "customer_case"
    __table_args__ = (
        sa.Index("ix_customer_case_customer_id", "customer_id", "resolved_at"),
        sa.Index("ix_customer_case_merchant_id", "merchant_id", "resolved_at", "id"),
    )

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"))
    customer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("customer.id"))
    """None: said from an address that is on file for nobody, or for several."""
    conversation_id: Mapped[int] = mapped_column(sa.ForeignKey("conversation.id"), index=True)
    invoice_id: Mapped[int | None] = mapped_column(sa.ForeignKey("invoice.id"))
    """None: no invoice was named, so it is about all of them."""
    kind: Mapped[CaseKind] = mapped_column(stored(CaseKind))
    message_id: Mapped[int] = mapped_column(sa.ForeignKey("message.id"))
    """The message that opened it."""
    matter: Mapped[str | None] = mapped_column(sa.String(96), unique=True)
    """Who, what and which invoice, while the case is open."""
    opened_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None] = mapped_column(sa.String(120))
    note: Mapped[str | None] = mapped_column(sa.String(NOTE_CHARS))
    """How it was settled, in the words of whoever settled it."""

    def resolve(self, now: datetime, by: str | None = None, note: str | None = None) -> bool:
        """False: somebody has settled it before, and that stands."""
        if self.resolved_at is not None:
            return False
        self.resolved_at, self.matter = now, None
        self.resolved_by, self.note = by, note
        return True
