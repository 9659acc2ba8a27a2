"""The queues and their limits, as data. Knows nothing of what runs in them."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.senders import LONG_CODE, SHORT_CODE, TOLL_FREE
from models.ports import OutboundSms, SmsChannel


@dataclass(frozen=True, slots=True)
class Queue:
    """`per_second`: the most texts a second from one key (the sending number), with so many in flight."""

    poll_s: float
    """A poll that finds nothing takes 5 ms of a worker: these take a fifth of a core, day and night."""
    embedded_poll_s: float
    """Beside the web server: a poll takes some milliseconds of the one interpreter that also answers customers."""
    workers: int
    per_second: float | None = None
    in_flight: int = 1

    @property
    def keeps_its_key(self) -> bool:
        """One in flight keeps its number until the next may go, in whichever process. The engine's own limiter asks for
        each number by itself, in a transaction of its own: with sixty numbers that takes longer than the texts."""
        return self.per_second is not None and self.in_flight == 1


QUEUES: Mapping[str, Queue] = {
    # Alone, so that no campaign stands before somebody's code.
    "codes": Queue(poll_s=0.1, embedded_poll_s=0.15, workers=8),
    LONG_CODE.queue: Queue(poll_s=0.1, embedded_poll_s=0.5, workers=96, per_second=LONG_CODE.per_second),
    TOLL_FREE.queue: Queue(poll_s=0.2, embedded_poll_s=0.5, workers=8, per_second=TOLL_FREE.per_second, in_flight=2),
    SHORT_CODE.queue: Queue(poll_s=0.1, embedded_poll_s=0.5, workers=8, per_second=SHORT_CODE.per_second, in_flight=8),
    "email": Queue(poll_s=0.5, embedded_poll_s=0.5, workers=8),
    "jobs": Queue(poll_s=1.0, embedded_poll_s=2.0, workers=4),
    # Alone, so that slow receivers hold nothing else up.
    "webhooks": Queue(poll_s=1.0, embedded_poll_s=1.0, workers=8),
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


class Noticed:
    """models.ports.SmsChannel for one job: notices when the carrier answered. What sends nothing keeps no number."""

    def __init__(self, sms: SmsChannel) -> None:
        self._sms = sms
        self._answered_at: float | None = None
        self.find, self.verify = sms.find, sms.verify
        self.parse_inbound, self.parse_receipt = sms.parse_inbound, sms.parse_receipt

    def send(self, sms: OutboundSms) -> str:
        try:
            return self._sms.send(sms)
        finally:
            self._answered_at = time.monotonic()

    def keep(self, per_second: float) -> None:
        """Until the number's next text may leave. Counted from the answer: when the carrier had the text nobody knows,
        but it was before."""
        if self._answered_at is not None:
            time.sleep(max(0.0, self._answered_at + 1 / per_second - time.monotonic()))
