"""The sandbox bank's post office: signs its events and posts them to the webhook until someone answers 2xx."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from payments.gateways import bank_tables as tables
from payments.gateways import signatures
from payments.gateways.bank import Bank
from payments.gateways.troubles import Trouble

log = structlog.get_logger()

Post = Callable[[str, Mapping[str, str], bytes], int]
"""Posts bytes to a URL with headers and returns the status. Raises OSError when nobody answers."""

BACKOFF = tuple(timedelta(seconds=s) for s in (5, 60, 300, 1800, 7200, *[43_200] * 5))
"""The pause after each failed try; about three days in all."""
BATCH = 50


class Delivery:
    def __init__(self, bank: Bank, *, url: str, secrets: Sequence[str], post: Post) -> None:
        """`secrets` run from oldest to newest: the newest signs."""
        self._bank = bank
        self._url = url
        self._secret = secrets[-1]
        self._post = post

    def flush(self) -> int:
        """Post what is due, in order; returns how many were taken. What fails waits for its next time."""
        taken = 0
        for event in self._due():
            if self._claim(event):
                taken += self._deliver(event)
        return taken

    def _due(self) -> Sequence[tables.Row]:
        c = tables.events.c
        due = sa.select(tables.events).where(c.next_at <= self._bank.clock.now()).order_by(c.seq).limit(BATCH)
        with self._bank.database.read() as db:
            return db.execute(due).all()

    def _claim(self, event: tables.Row) -> bool:
        """Set its next try before this one, so that two who flush at once do not post it twice."""
        pause = BACKOFF[event.attempts] if event.attempts < len(BACKOFF) else None
        next_at = self._bank.clock.now() + pause if pause is not None else None
        return self._change(event, next_at=next_at, attempts=event.attempts + 1)

    def _deliver(self, event: tables.Row) -> bool:
        copies = 2 if self._bank.troubles.strikes(Trouble.DUPLICATES_EVENTS) else 1
        answers = [self._answer(event) for _ in range(copies)]
        if not all(200 <= answer < 300 for answer in answers):
            log.warning("bank.event_not_taken", id=event.id, status=answers[-1])
            return False
        c = tables.events.c
        with self._bank.database.write() as db:
            done: dict[str, datetime | None] = {"next_at": None, "delivered_at": self._bank.clock.now()}
            db.execute(sa.update(tables.events).where(c.seq == event.seq).values(**done))
        return True

    def _answer(self, event: tables.Row) -> int:
        headers = signatures.sign(self._secret, event.id, event.body, self._bank.clock.now())
        try:
            return self._post(self._url, {"content-type": "application/json", **headers}, event.body.encode())
        except OSError:
            return 0

    def _change(self, event: tables.Row, **values: object) -> bool:
        c = tables.events.c
        unchanged = (c.seq == event.seq) & (c.attempts == event.attempts) & c.delivered_at.is_(None)
        with self._bank.database.write() as db:
            changed = db.execute(sa.update(tables.events).where(unchanged).values(**values).returning(c.seq))
            return changed.first() is not None
