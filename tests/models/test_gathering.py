"""What several threads want written at one moment is written together."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from models.gathering import Gathering
from tests.support.workers import eventually

OTHERS = 5
PATIENCE_S = 60


class Slow:
    """Holds the first lot until it is let go. Refuses what is negative."""

    def __init__(self) -> None:
        self.lots: list[list[int]] = []
        self.has_begun, self.let_go = threading.Event(), threading.Event()
        self.error: Exception | None = None

    def write(self, lot: Sequence[int]) -> None:
        self.lots.append(list(lot))
        if not self.has_begun.is_set():
            self.has_begun.set()
            assert self.let_go.wait(PATIENCE_S)
        if self.error is not None:
            raise self.error
        if min(lot) < 0:
            raise ValueError(min(lot))


def put_all(slow: Slow, items: Sequence[int]) -> list[Exception | None]:
    """The first is being written while the others come."""
    gathering = Gathering(slow.write)
    with ThreadPoolExecutor(len(items)) as pool:
        first = pool.submit(gathering.put, items[0])
        assert slow.has_begun.wait(PATIENCE_S)
        others = [pool.submit(gathering.put, item) for item in items[1:]]
        assert eventually(lambda: len(gathering._lot) == len(items) - 1, PATIENCE_S)
        slow.let_go.set()
        return [done.exception(PATIENCE_S) for done in (first, *others)]  # type: ignore[misc]


def test_it_writes_together_what_comes_meanwhile() -> None:
    slow = Slow()
    assert put_all(slow, range(OTHERS + 1)) == [None] * (OTHERS + 1)
    first, others = slow.lots
    assert (first, sorted(others)) == ([0], list(range(1, OTHERS + 1)))


def test_it_raises_only_for_what_was_refused() -> None:
    slow = Slow()
    raised = put_all(slow, [0, 1, -2, 3])
    assert [type(error) for error in raised] == [type(None), type(None), ValueError, type(None)]
    assert sorted(map(tuple, slow.lots[2:])) == [(-2,), (1,), (3,)]


def test_it_asks_a_database_that_is_away_once_for_all() -> None:
    slow = Slow()
    slow.error = sa.exc.OperationalError("COMMIT", None, OSError("gone"))
    assert put_all(slow, [0, 1, 2]) == [slow.error] * 3
    assert len(slow.lots) == 2


def test_it_goes_on_after_a_thread_that_died_in_the_midst() -> None:
    class Killed(BaseException):
        pass

    killed = iter([Killed()])
    written: list[int] = []

    def write(lot: Sequence[int]) -> None:
        if (error := next(killed, None)) is not None:
            raise error
        written.extend(lot)

    gathering = Gathering(write)
    with pytest.raises(Killed):
        gathering.put(1)
    gathering.put(2)
    assert written == [2]
