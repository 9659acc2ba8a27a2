"""What came with an inbound email beside its words: how it is known, what vouched for it, and the mail itself where it
could not be read. A readable one is not kept raw: it would hold what was struck out of the words."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class ReceivedMail(Base):
    """Beside its Message, which is unique by Message-ID and checksum together."""

    __tablename__ = "received_mail"
    __table_args__ = (sa.UniqueConstraint("merchant_id", "replay_key"),)

    message_id: Mapped[int] = mapped_column(sa.ForeignKey("message.id"), primary_key=True, autoincrement=False)
    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"))
    identifier: Mapped[str] = mapped_column(sa.String(255))
    """Its Message-ID, or a hash of a mail that has none."""
    checksum: Mapped[str] = mapped_column(sa.String(64))
    replay_key: Mapped[str | None] = mapped_column(sa.String(255))
    is_authenticated: Mapped[bool]
    automatic: Mapped[str | None] = mapped_column(sa.String(64))
    """Why no person wrote it."""
    raw: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    """Only of a mail that could not be read."""
