"""`flask seed`: what it says, and where it refuses."""

from dataclasses import replace

import sqlalchemy as sa
from click.testing import Result

from models.context import Environment, Site
from models.invoice import Invoice
from tests.support.world import World


def seed(world: World, *words: str) -> Result:
    return world.client.application.test_cli_runner().invoke(args=["seed", *words])


def test_it_fills_the_database_and_tells_how_fast(world: World) -> None:
    result = seed(world, "--invoices", "40")
    assert result.exit_code == 0
    assert "harbor-finch" in result.output
    assert "40 invoices in" in result.output
    with world.runtime.read() as ctx:
        assert ctx.session.scalar(sa.select(sa.func.count(Invoice.id))) == 40 + 5  # Alice's and Bob's


def test_it_fills_a_database_once(world: World) -> None:
    seed(world, "--invoices", "25")
    again = seed(world, "--invoices", "25")
    assert again.exit_code == 1
    assert "has these merchants already" in again.output


def test_it_refuses_in_production(world: World) -> None:
    production = Site("https://till.example", Environment.PRODUCTION, None)
    world.client.application.extensions["till"] = replace(world.runtime, site=production)
    assert "do not belong here" in seed(world).output
