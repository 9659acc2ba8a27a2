"""One shop per test, on both databases. Rows of earlier tests stay: each shop has a merchant of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.base import Base
from models.clock import FrozenClock
from models.database import Database
from payments.gateways.bank import Bank
from tests.support.databases import KEPT, keep, restore
from tests.support.shop import NOW, Shop
from tests.support.workers import sibling_url


@pytest.fixture(scope="session")
def till(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with sibling_url(database_url, tmp_path_factory.mktemp("payments"), "payments") as url:
        database = Database(url)
        Base.metadata.create_all(database.engine)
        yield database
        database.dispose()


@pytest.fixture(scope="session")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    """One for all shops, which remembers none of the earlier ones."""
    bank = Bank(tmp_path_factory.mktemp("bank") / "bank.db", FrozenClock(NOW))
    keep(bank.database)
    return bank


@pytest.fixture
def shop(till: Database, bank: Bank, tmp_path: Path) -> Iterator[Shop]:
    restore(bank.database, f"{bank.database.url}{KEPT}")
    bank.clock, bank.card_basis_points = (clock := FrozenClock(NOW)), 0
    shop = Shop(till, tmp_path, clock=clock, lent_bank=bank)
    yield shop
    shop.bank.database.dispose()
    assert shop.discrepancies() == []


@pytest.fixture
def thread(shop: Shop) -> int:
    """Alice's conversation by text."""
    return shop.thread("+15550142")
