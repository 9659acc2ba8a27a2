"""A fresh world for each journey, on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.database import Database
from tests.support.world import World, empty, make_world, populate


@pytest.fixture(scope="session")
def database(database_url: str) -> Iterator[Database]:
    found = Database(database_url)
    yield found
    found.dispose()


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    empty(database)
    made = make_world(database, tmp_path)
    populate(made)
    return made
