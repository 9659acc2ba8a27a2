"""Group commit for what comes in crowds: whatever several threads want written at one moment, one of them writes, while
the next lot gathers. PostgreSQL and the driver are asked once for all of it."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from models.database import is_unavailable

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Entry(Generic[T]):
    item: T
    is_done: bool = False
    error: Exception | None = None


class Gathering(Generic[T]):
    """`write` commits all that it is given, or raises and has written nothing."""

    def __init__(self, write: Callable[[Sequence[T]], None]) -> None:
        self._write = write
        self._writing, self._joining = threading.Lock(), threading.Lock()
        self._lot: list[_Entry[T]] = []

    def put(self, item: T) -> None:
        """Returns once it is written. Raises what `write` raised for this item; another's fault is not its own."""
        mine = _Entry(item)
        with self._joining:
            lot = self._lot
            lot.append(mine)
        with self._writing:
            if not mine.is_done:
                self._close(lot)
                self._write_all(lot)
        if mine.error is not None:
            raise mine.error

    def _close(self, lot: list[_Entry[T]]) -> None:
        """Nobody joins it any more."""
        with self._joining:
            if self._lot is lot:
                self._lot = []

    def _write_all(self, lot: Sequence[_Entry[T]]) -> None:
        error = None
        try:
            self._write([entry.item for entry in lot])
        except Exception as refused:
            if len(lot) > 1 and not is_unavailable(refused):
                for entry in lot:
                    self._write_all([entry])
                return
            error = refused
        for entry in lot:
            entry.is_done, entry.error = True, error
