"""The only source of the current time. Everything reads `ctx.clock`; nothing calls datetime.now()."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The current instant, UTC-aware."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - the one place


class MovableClock:
    """Runs with the system clock plus an offset that tests and the demo move. Never moves backwards by itself."""

    def __init__(self, kept_in: Path | None = None) -> None:
        """`kept_in`: a file that remembers the offset, so that a restarted demo does not fall back in time."""
        self._kept_in = kept_in
        known = kept_in is not None and kept_in.exists()
        self._offset = timedelta(seconds=float(kept_in.read_text())) if known and kept_in else timedelta()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return SystemClock().now() + self._offset

    def advance(self, by: timedelta) -> datetime:
        with self._lock:
            self._offset += by
            if self._kept_in is not None:
                self._kept_in.write_text(str(self._offset.total_seconds()))
        return self.now()


class FrozenClock:
    """Stands still until told: for tests that compare instants."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def advance(self, by: timedelta) -> datetime:
        self._at += by
        return self._at
