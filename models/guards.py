"""Append-only tables: triggers by which the database itself refuses to change or remove a row."""

import sqlalchemy as sa

APPEND_ONLY: list[str] = []
"""Names of the guarded tables, for the migrations."""

_SQLITE = (
    "CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
)
_FUNCTION = (
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION USING ERRCODE = 'restrict_violation', "
    "MESSAGE = TG_TABLE_NAME || ' is append-only'; END $$"
)
_POSTGRESQL = (
    "CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
)


def statements(dialect: str, table: str) -> list[str]:
    """The DDL that guards `table`; both databases then answer UPDATE and DELETE with an integrity error."""
    if dialect == "postgresql":
        return [_FUNCTION, _POSTGRESQL.format(table=table)]
    return [_SQLITE.format(table=table, verb=verb) for verb in ("update", "delete")]


def append_only(table: sa.FromClause) -> None:
    """Guard `table` from the moment that create_all makes it."""
    if not isinstance(table, sa.Table):
        raise TypeError("only a table can be guarded")
    APPEND_ONLY.append(table.name)
    sa.event.listen(table, "after_create", _guard)


def _guard(table: sa.Table, connection: sa.Connection, **_options: object) -> None:
    for statement in statements(connection.dialect.name, table.name):
        connection.exec_driver_sql(statement)
