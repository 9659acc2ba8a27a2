"""Append-only tables: triggers by which the database itself refuses to change or remove a row. Columns that hold what
people may ask to be forgotten can be blanked, all at once, and nothing else."""

from collections.abc import Sequence
from functools import partial

import sqlalchemy as sa

APPEND_ONLY: list[str] = []
"""Names of the guarded tables, for the migrations."""

MAY_BLANK: set[str] = set()
"""Those of them with columns that may be blanked."""

_SQLITE = (
    "CREATE TRIGGER {table}_no_{verb} BEFORE {what} ON {table} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
)
_SQLITE_BLANK = (
    "CREATE TRIGGER {table}_only_blanked BEFORE UPDATE OF {columns} ON {table} WHEN {filled} "
    "BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
)
_FUNCTION = (
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION USING ERRCODE = 'restrict_violation', "
    "MESSAGE = TG_TABLE_NAME || ' is append-only'; END $$"
)
_POSTGRESQL = (
    "CREATE TRIGGER {table}_append_only BEFORE {update} OR DELETE OR TRUNCATE ON {table} "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
)
_POSTGRESQL_BLANK = (
    "CREATE TRIGGER {table}_only_blanked BEFORE UPDATE OF {columns} ON {table} "
    "FOR EACH ROW WHEN ({filled}) EXECUTE FUNCTION refuse_change()"
)


def statements(dialect: str, table: str, kept: Sequence[str] = (), may_blank: Sequence[str] = ()) -> list[str]:
    """The DDL that guards `table`; both databases then answer UPDATE and DELETE with an integrity error. `kept`: all
    columns beside those that may be blanked."""
    update = f"UPDATE OF {_quoted(kept)}" if may_blank else "UPDATE"
    blank = {"table": table, "columns": _quoted(may_blank), "filled": _filled(may_blank)}
    if dialect == "postgresql":
        made = [_FUNCTION, _POSTGRESQL.format(table=table, update=update)]
        return made + [_POSTGRESQL_BLANK.format(**blank)] * bool(may_blank)
    whats = {"update": update, "delete": "DELETE"}
    made = [_SQLITE.format(table=table, verb=verb, what=what) for verb, what in whats.items()]
    return made + [_SQLITE_BLANK.format(**blank)] * bool(may_blank)


def names(dialect: str, table: str) -> set[str]:
    """Of the triggers that guard `table`."""
    ours = {f"{table}_append_only"} if dialect == "postgresql" else {f"{table}_no_update", f"{table}_no_delete"}
    return ours | ({f"{table}_only_blanked"} if table in MAY_BLANK else set())


def append_only(table: sa.FromClause, may_blank: Sequence[str] = ()) -> None:
    """Guard `table` from the moment that create_all makes it."""
    if not isinstance(table, sa.Table):
        raise TypeError("only a table can be guarded")
    APPEND_ONLY.append(table.name)
    if may_blank:
        MAY_BLANK.add(table.name)
    sa.event.listen(table, "after_create", partial(_guard, may_blank=may_blank))


def _guard(table: sa.Table, connection: sa.Connection, *, may_blank: Sequence[str], **_options: object) -> None:
    kept = [column.name for column in table.columns if column.name not in may_blank]
    for statement in statements(connection.dialect.name, table.name, kept, may_blank):
        connection.exec_driver_sql(statement)


def _filled(columns: Sequence[str]) -> str:
    """A column that takes no NULL is blank when it is empty."""
    return " OR ".join(f"CAST(NEW.\"{name}\" AS TEXT) <> ''" for name in columns)


def _quoted(columns: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)
