"""Schema history. Run through `flask --app wsgi db`; programs call `upgrade` and `differences`."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine

from models.base import Base, say_options
from models.prepared import driver_of

_FOLDER = Path(__file__).parent
LOCK_WAIT_S = 4.0
"""The longest that a change waits for a table: who comes after it waits, too, be it only to read (PostgreSQL). Below
the 5 s that an upgrade may hold a service up."""
_LOCK_NOT_AVAILABLE = "55P03"


class TableInUse(Exception):
    """Some long transaction has a table that a migration was to change. Those before it are done; the same will go on
    later."""


def _config(engine: Engine, lock_wait_s: float = LOCK_WAIT_S) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes |= {"engine": engine, "lock_wait_s": lock_wait_s}
    return config


def upgrade(engine: Engine, revision: str = "head", lock_wait_s: float = LOCK_WAIT_S) -> None:
    """Bring the database to `revision`, creating whatever is missing. Raises TableInUse."""
    with changing():
        command.upgrade(_config(engine, lock_wait_s), revision)


@contextmanager
def changing() -> Iterator[None]:
    """Raises TableInUse where a connection that waits briefly has waited in vain."""
    try:
        yield
    except sa.exc.OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        raise TableInUse from error


def wait_briefly(connection: sa.Connection, lock_wait_s: float = LOCK_WAIT_S) -> None:
    """Until its transaction ends."""
    if connection.dialect.name == "postgresql":
        driver_of(connection).execute(f"SET LOCAL lock_timeout = '{lock_wait_s}s'")


def downgrade(engine: Engine, revision: str) -> None:
    """Back, for a schema that has to be tried again; operators start the old release on the new schema instead."""
    command.downgrade(_config(engine), revision)


def new_revision(engine: Engine, message: str) -> None:
    """Write a revision file from the difference between the database and the tables."""
    command.revision(_config(engine), message=message, autogenerate=True)


def differences(engine: Engine) -> list[Any]:
    """What the migrated database has or lacks against the tables in models/. Empty when they agree."""
    say_options(Base.metadata, engine.dialect.name)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": is_ours})
        with quietly():
            return list(compare_metadata(context, Base.metadata))


@contextmanager
def quietly() -> Iterator[None]:
    """PostgreSQL gives the expression of a generated column back in its own words, which Alembic takes for others."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Computed default on")
        yield


def is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    """The job engine keeps its own tables in the same database; they are none of ours."""
    return kind != "table" or name in Base.metadata.tables
