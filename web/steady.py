"""Work that a worker looks for by itself, beside the jobs that others enqueue, again and again with rests between. For
what comes in such numbers that a job for each would cost more than the work."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import structlog

from models.context import Runtime
from models.walls import ALL_MERCHANTS
from web.work import describe

log = structlog.get_logger()

Look = Callable[[Runtime], float]
"""Returns how many seconds to rest."""
AFTER_AN_ERROR_S = 5.0


class _Steady(threading.Thread):
    def __init__(self, runtime: Runtime, look: Look, stop: threading.Event) -> None:
        super().__init__(name=look.__name__, daemon=True)
        self._runtime, self._look, self._stopping = runtime.of(ALL_MERCHANTS), look, stop

    def run(self) -> None:
        while not self._stopping.is_set():
            self._stopping.wait(self._once())

    def _once(self) -> float:
        try:
            return self._look(self._runtime)
        except Exception as error:
            log.error("look_failed", name=self._look.__name__, error=describe(error))
            return AFTER_AN_ERROR_S


@contextmanager
def looking(runtime: Runtime, looks: Sequence[Look]) -> Iterator[None]:
    """Until the block ends, and what was begun with it."""
    stop = threading.Event()
    threads = [_Steady(runtime, look, stop) for look in looks]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
