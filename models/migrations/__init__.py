"""Schema history. Run through `flask --app wsgi db`; programs call `upgrade` and `differences`."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine

from models.base import Base

_FOLDER = Path(__file__).parent


def _config(engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["engine"] = engine
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database to `revision`, creating whatever is missing."""
    command.upgrade(_config(engine), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Back, for a schema that has to be tried again; operators start the old release on the new schema instead."""
    command.downgrade(_config(engine), revision)


def new_revision(engine: Engine, message: str) -> None:
    """Write a revision file from the difference between the database and the tables."""
    command.revision(_config(engine), message=message, autogenerate=True)


def differences(engine: Engine) -> list[Any]:
    """What the migrated database has or lacks against the tables in models/. Empty when they agree."""
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
