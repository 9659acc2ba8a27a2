"""The migration that keeps merchants' rows apart, on a database that has rows already."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from models import migrations
from models.database import Database
from tests.support.workers import sibling_url

BEFORE = "0023"
MOMENT = "2026-06-19 21:30:00+00:00"
MERCHANT = (
    "INSERT INTO merchant (id, public_id, slug, name, legal_name, status, email_secrets, email, phone, address, hours,"
    " country, timezone, locale, currency, colour, created_at) VALUES ({0}, 'm{0}', 'm{0}', 'M', 'M', 'active', '{{}}',"
    " 'a@b.test', '+1', 'x', 'x', 'US', 'UTC', 'en', 'USD', '#000000', '" + MOMENT + "')"
)
LINK = (
    "INSERT INTO reminder_link (id, key, merchant_id, customer_id, created_at)"
    " VALUES (1, {key}, {merchant}, 1, '" + MOMENT + "')"
)


@pytest.fixture
def old(database_url: str, tmp_path: Path) -> Iterator[Database]:
    """As the release before had it: customer 1 is merchant 1's."""
    with sibling_url(database_url, tmp_path, "old") as url:
        database = Database(url)
        migrations.upgrade(database.engine, BEFORE)
        with database.engine.begin() as db:
            for number in (1, 2):
                db.exec_driver_sql(MERCHANT.format(number))
            db.exec_driver_sql(
                "INSERT INTO customer (id, public_id, merchant_id, mode, name, locale, created_at)"
                f" VALUES (1, 'c1', 1, 'live', 'Carol', 'en', '{MOMENT}')"
            )
        yield database
        database.dispose()


def link(database: Database, merchant: int) -> None:
    key = "x'01'" if database.is_sqlite else "'\\x01'::bytea"
    with database.engine.begin() as db:
        db.exec_driver_sql(LINK.format(key=key, merchant=merchant))


def test_it_keeps_the_rows_and_then_refuses_strangers(old: Database) -> None:
    link(old, 1)
    migrations.upgrade(old.engine)
    assert migrations.differences(old.engine) == []
    with old.engine.connect() as db, pytest.raises(sa.exc.IntegrityError, match=r"(?i)foreign key"):
        db.exec_driver_sql("UPDATE reminder_link SET merchant_id = 2")


def test_it_refuses_and_names_rows_that_point_at_another_merchants(old: Database) -> None:
    link(old, 2)
    with pytest.raises(RuntimeError, match=r"1 rows .* reminder_link of \(2, 'live'\) at customer 1"):
        migrations.upgrade(old.engine)
