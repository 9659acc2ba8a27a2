"""Rows of any table, made up from its columns: for tests of what the schema itself refuses."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import count
from typing import Any

import sqlalchemy as sa

from models.base import Base

NOW = datetime(2026, 6, 19, 21, 30, tzinfo=UTC)
TABLES = Base.metadata.tables


class MadeUp:
    """One merchant's rows in one mode, straight into the database."""

    def __init__(self, connection: sa.Connection, mode: str = "live", merchant_id: int | None = None) -> None:
        self.connection = connection
        self.mode = mode
        self.merchant_id = merchant_id or self.add("merchant")["id"]

    def in_test_mode(self) -> "MadeUp":
        """The same merchant's."""
        return MadeUp(self.connection, "test", self.merchant_id)

    def add(self, table: str, **given: Any) -> dict[str, Any]:
        return self.insert(table, self.row(table) | given)

    def insert(self, table: str, row: dict[str, Any]) -> dict[str, Any]:
        """Without the model's own defaults: the database may be of an older release, without the newest columns."""
        named = sa.table(table, *(sa.column(key, TABLES[table].c[key].type) for key in row))
        self.connection.execute(sa.insert(named), row)
        return row

    def row(self, name: str) -> dict[str, Any]:
        """All that must be there, with the rows it points at."""
        table = TABLES[name]
        own: dict[str, Any] = {"merchant_id": getattr(self, "merchant_id", None), "mode": self.mode}
        needed = [column for column in table.columns if column.primary_key or not column.nullable]
        needed = [column for column in needed if column.server_default is None or column.key in own]
        made = {column.key: _value(column.type) for column in needed}
        own["balance_minor"] = 0  # at most the total
        made |= {key: value for key, value in own.items() if key in made}
        for constraint in table.foreign_key_constraints:
            parent, own_key = constraint.referred_table, constraint.elements[-1]
            if own_key.parent.key in made and parent.name != "merchant":
                made[own_key.parent.key] = self.add(parent.name)[own_key.column.key]
        return made


_numbers = count(1_000)


def _value(kind: sa.types.TypeEngine[Any]) -> Any:
    if isinstance(kind, sa.TypeDecorator):
        return _value(kind.impl_instance)
    if isinstance(kind, sa.JSON):
        return {}
    number = next(_numbers)
    if isinstance(kind, sa.Enum):
        return list(kind.enum_class or kind.enums)[0]  # noqa: RUF015
    if isinstance(kind, sa.String):
        return str(number)[-(kind.length or 20) :]
    simple: dict[type, Any] = {int: number, bool: False, bytes: str(number).encode(), Decimal: Decimal(1)}
    moments: dict[type, Any] = {datetime: NOW, date: NOW.date(), time: time(10)}
    return (simple | moments)[kind.python_type]
