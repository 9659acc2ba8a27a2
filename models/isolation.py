"""Many alike, one after the other: what goes wrong with one is no reason to leave the others undone."""

from collections.abc import Callable, Iterable
from typing import TypeVar

import structlog

T = TypeVar("T")
R = TypeVar("R")

log = structlog.get_logger()


def each(things: Iterable[T], work: Callable[[T], R]) -> list[R]:
    """The results. Raises the first error once all have had their turn."""
    done: list[R] = []
    first: Exception | None = None
    for thing in things:
        try:
            done.append(work(thing))
        except Exception as error:
            log.error("one_of_many_failed", error=type(error).__name__)
            first = first or error
    if first is not None:
        raise first
    return done
