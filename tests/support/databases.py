"""The two kinds of database that every storage test runs on. Each URL names a fresh, empty database."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import sqlalchemy as sa

from models.database import Database

BACKENDS = ("sqlite", "postgresql")
KEPT = ".kept"
"""Behind the path of a SQLite database: a copy of it."""


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'till.db'}"


@contextmanager
def postgres_url(server: str, name: str) -> Iterator[str]:
    """Creates the database `name` on that server, and drops it at the end, whoever is still connected."""
    administer(server, f'CREATE DATABASE "{name}" TEMPLATE template0')
    try:
        yield f"{server}/{name}"
    finally:
        administer(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def administer(server: str, *statements: str) -> None:
    with psycopg.connect(f"{server.replace('+psycopg', '')}/postgres", autocommit=True) as connection:
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
    administer(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}" TEMPLATE "{kept}"')
