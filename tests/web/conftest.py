"""A fresh world for each test of the pages, on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.database import Database
from tests.support import records
from tests.support.databases import copy_of
from tests.support.visitor import Visitor
from tests.support.workers import sibling_url
from tests.support.world import ALICE, ALICE_EMAIL, World, empty, make_world, populate


@pytest.fixture(scope="session")
def blank_url(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Every table, and nothing in them."""
    with sibling_url(database_url, tmp_path_factory.mktemp("blank"), "blank") as url:
        database = Database(url)
        empty(database)
        database.dispose()
        yield url


@pytest.fixture
def world(blank_url: str, tmp_path: Path) -> Iterator[World]:
    with copy_of(blank_url, tmp_path) as url:
        database = Database(url)
        made = make_world(database, tmp_path)
        populate(made)
        yield made
        made.bank.database.dispose()
        database.dispose()


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
