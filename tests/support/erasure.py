"""Alice erased, for tests: what stands against it settled before, and all that is written of her looked up."""

from typing import Any

import sqlalchemy as sa

from bot import erasing
from models.base import Base
from models.customer import Customer
from models.payment import Payment
from tests.support import records
from tests.support.world import World

UNPAID = ("INV-1051", "INV-1060")


def alice_of(world: World, slug: str = "acme") -> Customer:
    return records.customer(world, "Alice Adams", slug)


def settle(world: World) -> None:
    """Nothing stands against erasing."""
    for number in ("INV-1042", *UNPAID):
        records.void(world, number)


def pay(world: World, **fields: Any) -> Payment:
    """One invoice paid, the others void."""
    paid = records.pay(world, "INV-1042", **fields)
    for number in UNPAID:
        records.void(world, number)
    return paid


def erase(world: World, customer: Customer) -> str:
    erased = erasing.erase(world.runtime, customer.id, lambda *_: None)
    world.settle_down()
    return erased.pseudonym


def written(world: World, slug: str) -> dict[str, str]:
    """All that the database holds of a merchant, by table, but for who they are themselves."""
    merchant_id, found = world.merchants[slug].id, {}
    with world.runtime.read() as ctx:
        for table in Base.metadata.sorted_tables:
            if "merchant_id" in table.c and table.name != "member":
                rows = ctx.session.execute(sa.select(table).where(table.c.merchant_id == merchant_id)).all()
                found[table.name] = "\n".join(map(str, rows))
    return found


def counts(world: World, customer: Customer) -> dict[str, int]:
    """Rows that name this customer, by table."""
    found = {}
    with world.runtime.read() as ctx:
        for table in Base.metadata.sorted_tables:
            if "customer_id" in table.c:
                own = sa.select(sa.func.count()).select_from(table).where(table.c.customer_id == customer.id)
                found[table.name] = ctx.session.scalar(own) or 0
    return found
