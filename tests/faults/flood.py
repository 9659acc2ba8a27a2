"""A steady stream of requests at a Till that is having a bad time, and what each was answered."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, cycle

import requests

from payments import audit
from tests.faults.deeds import TIMEOUT_S, Text, on_its_way
from tests.faults.town import PATIENCE_S, Town
from tests.support.workers import eventually

HANDS = 16
WAITING = 2 * HANDS
"""For a hand, at the most. A machine that cannot keep the pace is asked more slowly, so that the flood ends."""


@dataclass(frozen=True)
class Answered:
    """`status` 0: nobody answered."""

    began: float
    ended: float
    status: int
    retry_after: str | None


@dataclass
class Flood:
    """Texts and looks at pay pages, `per_second` of them, until told to stop. `texts`: those that came in; `left_out`:
    how often nobody was free to ask."""

    town: Town
    phones: list[str]
    pages: list[str]
    per_second: float
    answers: list[Answered] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    left_out: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _room: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(HANDS + WAITING))

    @contextmanager
    def running(self) -> Iterator["Flood"]:
        clock = threading.Thread(target=self._run)
        clock.start()
        try:
            yield self
        finally:
            self.stop()
            clock.join()

    def stop(self) -> None:
        self._stop.set()

    def _run(self) -> None:
        phones, pages, numbers = cycle(self.phones), cycle(self.pages), count()
        with ThreadPoolExecutor(HANDS) as hands:
            due = time.monotonic()
            while not self._stop.is_set():
                is_text = next(numbers) % 2 == 0
                if not self._room.acquire(blocking=False):
                    self.left_out += 1
                elif is_text:
                    hands.submit(self._text, next(phones))
                else:
                    hands.submit(self._look, next(pages))
                due += 1 / self.per_second
                self._stop.wait(max(0.0, due - time.monotonic()))

    def _text(self, phone: str) -> None:
        text = Text(self.town, phone=phone, is_of_a_flood=True)
        self.texts.append(text)
        self._note(text.post)

    def _look(self, page: str) -> None:
        self._note(lambda: requests.get(page, timeout=TIMEOUT_S))

    def _note(self, ask: Callable[[], requests.Response]) -> None:
        began = time.monotonic()
        try:
            answer = ask()
            status, retry_after = answer.status_code, answer.headers.get("Retry-After")
        except requests.RequestException:
            status, retry_after = 0, None
        finally:
            self._room.release()
        self.answers.append(Answered(began, time.monotonic(), status, retry_after))

    def between(self, began: float, ended: float) -> list[Answered]:
        """What was asked and answered inside that time."""
        return [one for one in list(self.answers) if began <= one.began and one.ended <= ended]

    def statuses(self) -> Counter[int]:
        return Counter(one.status for one in list(self.answers))

    def faults(self) -> list[str]:
        """What was acknowledged and is not there, or twice."""
        return [fault for text in self.texts if text.acknowledged for fault in text.faults()]

    def ends_well(self, sent: Sequence[str] = ()) -> None:
        """Once nothing is under way any more: what was acknowledged is there once, each of the messages `sent` has left
        once, and the books balance."""
        assert eventually(lambda: not on_its_way(self.town), PATIENCE_S), on_its_way(self.town)
        assert [self.town.carrier.taken[reference] for reference in sent] == [1] * len(sent)
        assert self.faults() == []
        with self.town.database.read() as session:
            assert audit.verify(session) == []

    def is_well_again(self, since: float) -> bool:
        """The last answers that began after that were all good."""
        last = [one for one in list(self.answers) if one.began > since][-HANDS:]
        return len(last) == HANDS and all(one.status == 200 for one in last)
