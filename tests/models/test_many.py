"""Many rows by one statement are stored as one by one would be, nothing among them, and obey ON CONFLICT."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from models import many
from models.base import new_public_id
from models.customer import Channel, ContactPoint, Customer
from models.database import Database

INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
NOON = datetime(2026, 6, 19, 18, 0, 0, 5, tzinfo=UTC)
POINT = ContactPoint.__table__
WORDS = ('{"braces", \\}', "NULL", "", "señora,\n'x'")


def test_it_stores_them_all_and_leaves_what_must_stay(peopled_url: str) -> None:
    database = Database(peopled_url)
    with database.engine.connect() as db:
        owner = db.execute(sa.select(Customer.merchant_id, Customer.id).limit(1)).one()
        insert = INSERTS[db.dialect.name](POINT)
        mails = insert.on_conflict_do_update(
            index_elements=["customer_id", "channel", "address"],
            set_={"bad_since_at": insert.excluded.bad_since_at},
            where=POINT.c.channel == Channel.EMAIL,
        )
        many.write(db, mails, [_row(owner, channel, word, None) for word in WORDS for channel in Channel])
        many.write(db, mails, [_row(owner, channel, WORDS[0], NOON) for channel in Channel])
        columns = (POINT.c.channel, POINT.c.address, POINT.c.bad_since_at, POINT.c.created_at)
        mine = (POINT.c.customer_id == owner.id) & POINT.c.address.in_(WORDS)
        found = db.execute(sa.select(*columns).where(mine).order_by(POINT.c.id)).all()
        bad = {(Channel.EMAIL, WORDS[0]): NOON}
        rows = [(channel, word) for word in WORDS for channel in Channel]
        assert found == [(channel, word, bad.get((channel, word)), NOON) for channel, word in rows]
        db.rollback()  # others share this database
    database.dispose()


def _row(owner: Any, channel: Channel, address: str, bad_since_at: datetime | None) -> dict[str, Any]:
    mine = {"merchant_id": owner.merchant_id, "customer_id": owner.id, "public_id": new_public_id()}
    return mine | {
        "channel": channel,
        "address": address,
        "is_primary": False,
        "bad_since_at": bad_since_at,
        "created_at": NOON,
    }
