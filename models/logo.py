"""A merchant's logo as it is served: small, re-encoded, never the bytes that were uploaded."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Logo(Base):
    """At most one for each merchant. Merchant.logo_version names it, so that pages need not look here."""

    __tablename__ = "logo"

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"), primary_key=True, autoincrement=False)
    png: Mapped[bytes] = mapped_column(sa.LargeBinary)
    uploaded_at: Mapped[datetime]
