"""The two kinds of database that every storage test runs on. Each URL names a fresh, empty database."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from models.base import Base
from models.database import Database
from tests.support.postgres import ROLE, SUPERUSER

BACKENDS = ("sqlite", "postgresql")
KEPT = ".kept"
"""Behind the path of a SQLite database: a copy of it."""


@sa.event.listens_for(Base.metadata, "after_create")
def _state_keys_again(metadata: sa.MetaData, *_created: Any, **_how: Any) -> None:
    """What PostgreSQL got by ALTER TABLE, SQLAlchemy leaves out of every later CREATE TABLE, SQLite's included."""
    for table in metadata.tables.values():
        for key in table.foreign_key_constraints:
            if key.use_alter:
                key._create_rule = None


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'till.db'}"


@contextmanager
def postgres_url(server: str, name: str) -> Iterator[str]:
    """Creates the database `name` on that server, and drops it at the end, whoever is still connected."""
    administer(server, f'CREATE DATABASE "{name}" TEMPLATE template0 OWNER {ROLE}')
    try:
        yield f"{server}/{name}"
    finally:
        administer(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def administer(server: str, *statements: str) -> None:
    """As the superuser: whoever serves may not."""
    address = sa.make_url(server).set(drivername="postgresql", username=SUPERUSER, database="postgres")
    with psycopg.connect(address.render_as_string(hide_password=False), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def keep(database: Database) -> None:
    """Remember a SQLite database as it is now, for `restore`."""
    database.dispose()
    path = database.url.database or ""
    shutil.copyfile(path, path + KEPT)


def restore(database: Database, template: str) -> None:
    """Make it what the database at the URL `template` is, to which nobody may be connected. Quicker than a new one:
    its engine has compiled its statements already."""
    database.dispose()
    if database.is_sqlite:
        kept, path = (sa.make_url(url).database or "" for url in (template, database.url))
        for beside in ("-wal", "-shm"):
            Path(path + beside).unlink(missing_ok=True)
        shutil.copyfile(kept, path)
        return
    server, _, kept = template.rpartition("/")
    name = database.url.database
    administer(
        server,
        f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)',
        f'CREATE DATABASE "{name}" TEMPLATE "{kept}" OWNER {ROLE}',
    )
