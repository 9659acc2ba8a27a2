"""What a lost connection looks like from inside, and how each kind of unit of work begins."""

import time

import pytest
import sqlalchemy as sa

from models.database import Database, is_unavailable


def idle(database: Database) -> None:
    with database.read() as session:
        session.execute(sa.text("SET idle_in_transaction_session_timeout = 1"))
        time.sleep(0.05)
        session.execute(sa.text("SELECT 1"))


def test_it_takes_a_transaction_that_idled_too_long_for_a_database_that_is_away(database_url: str) -> None:
    if database_url.startswith("sqlite"):
        pytest.skip("only PostgreSQL ends what idles")
    database = Database(database_url)
    with pytest.raises(sa.exc.DBAPIError) as caught:
        idle(database)

    assert is_unavailable(caught.value)
    database.dispose()


def test_it_takes_a_fault_of_ours_for_what_it_is(database_url: str) -> None:
    database = Database(database_url)
    with pytest.raises(sa.exc.DBAPIError) as caught, database.read() as session:
        session.execute(sa.text("SELECT nothing FROM nowhere" if not database.is_sqlite else "SELECT 1 +"))

    assert is_unavailable(caught.value) == database.is_sqlite  # SQLite calls a mistake operational, too
    database.dispose()
