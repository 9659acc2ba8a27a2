"""A fresh world for each test, on each database, and Acme's desk in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.database import Database
from tests.support.databases import restore
from tests.support.dunning import Desk
from tests.support.world import ACME, GLOBEX, World, make_world


@pytest.fixture
def world(blank_url: str, lent: Database, tmp_path: Path) -> Iterator[World]:
    """2026-06-19, a Friday: 17:30 in New York, 14:30 in Los Angeles."""
    restore(lent, blank_url)
    made = make_world(lent, tmp_path)
    made.add_merchant("acme", ACME)
    made.add_merchant("globex", GLOBEX)
    yield made
    made.close()


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world, world.merchants["acme"])
