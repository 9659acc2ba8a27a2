"""A file that a merchant handed in: kept, checked, and carried out by one press; nothing of it counts before that."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identified, stored
from models.merchant import Mode


class ImportStatus(StrEnum):
    CHECKING = "checking"
    CHECKED = "checked"
    """Waits for the press: `told` says what it would do."""
    REFUSED = "refused"
    """No file of ours, or some of its lines are in trouble."""
    IMPORTING = "importing"
    IMPORTED = "imported"


TRANSITIONS: dict[ImportStatus, frozenset[ImportStatus]] = {
    ImportStatus.CHECKING: frozenset({ImportStatus.CHECKED, ImportStatus.REFUSED}),
    ImportStatus.CHECKED: frozenset({ImportStatus.IMPORTING}),
    ImportStatus.REFUSED: frozenset(),
    # Back, when what is on file has changed since somebody looked: they look again.
    ImportStatus.IMPORTING: frozenset({ImportStatus.IMPORTED, ImportStatus.CHECKED, ImportStatus.REFUSED}),
    ImportStatus.IMPORTED: frozenset(),
}


class FileImport(Identified, Base):
    __tablename__ = "file_import"
    __table_args__ = (sa.Index("ix_file_import_merchant", "merchant_id", "id"),)

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"))
    mode: Mapped[Mode] = mapped_column(stored(Mode))
    name: Mapped[str] = mapped_column(sa.String(120))
    """What the file was called where it came from."""
    sha256: Mapped[str] = mapped_column(sa.String(64))
    content: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    """Deflated; dropped once it is carried out or a week old."""
    status: Mapped[ImportStatus] = mapped_column(stored(ImportStatus), default=ImportStatus.CHECKING)
    day: Mapped[date]
    """The merchant's day it came on: what a file leaves out is filled in as of then, whenever the press comes."""
    shape: Mapped[str | None] = mapped_column(sa.String(16))
    kind: Mapped[str | None] = mapped_column(sa.String(16))
    problem: Mapped[str | None] = mapped_column(sa.String(48))
    """Why the whole of it is refused."""
    lines: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    """Of `lines`, those read so far in the present step."""
    told: Mapped[dict[str, Any] | None]
    """What it would change, or changed, in numbers."""
    sample: Mapped[list[Any] | None]
    """The first of these changes: (what, of whom or which, detail)."""
    troubles: Mapped[list[Any] | None]
    """The first lines in trouble: (line, column, code)."""
    trouble_count: Mapped[int] = mapped_column(default=0)
    fingerprint: Mapped[str | None] = mapped_column(sa.String(64))
    """Of everything that was shown: what is carried out is that, or nothing."""
    is_stale: Mapped[bool] = mapped_column(default=False)
    """The press came too late: something on file had changed meanwhile, and the numbers are new."""
    handed_in_by: Mapped[str] = mapped_column(sa.String(254))
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    def move_to(self, status: ImportStatus) -> bool:
        """False for a step that the table does not have."""
        if status not in TRANSITIONS[self.status]:
            return False
        self.status = status
        return True
