"""Makes the foreign keys of a migrated database into those of models/tenancy.py. Refuses, and names the rows, where
rows break them already. Can be run again: a later migration that adds a table, a key or a mode calls it at its end."""

import re
from collections.abc import Collection

import sqlalchemy as sa
from alembic import op

from models.tenancy import Reference, needless, references

NAMED = 20
"""Rows that the refusal names."""


def keep_apart(modeless: Collection[str] = ()) -> None:
    """`modeless`: tables that are about to lose their mode, on the way back."""
    connection = op.get_bind()
    tables = _tables(connection)
    found = list(references(tables, modeless))
    _refuse_strangers(connection, found)
    for one in {one.index: one for one in found}.values():
        if one.index not in {index.name for index in tables.tables[one.parent].indexes}:
            op.create_index(one.index, one.parent, [*one.scope, "id"], unique=True)
    _rebind(connection, found)
    for index, parent in sorted(needless(tables, found)):
        op.drop_index(index, table_name=parent)


def _rebind(connection: sa.Connection, found: list[Reference]) -> None:
    if connection.dialect.name == "postgresql":
        for one in found:
            op.drop_constraint(one.was, one.table, type_="foreignkey")
            op.create_foreign_key(one.name, one.table, one.parent, [*one.scope, one.column], [*one.scope, "id"])
            if one.is_loose and not one.held:
                op.create_check_constraint(op.f(one.check), one.table, one.owned)
    else:
        _rewrite(connection, found)


def _tables(connection: sa.Connection) -> sa.MetaData:
    metadata = sa.MetaData()
    metadata.reflect(connection, only=lambda name, _: name != "alembic_version")
    return metadata


def _refuse_strangers(connection: sa.Connection, found: list[Reference]) -> None:
    strangers = [line for one in found for line in _strangers(connection, one)]
    if strangers:
        told = "; ".join(strangers[:NAMED])
        raise RuntimeError(f"{len(strangers)} rows point at another merchant's, or from test to live: {told}")


def _strangers(connection: sa.Connection, one: Reference) -> list[str]:
    names = (*one.scope, one.column)
    table = sa.table(one.table, *(sa.column(name) for name in names))
    parent = sa.table(one.parent, sa.column("id"), *(sa.column(name) for name in one.scope)).alias("parent")
    joined = table.join(parent, table.c[one.column] == parent.c.id)
    differs = sa.or_(*(table.c[name].is_distinct_from(parent.c[name]) for name in one.scope))
    rows = (
        sa.select(*(table.c[name] for name in names)).select_from(joined).where(differs).order_by(table.c[one.column])
    )
    return [f"{one.table} of {tuple(row[:-1])} at {one.parent} {row[-1]}" for row in connection.execute(rows)]


def _rewrite(connection: sa.Connection, found: list[Reference]) -> None:
    """In place, the way that SQLite's documentation gives for changes that leave the rows as they are; the rows were
    checked above. A table with a million rows would have to be copied otherwise, and cannot be while others point
    at it."""
    schema = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    for table in sorted({one.table for one in found}):
        mine = [one for one in found if one.table == table]
        stored = connection.exec_driver_sql("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", (table,))
        text = _with_keys(stored.scalar_one(), mine)
        change = "UPDATE sqlite_schema SET sql = ? WHERE type = 'table' AND name = ?"
        connection.exec_driver_sql(change, (text, table))
    connection.exec_driver_sql(f"PRAGMA schema_version = {schema + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise RuntimeError(f"{len(broken)} rows point at nothing: {[tuple(row) for row in broken[:NAMED]]}")


def _with_keys(text: str, mine: list[Reference]) -> str:
    """The table's own words with each key, of which a plain one may stand at its column, replaced by one at the end."""
    keys = []
    for one in mine:
        held = "".join(f"{column}, " for column in one.held)
        target = rf'REFERENCES "?{one.parent}"?\s*\({held}"?id"?\)'
        name = r'(?:CONSTRAINT "?\w+"? )?'
        text, count = re.subn(rf",\s*{name}FOREIGN KEY\s?\({held}{one.column}\) {target}", "", text)
        if not count:
            text, count = re.subn(rf"(?<=[\s,(])({one.column} [A-Z][A-Z ]*?) {name}{target}", r"\1", text)
        if count != 1:
            raise RuntimeError(f"no plain key {one.name} in: {text}")
        own, theirs = ", ".join([*one.scope, one.column]), ", ".join([*one.scope, "id"])
        keys.append(f"CONSTRAINT {one.name} FOREIGN KEY({own}) REFERENCES {one.parent} ({theirs})")
        if one.is_loose and not one.held:
            keys.append(f"CONSTRAINT {one.check} CHECK ({one.owned})")
    body, _, rest = text.rpartition(")")
    return f"{body.rstrip()}, {', '.join(keys)}\n){rest}"
