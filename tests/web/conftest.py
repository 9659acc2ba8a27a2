"""A fresh world for each test of the pages, on each database."""

import pytest

from tests.support import records
from tests.support.visitor import Visitor
from tests.support.world import ALICE, ALICE_EMAIL, World


@pytest.fixture
def world(peopled_world: World) -> World:
    return peopled_world


@pytest.fixture
def alice(world: World) -> Visitor:
    return Visitor(world)


@pytest.fixture
def bob(world: World) -> Visitor:
    return Visitor(world)


@pytest.fixture
def url(world: World) -> str:
    """A link to Alice's oldest invoice, from the portal."""
    return records.link(world, "INV-1042")


@pytest.fixture
def texted(world: World) -> str:
    """The same, by text."""
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("1")
    return phone.link()
