"""A fresh world for each test, on each database, and Acme's desk in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.database import Database
from tests.support.dunning import Desk
from tests.support.world import ACME, GLOBEX, World, empty, make_world


@pytest.fixture(scope="session")
def database(database_url: str) -> Iterator[Database]:
    found = Database(database_url)
    yield found
    found.dispose()


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    """2026-06-19, a Friday: 17:30 in New York, 14:30 in Los Angeles."""
    empty(database)
    made = make_world(database, tmp_path)
    made.add_merchant("acme", ACME)
    made.add_merchant("globex", GLOBEX)
    return made


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world, world.merchants["acme"])
