"""Whether more requests come than this process answers: by how many wait for one of its threads."""

from collections.abc import Callable

MANY, FEW = 16, 4
"""Two for each thread, which takes a tenth of a second to serve; and so few that turns may be taken again."""


class Crowd:
    """`waiting`: how many there are at this moment."""

    def __init__(self, waiting: Callable[[], int]) -> None:
        self._waiting = waiting
        self._is_here = False

    def is_here(self) -> bool:
        """From many on, until few are left: a flag between threads, which one may see a moment late."""
        waiting = self._waiting()
        if waiting >= MANY:
            self._is_here = True
        elif waiting <= FEW:
            self._is_here = False
        return self._is_here


def nobody() -> int:
    return 0
