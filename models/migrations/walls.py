"""Builds the walls of models/walls.py into a migrated database. Can be run again: a later migration that adds a table
calls `build` at its end. Walls bind the tables' owner only once they are forced: an older release, which says nothing,
goes on seeing everything until then."""

import sqlalchemy as sa

from models import walls
from models.prepared import driver_of


def build(connection: sa.Connection) -> None:
    """Forced at once where the others are, and where there is no merchant yet: nobody serves."""
    if connection.dialect.name != "postgresql":
        return
    forced = is_forced(connection) or not connection.scalar(sa.text("SELECT count(*) FROM merchant"))
    walled = set(_walled(connection))
    for table in _tables(connection):
        for statement in walls.statements(table) if table.name not in walled else ():
            connection.exec_driver_sql(statement)
    force(connection, on=forced)


def tear_down(connection: sa.Connection) -> None:
    if connection.dialect.name != "postgresql":
        return
    for name in _walled(connection):
        connection.exec_driver_sql(f"DROP POLICY {walls.POLICY} ON {name}")
        connection.exec_driver_sql(f"ALTER TABLE {name} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY")


def force(connection: sa.Connection, *, on: bool) -> None:
    """For the tables' owner as well, or no longer: before an older release is started again."""
    if connection.dialect.name == "postgresql":
        for name in _walled(connection):
            connection.exec_driver_sql(f"ALTER TABLE {name} {'' if on else 'NO '}FORCE ROW LEVEL SECURITY")


def is_forced(connection: sa.Connection) -> bool:
    """Of `merchant`, and so of all."""
    asked = sa.text("SELECT relforcerowsecurity FROM pg_class WHERE oid = CAST('merchant' AS regclass)")
    return bool(connection.scalar(asked))


def missing(connection: sa.Connection) -> list[str]:
    """Tables whose rows are a merchant's, and that show them to anybody."""
    walled = set(_walled(connection))
    return [t.name for t in _tables(connection) if walls.condition(t) is not None and t.name not in walled]


def is_bound(connection: sa.Connection) -> bool:
    """PostgreSQL never asks a superuser, nor a role with BYPASSRLS."""
    asked = sa.text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
    return not connection.scalar(asked)


def open_all(connection: sa.Connection) -> None:
    """Until its transaction ends: migrations fill columns of all merchants' rows."""
    if connection.dialect.name == "postgresql":
        driver_of(connection).execute("SELECT set_config(%s, %s, true)", (walls.SETTING, walls.ALL_MERCHANTS))


def _tables(connection: sa.Connection) -> list[sa.Table]:
    metadata = sa.MetaData()
    metadata.reflect(connection, only=lambda name, _: name != "alembic_version")
    return metadata.sorted_tables


def _walled(connection: sa.Connection) -> list[str]:
    asked = sa.text(
        "SELECT relname FROM pg_policy JOIN pg_class ON pg_class.oid = polrelid AND relrowsecurity"
        " WHERE relnamespace = CAST(current_schema() AS regnamespace) AND polname = :policy ORDER BY relname"
    )
    return list(connection.scalars(asked, {"policy": walls.POLICY}))
