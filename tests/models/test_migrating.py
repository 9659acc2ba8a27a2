"""A schema is brought up to date while others write."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from models import migrations
from models.database import Database
from tests.support.databases import sqlite_url
from tests.support.workers import sibling_url

EARLIER, BEFORE = "0032", "0033"
"""The next after the second changes conversations."""


def test_it_is_not_told_that_the_database_is_locked(tmp_path: Path) -> None:
    migrating, serving = Database(sqlite_url(tmp_path)), sa.create_engine(sqlite_url(tmp_path))
    migrations.upgrade(migrating.engine, BEFORE)
    refused: list[Any] = []

    @sa.event.listens_for(migrating.engine, "before_cursor_execute")
    def _write_meanwhile(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("ALTER TABLE") and not refused:
            with serving.connect() as other:
                other.exec_driver_sql("PRAGMA busy_timeout=0")
                with pytest.raises(sa.exc.OperationalError, match="locked") as error:
                    other.exec_driver_sql("BEGIN IMMEDIATE")
            refused.append(error)

    migrations.upgrade(migrating.engine)
    assert len(refused) == 1
    assert migrations.differences(migrating.engine) == []
    migrating.dispose()
    serving.dispose()


def test_it_lets_nobody_wait_long_behind_it(database_url: str, tmp_path: Path) -> None:
    """Who wants to read a table waits behind the change that waits for somebody who has read it."""
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite's readers wait for nobody")
    with sibling_url(database_url, tmp_path, "in_use") as url:
        database = Database(url)
        migrations.upgrade(database.engine, EARLIER)
        with database.engine.connect() as long:
            long.exec_driver_sql("SELECT count(*) FROM conversation")
            with pytest.raises(migrations.TableInUse):
                migrations.upgrade(database.engine, lock_wait_s=0.05)
        with database.engine.connect() as connection:  # what came before keeps nobody waiting, and need not be repeated
            assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == BEFORE
        migrations.upgrade(database.engine)
        assert migrations.differences(database.engine) == []
        database.dispose()
