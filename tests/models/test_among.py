"""A long list as one parameter finds what an IN list finds, by the same indexes."""

from datetime import UTC, datetime

import sqlalchemy as sa

from models.among import among
from models.consent import Consent
from models.customer import Channel, ContactPoint, Customer
from models.database import Database

NOON = datetime(2026, 6, 19, 18, tzinfo=UTC)


def test_it_finds_what_an_in_list_finds(peopled_url: str) -> None:
    database = Database(peopled_url)
    with database.read() as session:
        ids = list(session.scalars(sa.select(Customer.id).where(Customer.id % 2 == 0)))
        wanted = sa.select(ContactPoint.address).where(ContactPoint.customer_id.in_(ids)).order_by(ContactPoint.id)
        found = sa.select(ContactPoint.address).where(among(ContactPoint.customer_id, ids)).order_by(ContactPoint.id)
        addresses = session.scalars(found).all()
        assert addresses == session.scalars(wanted).all()
        again = sa.select(ContactPoint.customer_id).where(among(ContactPoint.address, addresses)).distinct()
        assert set(ids) <= set(session.scalars(again))
        assert session.scalars(sa.select(Customer.id).where(among(Customer.id, []))).all() == []
    database.dispose()


def test_it_takes_words_as_they_are(peopled_url: str) -> None:
    database, words = Database(peopled_url), ('a "b"', "back\\slash\\", "NULL", "", "{x,y}", "señora,\n'x'")
    with database.engine.connect() as db:
        owner = db.execute(sa.select(Customer.merchant_id, Customer.id).limit(1)).one()
        mine = {"merchant_id": owner.merchant_id, "customer_id": owner.id, "channel": Channel.EMAIL, "created_at": NOON}
        db.execute(sa.insert(ContactPoint), [mine | {"address": word} for word in words])
        found = sa.select(ContactPoint.address).where(ContactPoint.customer_id == owner.id)
        for word in words:
            assert db.scalars(found.where(among(ContactPoint.address, [word, "elsewhere"]))).all() == [word]
        assert set(db.scalars(found.where(among(ContactPoint.address, words)))) == set(words)
        db.rollback()  # others share this database
    database.dispose()


def test_it_uses_every_column_of_an_index(peopled_url: str) -> None:
    database = Database(peopled_url)
    if database.is_sqlite:  # PostgreSQL chooses by what the tables hold; SQLite by the words alone
        mine = sa.select(Consent.id).where(Consent.merchant_id == 1, Consent.channel == "sms")
        asked = str(mine.where(among(Consent.address, ["x"])).compile(database.engine))
        with database.engine.connect() as db:
            plan = " ".join(row[3] for row in db.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", (1, "sms", '["x"]')))
        assert "(merchant_id=? AND channel=? AND address=?)" in plan
    database.dispose()
