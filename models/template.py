"""A merchant's own words for its texts and emails, every version of them: append-only, so that it stays known who put
which words into its mouth, and when."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.guards import append_only

NAME_CHARS, LANGUAGE_CHARS = 32, 8


class TemplateVersion(Base):
    """The highest version counts. `words`: by part of the message; empty from then on means Till's own."""

    __tablename__ = "template_version"

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"), primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(sa.String(NAME_CHARS), primary_key=True)
    language: Mapped[str] = mapped_column(sa.String(LANGUAGE_CHARS), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    words: Mapped[dict[str, Any]]
    written_by: Mapped[str] = mapped_column(sa.String(254))
    """As they were called then: a member's name, an API key's prefix, "command line"."""
    created_at: Mapped[datetime]


append_only(TemplateVersion.__table__)
