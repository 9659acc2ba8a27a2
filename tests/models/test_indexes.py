"""Indexes that hold only some rows are used where these rows are asked for, on both databases."""

import pytest
import sqlalchemy as sa

from models.database import Database
from models.message import Message


@pytest.mark.parametrize("column", ["reminder_link_id", "reply_to_id", "instead_of_id"])
def test_it_finds_messages_by_their_sparse_columns(peopled_url: str, column: str) -> None:
    asked = sa.select(Message.id).where(getattr(Message, column) == 1)

    assert f"ix_message_{column}" in plan_of(peopled_url, asked)


def plan_of(url: str, asked: sa.Select[int]) -> str:
    """What the database would do, were the table large."""
    database = Database(url)
    with database.engine.connect() as db:
        if not database.is_sqlite:
            db.exec_driver_sql("SET enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
        words = asked.compile(database.engine, compile_kwargs={"literal_binds": True})
        plan = "\n".join(str(row) for row in db.exec_driver_sql(f"{explain} {words}"))
    database.dispose()
    return plan
