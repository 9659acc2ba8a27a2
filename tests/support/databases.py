"""The two kinds of database that every storage test runs on. Each URL names a fresh, empty database."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

BACKENDS = ("sqlite", "postgresql")


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


def administer(server: str, statement: str) -> None:
    engine = sa.create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text(statement))


@contextmanager
def copy_of(url: str, folder: Path) -> Iterator[str]:
    """A database like the one at `url`, to which nobody may be connected: quicker than making its tables again."""
    server, _, name = url.rpartition("/")
    if url.startswith("sqlite"):
        shutil.copyfile(Path(sa.make_url(url).database or ""), folder / "till.db")
        yield sqlite_url(folder)
        return
    administer(server, f'CREATE DATABASE "{name}_copy" TEMPLATE "{name}"')
    try:
        yield f"{server}/{name}_copy"
    finally:
        administer(server, f'DROP DATABASE "{name}_copy" WITH (FORCE)')
