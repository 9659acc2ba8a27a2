"""A fresh world for each test of the pages, on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.database import Database
from tests.support.visitor import Visitor
from tests.support.workers import sibling_url
from tests.support.world import World, empty, make_world, populate


@pytest.fixture(scope="session")
def pages_database(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with sibling_url(database_url, tmp_path_factory.mktemp("pages"), "pages") as url:
        database = Database(url)
        yield database
        database.dispose()


@pytest.fixture
def world(pages_database: Database, tmp_path: Path) -> Iterator[World]:
    empty(pages_database)
    made = make_world(pages_database, tmp_path)
    populate(made)
    yield made
    made.bank.database.dispose()


@pytest.fixture
def alice(world: World) -> Visitor:
    return Visitor(world)


@pytest.fixture
def bob(world: World) -> Visitor:
    return Visitor(world)
