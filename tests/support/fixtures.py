"""Databases that tests of the whole Till start from: made once per process and backend, then copied for each test into
one that is used again and again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.database import Database
from tests.support.databases import restore
from tests.support.workers import sibling_url
from tests.support.world import World, empty, make_world, populate, recall


@pytest.fixture(scope="session")
def blank_url(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Every table, and nothing in them."""
    with sibling_url(database_url, tmp_path_factory.mktemp("blank"), "blank") as url:
        database = Database(url)
        empty(database)
        database.dispose()
        yield url


@pytest.fixture(scope="session")
def peopled_url(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Acme and Globex with their customers and invoices."""
    folder = tmp_path_factory.mktemp("peopled")
    with sibling_url(database_url, folder, "peopled") as url:
        database = Database(url)
        empty(database)
        made = make_world(database, folder)
        populate(made)
        made.close()
        yield url


@pytest.fixture(scope="session")
def lent(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One for every world, made again from a copy for each."""
    with sibling_url(database_url, tmp_path_factory.mktemp("lent"), "lent") as url:
        database = Database(url)
        yield database
        database.dispose()


@pytest.fixture
def peopled_world(peopled_url: str, lent: Database, tmp_path: Path) -> Iterator[World]:
    restore(lent, peopled_url)
    made = make_world(lent, tmp_path)
    recall(made)
    yield made
    made.close()
