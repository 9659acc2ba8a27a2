"""Where many stories about money are told: one database and one bank for all of them, a merchant of its own for each.
Nothing waits for the disk: logic is proven here; what a power cut leaves is proven elsewhere."""

import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from models.base import Base
from models.clock import FrozenClock
from models.database import Database
from payments.gateways.bank import Bank
from tests.support.databases import sqlite_url
from tests.support.shop import NOW, Shop

_FORGET = (
    "UPDATE bank_event SET next_at = NULL WHERE next_at IS NOT NULL",
    "UPDATE bank_session SET status = 'cancelled' WHERE status IN ('open', 'processing')",
    "UPDATE bank_refund SET status = 'failed' WHERE status = 'pending'",
    "DELETE FROM bank_trouble",
)


class Ground:
    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.database = Database(sqlite_url(folder))
        self.bank = Bank(folder / "bank.db", FrozenClock(NOW))
        for database in (self.database, self.bank.database):
            _hurry(database.engine)
        Base.metadata.create_all(self.database.engine)
        self._till = sqlite3.connect(folder / "till.db", isolation_level=None)
        self._bank = sqlite3.connect(folder / "bank.db", isolation_level=None)

    def shop(self) -> Shop:
        """A new one, on whose first day nothing of an earlier one happens any more, however that broke off."""
        for statement in _FORGET:
            self._bank.execute(statement)
        for table in ("payment", "refund"):
            self._till.execute(f"UPDATE {table} SET next_check_at = NULL WHERE next_check_at IS NOT NULL")
        self.bank.clock = clock = FrozenClock(NOW)
        return Shop(self.database, self.folder, clock=clock, lent_bank=self.bank)

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """What is committed, read past all of Till's code."""
        return self._till.execute(query, values).fetchall()

    def bank_rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        return self._bank.execute(query, values).fetchall()

    def close(self) -> None:
        for connection in (self._till, self._bank):
            connection.close()
        self.database.dispose()
        self.bank.database.dispose()


def _hurry(engine: sa.Engine) -> None:
    event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous=OFF"))
    engine.dispose()
