"""The migration that gives what leads to phones and mailboxes a mode, forth and back, on a database that has rows."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from models import migrations
from models.base import Base
from models.database import Database
from models.tenancy import MODE
from tests.support.made_up import MadeUp
from tests.support.workers import sibling_url

BEFORE, FIRST_WITH_A_WAY_BACK = "0029", "0025"
NEW = ("conversation", "customer_cadence", "customer_case", "message", "promise", "verification")
GONE_ON_THE_WAY = ("customer_word", "received_text", "retention_mark")
"""Tables that are newer than the way back goes."""
TABLES = Base.metadata.sorted_tables


class Older(MadeUp):
    """As the release before had its tables."""

    def insert(self, table: str, row: dict[str, Any]) -> dict[str, Any]:
        known = Base.metadata.tables[table].c
        kept = {name: value for name, value in row.items() if table not in NEW or name != MODE}
        columns = [sa.column(name, known[name].type) for name in kept]
        self.connection.execute(sa.insert(sa.table(table, *columns)), kept)
        return row

    def in_test_mode(self) -> "Older":
        return Older(self.connection, "test", self.merchant_id)


@pytest.fixture(scope="module")
def migrated(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with sibling_url(database_url, tmp_path_factory.mktemp("modes"), "modes") as url:
        database = Database(url)
        migrations.upgrade(database.engine, BEFORE)
        yield database
        database.dispose()


@pytest.fixture
def old(migrated: Database) -> Iterator[Database]:
    yield migrated
    migrations.downgrade(migrated.engine, BEFORE)


def counts(database: Database) -> dict[str, int]:
    names = [table.name for table in TABLES if table.name not in GONE_ON_THE_WAY]
    with database.engine.connect() as db:
        return {name: db.scalars(sa.text(f"SELECT count(*) FROM {name}")).one() for name in names}


def columns_of(database: Database, table: str) -> set[str]:
    return {column["name"] for column in sa.inspect(database.engine).get_columns(table)}


def test_it_goes_forth_and_back_and_forth_with_rows_in_every_table(old: Database) -> None:
    with old.engine.begin() as db:
        acme = Older(db)
        for table in TABLES:
            if table.name != "merchant":
                acme.insert(table.name, acme.row(table.name))
    before = counts(old)
    assert all(before.values())
    migrations.upgrade(old.engine)
    assert counts(old) == before
    migrations.downgrade(old.engine, FIRST_WITH_A_WAY_BACK)
    assert [name for name in NEW if MODE in columns_of(old, name)] == []
    keys = {key["name"]: key["constrained_columns"] for key in sa.inspect(old.engine).get_foreign_keys("reminder")}
    assert keys["fk_reminder_link_id_reminder_link"] == ["merchant_id", MODE, "link_id"]
    migrations.upgrade(old.engine)
    assert migrations.differences(old.engine) == []
    assert counts(old) == before
    with old.engine.connect() as db, pytest.raises(sa.exc.IntegrityError, match=r"(?i)check"):
        db.exec_driver_sql("UPDATE message SET mode = 'test'")


def test_it_drops_what_was_to_remind_a_test_customer_and_lets_the_older_release_serve(old: Database) -> None:
    with old.engine.begin() as db:
        acme = Older(db)
        live, test = (made.add("customer")["id"] for made in (acme, acme.in_test_mode()))
        for customer in (live, test):
            acme.add("customer_cadence", customer_id=customer)
    migrations.upgrade(old.engine)
    with old.engine.begin() as db:
        acme.connection = db
        kept = sa.text("SELECT customer_id FROM customer_cadence WHERE customer_id IN (:live, :test)")
        assert db.scalars(kept, {"live": live, "test": test}).all() == [live]
        acme.add("message", customer_id=live)
        with pytest.raises(sa.exc.IntegrityError, match=r"(?i)foreign key"), db.begin_nested():
            acme.add("message", customer_id=test)


def test_it_refuses_and_names_a_message_to_a_test_customer(old: Database) -> None:
    with old.engine.begin() as db:
        acme = Older(db)
        test = acme.in_test_mode().add("customer")["id"]
        message = acme.add("message", customer_id=test)["id"]
    told = rf"1 rows .* message of \({acme.merchant_id}, 'live'\) at customer {test}"
    with pytest.raises(RuntimeError, match=told):
        migrations.upgrade(old.engine)
    assert MODE not in columns_of(old, "message")
    with old.engine.begin() as db:
        db.execute(sa.text("DELETE FROM message WHERE id = :id"), {"id": message})
