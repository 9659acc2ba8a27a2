"""Indexes that hold only some rows, and those of a search, are used where they are meant to be, on both databases."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from models.base import new_public_id
from models.customer import Channel, ContactPoint, Customer
from models.customer_word import enter
from models.database import Database
from models.message import Message
from tests.support.made_up import MadeUp
from web.console import search


@pytest.mark.parametrize("column", ["reminder_link_id", "reply_to_id", "instead_of_id"])
def test_it_finds_messages_by_their_sparse_columns(peopled_url: str, column: str) -> None:
    asked = sa.select(Message.id).where(getattr(Message, column) == 1)

    assert f"ix_message_{column}" in plan_of(peopled_url, asked)


@pytest.fixture
def crowd(peopled_url: str) -> Iterator[sa.Connection]:
    """A thousand customers of merchant 1's with emails and phones, in a transaction that is never committed."""
    database = Database(peopled_url)
    with database.engine.connect() as db:
        acme = MadeUp(db, merchant_id=1)
        row, point = acme.row("customer"), acme.row("contact_point")
        ids = range(50_000, 51_000)
        own = {"customer_id": ids[0], "channel": Channel.EMAIL}
        keys = [{"id": n, "public_id": new_public_id(), "address": f"c{n}@a.test"} for n in ids]
        db.execute(sa.insert(Customer), [row | {"id": key["id"], "public_id": key["public_id"]} for key in keys])
        db.execute(sa.insert(ContactPoint), [point | own | key for key in keys])
        phones = [{"id": n + 1_000, "public_id": new_public_id(), "address": f"+12125{n + 500_000}"} for n in ids]
        db.execute(sa.insert(ContactPoint), [point | own | {"channel": Channel.SMS} | key for key in phones])
        enter(db, [(1, n, f"Customer {n}") for n in ids])
        if not database.is_sqlite:  # there the plan must be right without, too
            db.exec_driver_sql("ANALYZE")
        yield db
        db.rollback()
    database.dispose()


@pytest.mark.parametrize("words", [["del"], ["del", "caf", "bar"]])
def test_it_finds_customers_by_the_words_of_their_names(crowd: sa.Connection, words: list[str]) -> None:
    plan = explained(crowd, search.named(1, words))
    if crowd.dialect.name == "sqlite":
        assert plan.count("SEARCH customer_word USING PRIMARY KEY (merchant_id=? AND word>? AND word<?)") == len(words)
    else:
        assert plan.count("pk_customer_word") == len(words)
        assert all(f">= '{word}'" in plan for word in words)


@pytest.mark.parametrize(("channel", "text"), [(Channel.EMAIL, "alice@"), (Channel.SMS, "+1555")])
def test_it_finds_customers_by_how_an_address_begins(crowd: sa.Connection, channel: Channel, text: str) -> None:
    is_sqlite = crowd.dialect.name == "sqlite"
    plan = explained(crowd, search.beginning(1, channel, text, is_sqlite=is_sqlite))
    assert "ix_contact_point_address" in plan
    assert ("address>? AND address<?" if is_sqlite else f"~<~ '{text}") in plan


def test_it_finds_the_owner_of_an_address_by_the_same_index(crowd: sa.Connection) -> None:
    own = (ContactPoint.merchant_id == 1) & (ContactPoint.channel == Channel.EMAIL)
    plan = explained(crowd, sa.select(ContactPoint.customer_id).where(own, ContactPoint.address == "alice@a.test"))
    assert "ix_contact_point_address" in plan
    assert ("address=?" if crowd.dialect.name == "sqlite" else "= 'alice@a.test'") in plan


def test_it_finds_phones_by_how_they_end(crowd: sa.Connection) -> None:
    plan = explained(crowd, search.ending(1, "5550177"))
    assert "ix_contact_point_ending" in plan
    assert ("ending=?" if crowd.dialect.name == "sqlite" else "ending)::text = '0177'::text") in plan


def plan_of(url: str, asked: sa.Select[int]) -> str:
    """What the database would do, were the table large."""
    database = Database(url)
    with database.engine.connect() as db:
        if not database.is_sqlite:
            db.exec_driver_sql("SET enable_seqscan = off")
        plan = explained(db, asked)
    database.dispose()
    return plan


def explained(db: sa.Connection, asked: sa.Select[int] | sa.CompoundSelect[int]) -> str:
    explain = "EXPLAIN QUERY PLAN" if db.dialect.name == "sqlite" else "EXPLAIN"
    words = asked.compile(db.engine, compile_kwargs={"literal_binds": True})
    return "\n".join(str(row) for row in db.exec_driver_sql(f"{explain} {words}"))
