"""The queues and their limits, as data. Knows nothing of what runs in them."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.senders import LONG_CODE, SHORT_CODE, TOLL_FREE


@dataclass(frozen=True, slots=True)
class Queue:
    """`per_second`: the most starts a second for one key (the sending number), with so many in flight."""

    poll_s: float
    embedded_poll_s: float
    """Beside the web server: a poll takes some milliseconds of the one interpreter that also answers customers."""
    workers: int
    per_second: float | None = None
    in_flight: int = 1


QUEUES: Mapping[str, Queue] = {
    # Alone, so that no campaign stands before somebody's code.
    "codes": Queue(poll_s=0.1, embedded_poll_s=0.25, workers=8),
    LONG_CODE.queue: Queue(poll_s=0.25, embedded_poll_s=0.5, workers=32, per_second=LONG_CODE.per_second),
    TOLL_FREE.queue: Queue(poll_s=0.1, embedded_poll_s=0.5, workers=8, per_second=TOLL_FREE.per_second, in_flight=2),
    SHORT_CODE.queue: Queue(poll_s=0.05, embedded_poll_s=0.5, workers=8, per_second=SHORT_CODE.per_second, in_flight=8),
    "email": Queue(poll_s=0.25, embedded_poll_s=0.5, workers=8),
    "jobs": Queue(poll_s=1.0, embedded_poll_s=2.0, workers=4),
    # Alone, so that slow receivers hold nothing else up.
    "webhooks": Queue(poll_s=0.5, embedded_poll_s=1.0, workers=8),
}

UNPACED: Mapping[str, Queue] = {
    name: queue if queue.per_second is None else replace(queue, poll_s=0.05, embedded_poll_s=0.1, per_second=50.0)
    for name, queue in QUEUES.items()
}
"""For the sandbox: its carrier has no limits, and nobody wants to wait for it."""


class Pacer:
    """Keeps the starts of one key apart inside this process, where the database's clock is too coarse to."""

    def __init__(self) -> None:
        self._free_at: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def wait(self, queue: str, key: str, per_second: float) -> None:
        with self._lock:
            now = time.monotonic()
            start = max(now, self._free_at.get((queue, key), now))
            self._free_at[queue, key] = start + 1 / per_second
        time.sleep(start - now)
