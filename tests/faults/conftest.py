"""One warm interpreter for all the processes that tests here kill, and towns on each kind of database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.servers import Server, own_server
from tests.faults.town import Town, founded
from tests.faults.warm import Nursery
from tests.support.post import empty_database


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.close()


@pytest.fixture
def town(database_url: str, tmp_path: Path, nursery: Nursery) -> Iterator[Town]:
    """Tables, and nothing started yet."""
    with empty_database(database_url, tmp_path, "town") as database, founded(database, tmp_path, nursery) as made:
        yield made


@pytest.fixture
def server() -> Iterator[Server]:
    with own_server() as made:
        yield made
