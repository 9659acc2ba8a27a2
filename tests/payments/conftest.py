"""One shop per test, on both databases. Rows of earlier tests stay: each shop has a merchant of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.base import Base
from models.database import Database
from tests.support.shop import Shop
from tests.support.workers import sibling_url


@pytest.fixture(scope="session")
def till(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with sibling_url(database_url, tmp_path_factory.mktemp("payments"), "payments") as url:
        database = Database(url)
        Base.metadata.create_all(database.engine)
        yield database
        database.dispose()


@pytest.fixture
def shop(till: Database, tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(till, tmp_path)
    yield shop
    shop.bank.database.dispose()
    assert shop.discrepancies() == []


@pytest.fixture
def thread(shop: Shop) -> int:
    """Alice's conversation by text."""
    return shop.thread("+15550142")
