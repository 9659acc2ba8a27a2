"""How the walls come into a database, around rows that are there already, and out of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from models import migrations
from models.database import Database
from models.migrations import walls as built
from models.walls import ALL_MERCHANTS, NOBODY, SETTING
from tests.support.made_up import MadeUp
from tests.support.workers import sibling_url

CATALOG = (
    "SELECT tablename, policyname, permissive, cmd, qual, with_check, relrowsecurity, relforcerowsecurity"
    " FROM pg_policies JOIN pg_class ON relname = tablename AND relnamespace = CAST(schemaname AS regnamespace)"
    " ORDER BY 1, 2"
)


@pytest.fixture
def empty(database_url: str, tmp_path: Path) -> Iterator[Database]:
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite has no row-level security")
    with sibling_url(database_url, tmp_path, "walls") as url:
        made = Database(url)
        yield made
        made.dispose()


def test_it_migrates_to_the_walls_that_the_tables_have(empty: Database, blank_url: str) -> None:
    """From nothing they hold at once: nobody serves yet."""
    migrations.upgrade(empty.engine)
    database = sa.create_engine(blank_url)
    with empty.engine.connect() as migrated, database.connect() as made:
        assert migrated.execute(sa.text(CATALOG)).all() == made.execute(sa.text(CATALOG)).all()
    database.dispose()


def test_it_does_not_shut_an_older_release_out(empty: Database) -> None:
    """Which says nothing, and serves as the owner, while the schema is brought to this one: until somebody says so."""
    migrations.upgrade(empty.engine, "0025")
    with empty.engine.begin() as db:
        MadeUp(db)
    migrations.upgrade(empty.engine)
    merchants = sa.text("SELECT count(*) FROM merchant")
    with empty.engine.begin() as db:
        db.execute(sa.select(sa.func.set_config(SETTING, "", True)))
        assert (built.missing(db), built.is_forced(db), db.scalar(merchants)) == ([], False, 1)
        built.force(db, on=True)
        assert (built.is_forced(db), db.scalar(merchants)) == (True, 0)
        built.force(db, on=False)
        assert db.scalar(merchants) == 1


def test_it_takes_the_walls_down_and_builds_them_again_around_rows(empty: Database) -> None:
    """Both with the owner bound, as a migration finds it where only this release runs."""
    migrations.upgrade(empty.engine, "0026")
    with empty.engine.begin() as db:
        assert built.is_forced(db)
        db.execute(sa.select(sa.func.set_config(SETTING, ALL_MERCHANTS, True)))
        made = [MadeUp(db).merchant_id for _ in range(2)]
    assert seen_by(empty, NOBODY) == []
    assert seen_by(empty, made[0]) == made[:1]
    migrations.downgrade(empty.engine, "0025")
    assert seen_by(empty, NOBODY) == made
    with empty.engine.connect() as db:
        assert (built.is_forced(db), db.execute(sa.text(CATALOG)).all()) == (False, [])
    migrations.upgrade(empty.engine)
    assert seen_by(empty, NOBODY) == made  # the owner is bound by `flask db walls up` only: there are merchants
    with empty.engine.begin() as db:
        assert (built.missing(db), built.is_forced(db)) == ([], False)
        built.force(db, on=True)
    assert seen_by(empty, NOBODY) == []
    assert seen_by(empty, made[1]) == made[1:]


def seen_by(database: Database, whose: object) -> list[int]:
    with database.engine.begin() as db:
        db.execute(sa.select(sa.func.set_config(SETTING, str(whose), True)))
        return list(db.scalars(sa.text("SELECT id FROM merchant ORDER BY id")))
