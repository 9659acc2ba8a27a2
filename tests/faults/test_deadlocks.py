"""Many who want the same rows in opposite order. PostgreSQL ends one of two that wait for each other: it runs again,
and no customer hears of it."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from random import Random  # noqa: TID251 - seeded: a run can be had again

import pytest
import sqlalchemy as sa

from models.database import Database
from models.errors import DomainError
from models.invoice import Invoice
from models.paylink import PayLink
from tests.support.figures import Figure
from tests.support.post import empty_database
from tests.support.shop import Shop
from web.context import retrying

WORKERS = 32
ROUNDS = [1, pytest.param(25, marks=pytest.mark.prove)]
REFUSALS = {"already_paid", "payment_in_flight", "amount_changed"}
SET = 4


def pay(shop: Shop, link: PayLink) -> str:
    """As the pay page does, and the bank's page after it."""
    try:
        begun = retrying(lambda: shop.press(link))
    except DomainError as refused:
        if refused.code not in REFUSALS:
            raise
        return refused.code
    if begun.redirect_url is not None:
        retrying(lambda: shop.approve(begun))
    return "went through"


def deadlocks(database: Database) -> int:
    with database.read() as session:
        session.execute(sa.text("SELECT pg_stat_clear_snapshot()"))
        return int(
            session.scalar(sa.text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")) or 0
        )


@pytest.mark.parametrize("rounds", ROUNDS)
def test_overlapping_payments_end_without_an_error(
    database_url: str, tmp_path: Path, rounds: int, pytestconfig: pytest.Config, figure: Figure
) -> None:
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite has one writer")
    random, answers = Random(pytestconfig.getoption("seed")), Counter[str]()
    with empty_database(database_url, tmp_path, "deadlocks") as database:
        shop = Shop(database, tmp_path)
        for _ in range(rounds):
            invoices = [shop.invoice() for _ in range(2 * SET)]
            wanted = [random.sample(invoices, SET) for _ in range(WORKERS // 2)]
            links = [shop.link(*some) for chosen in wanted for some in (chosen, chosen[::-1])]
            with ThreadPoolExecutor(WORKERS) as pool:
                answers += Counter(pool.map(partial(pay, shop), links))
        paid = [invoice for covered in shop.paid_sets() for invoice in covered]

        assert answers.total() == WORKERS * rounds
        assert len(paid) == len(set(paid))
        assert shop.discrepancies() == []
        shop.bank.database.dispose()
        figure(
            "O8 overlapping payments",
            "postgresql",
            payments_tried=answers.total(),
            went_through=answers["went through"],
            refused_in_words=answers.total() - answers["went through"],
            user_errors=WORKERS * rounds - answers.total(),
            deadlocks_met=deadlocks(database),
        )


@pytest.mark.parametrize("rounds", [4, pytest.param(100, marks=pytest.mark.prove)])
def test_who_loses_a_deadlock_runs_again(database_url: str, tmp_path: Path, rounds: int, figure: Figure) -> None:
    """Made to happen: both hold one row before either asks for the other's."""
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite has one writer")
    runs: list[int] = []
    with empty_database(database_url, tmp_path, "deadlocks") as database:
        shop = Shop(database, tmp_path)
        rows = [shop.invoice().id for _ in range(2)]
        for _ in range(rounds):
            both = threading.Barrier(2)
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(lambda mine, gate=both: runs.append(_change(database, mine, gate)), (rows, rows[::-1])))
        with database.read() as session:
            changed = [session.get_one(Invoice, row).version for row in rows]

        assert len(runs) == 2 * rounds
        assert changed == [1 + 2 * rounds] * 2
        shop.bank.database.dispose()
        figure(
            "O8 deadlocks made", "postgresql", transactions=len(runs), ran_again=sum(runs) - len(runs), user_errors=0
        )


def _change(database: Database, rows: list[int], both_hold_one: threading.Barrier) -> int:
    """Returns how often it ran."""
    runs = 0

    def once() -> None:
        nonlocal runs
        runs += 1
        with database.write() as session:
            for place, row in enumerate(rows):
                if place == 1 and runs == 1:
                    both_hold_one.wait(30)
                session.execute(sa.update(Invoice).where(Invoice.id == row).values(version=Invoice.version + 1))

    retrying(once)
    return runs
