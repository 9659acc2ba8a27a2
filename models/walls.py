"""PostgreSQL's own wall between merchants, beside the keys of models/tenancy.py: each transaction says whose rows it
may see, and one that says nothing sees nobody's. SQLite has no such thing."""

from typing import Any, Final, Literal

import sqlalchemy as sa

from models.tenancy import MERCHANT

SETTING = "till.merchant"
ALL_MERCHANTS: Final = "all"
"""For what is about no single merchant: routing, sweeps, comparisons, commands; and until a token has told whose."""
NOBODY: Final = ""
Whose = int | Literal["all", ""]

WHOSE = "till_whose"
"""In a connection's info, and in a session's: whose rows its transactions may see."""
UNSAID = "till_unsaid"
"""In a connection's info while its transaction has not said so yet."""
POLICY = "own_rows"
OPEN = frozenset({"limit_count", "reconciliation"})
"""Tables that are about no merchant."""

_SAID = f"current_setting('{SETTING}', true)"


# --- what a transaction says ------------------------------------------------------------------------------------------
def stand_for(db: sa.Connection, whose: Whose | None) -> None:
    """From the next statement on, in this transaction and those that follow on the borrowed connection."""
    if whose is not None and db.dialect.name != "sqlite":
        info = db.info
        info[WHOSE] = info[UNSAID] = str(whose)


def say_again(db: sa.Connection) -> None:
    """A transaction has ended, and what it said with it."""
    if not db.invalidated and WHOSE in (info := db.info):
        info[UNSAID] = info[WHOSE]


def forget(info: dict[Any, Any]) -> None:
    """A connection goes back to the pool."""
    info.pop(WHOSE, None)
    info.pop(UNSAID, None)


# --- what the database asks -------------------------------------------------------------------------------------------
def condition(table: sa.Table) -> str | None:
    """SQL that holds for the rows which a transaction may see. None: this table is about no merchant."""
    if table.name in OPEN:
        return None
    if table.name == "merchant" or MERCHANT in table.c:
        return f"{_SAID} IN ('{ALL_MERCHANTS}', {'id' if table.name == 'merchant' else MERCHANT}::text)"
    keys = list(table.foreign_keys)
    if len(keys) != 1:
        raise ValueError(f"{table.name}: whose are its rows?")
    parent, own = keys[0].column, keys[0].parent.name
    theirs = f"{parent.table.name} AS parent WHERE parent.{parent.name} = {table.name}.{own}"
    return f"{_SAID} = '{ALL_MERCHANTS}' OR EXISTS (SELECT 1 FROM {theirs})"  # noqa: S608 - names of our own tables


def statements(table: sa.Table) -> list[str]:
    """The DDL of one table's wall, but for FORCE, which makes it hold for the table's owner as well."""
    asked = condition(table)
    if asked is None:
        return []
    return [
        f"CREATE POLICY {POLICY} ON {table.name} USING ({asked})",
        f"ALTER TABLE {table.name} ENABLE ROW LEVEL SECURITY",
    ]


def force(table: str) -> str:
    return f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"


def build(metadata: sa.MetaData) -> None:
    """Once all tables are known: `create_all` then builds their walls as well."""
    sa.event.listen(metadata, "after_create", _wall_in)


def _wall_in(_metadata: sa.MetaData, connection: sa.Connection, tables: Any, **_options: object) -> None:
    if connection.dialect.name == "postgresql":
        for table in tables:
            for statement in statements(table):
                connection.exec_driver_sql(statement)
            if condition(table) is not None:
                connection.exec_driver_sql(force(table.name))
