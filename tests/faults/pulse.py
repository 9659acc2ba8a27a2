"""The moments at which a kill hurts: something outside has been taken and its sender does not know yet, or somebody has
just been told that all is well. Whoever comes to the one that was asked for kills, before anything goes on."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Event, Lock

ANSWER_S = 0.15
"""Between taking something and saying so."""


class Beat(StrEnum):
    TEXT = "text"
    MAIL = "mail"
    CHARGE = "charge"
    ANSWER = "answer"
    """Till's own, to a text that came in."""


@dataclass
class _Strike:
    beat: Beat
    after: int
    kill: Callable[[], None]
    done: Event = field(default_factory=Event)


@dataclass
class Pulse:
    _strike: _Strike | None = None
    _counting: Lock = field(default_factory=Lock)

    def beat(self, beat: Beat) -> None:
        if strike := self._struck(beat):
            strike.kill()
            strike.done.set()
        elif beat is not Beat.ANSWER:
            time.sleep(ANSWER_S)

    def strike(self, beat: Beat, after: int, kill: Callable[[], None], within_s: float) -> bool:
        """At that beat from now on. False, and nobody was killed: it did not come in time."""
        strike = _Strike(beat, after, kill)
        with self._counting:
            self._strike = strike
        if strike.done.wait(within_s):
            return True
        with self._counting:
            missed, self._strike = self._strike is strike, None
        return not missed and strike.done.wait()

    def _struck(self, beat: Beat) -> _Strike | None:
        with self._counting:
            strike = self._strike
            if strike is None or strike.beat is not beat:
                return None
            strike.after -= 1
            if strike.after:
                return None
            self._strike = None
            return strike
