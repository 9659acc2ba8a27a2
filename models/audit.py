"""Who did what in a merchant's name, when, from where: append-only, by the database's own refusal."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.guards import append_only


class AuditEntry(Base):
    """`before` and `after` hold the fields that changed; never a secret, a code or a message's text. What they hold of
    people can be blanked, and only that: who did what, when, to which thing stays for ever."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        sa.Index("ix_audit_entry_merchant", "merchant_id", "id"),
        sa.Index("ix_audit_entry_subject", "merchant_id", "subject", "subject_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"))
    member_id: Mapped[int | None] = mapped_column(sa.ForeignKey("member.id"))
    actor: Mapped[str] = mapped_column(sa.String(254))
    """As they were called then: a member's name, an API key's prefix, "system"."""
    action: Mapped[str] = mapped_column(sa.String(48))
    """`invoice.voided`, `member.signed_in`: the thing, then what became of it."""
    subject: Mapped[str | None] = mapped_column(sa.String(32))
    subject_id: Mapped[str | None] = mapped_column(sa.String(64))
    """The thing's public id."""
    label: Mapped[str] = mapped_column(sa.String(120), default="")
    """What people call it: an invoice's number, a customer's name."""
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    network: Mapped[str] = mapped_column(sa.String(45))
    created_at: Mapped[datetime]


append_only(AuditEntry.__table__, may_blank=("label", "before", "after"))
