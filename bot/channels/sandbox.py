"""The outside world of the demo and the tests: phones and mailboxes, a carrier that speaks Twilio's REST API and posts
signed webhooks, a mail server. Its memory is a database of its own: what phones receive includes codes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.base import UtcDateTime
from models.clock import Clock
from models.database import Database

_metadata = sa.MetaData()
received = sa.Table(
    "received",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("channel", sa.String(16), nullable=False),
    sa.Column("sender", sa.String(254), nullable=False),
    sa.Column("recipient", sa.String(254), nullable=False, index=True),
    sa.Column("subject", sa.Text),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("html", sa.Text),
    sa.Column("headers", sa.JSON, nullable=False),
    sa.Column("source", sa.Text),
    sa.Column("at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)
carried = sa.Table(
    "carried",
    _metadata,
    sa.Column("sid", sa.String(40), primary_key=True),
    sa.Column("account", sa.String(40), nullable=False),
    sa.Column("sender", sa.String(254), nullable=False, index=True),
    sa.Column("recipient", sa.String(254), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("error_code", sa.String(8)),
    sa.Column("direction", sa.String(16), nullable=False),
    sa.Column("received_id", sa.Integer),
    sa.Column("at", UtcDateTime, nullable=False),
)
windows = sa.Table(
    "window",
    _metadata,
    sa.Column("phone", sa.String(254), primary_key=True),
    sa.Column("number", sa.String(254), primary_key=True),
    sa.Column("opened_at", UtcDateTime, nullable=False),
)
troubles = sa.Table(
    "trouble",
    _metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("times", sa.Integer, nullable=False),
    sa.Column("detail", sa.String(16)),
)


@dataclass(frozen=True, slots=True)
class Received:
    """One text on a phone or one mail in a mailbox, or one that the phone's owner sent (then `sender` is the phone)."""

    id: int
    channel: str
    sender: str
    recipient: str
    subject: str | None
    text: str
    html: str | None
    headers: Mapping[str, str]
    source: str | None
    at: datetime


class Outside:
    """What happened out there. Thread-safe; survives a restart when `url` names a file."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.database = Database(url)
        self.clock = clock
        _metadata.create_all(self.database.engine)

    def deliver(
        self,
        channel: str,
        sender: str,
        recipient: str,
        text: str,
        *,
        subject: str | None = None,
        html: str | None = None,
        headers: Mapping[str, str] | None = None,
        source: str | None = None,
    ) -> int:
        """Put a message on a phone or into a mailbox. Addresses compare in lower case."""
        values: dict[str, Any] = {
            "channel": channel,
            "sender": sender,
            "recipient": recipient.lower(),
            "subject": subject,
            "text": text,
            "html": html,
            "headers": dict(headers or {}),
            "source": source,
            "at": self.clock.now(),
        }
        with self.database.write() as db:
            return int(db.execute(sa.insert(received).values(values).returning(received.c.id)).scalar_one())

    def messages(self, to: str | None = None, after: int = 0) -> Sequence[Received]:
        """What `to` received, oldest first; everything without `to`."""
        query = sa.select(received).where(received.c.id > after).order_by(received.c.id)
        if to is not None:
            query = query.where(received.c.recipient == to.lower())
        with self.database.read() as db:
            return [Received(*row) for row in db.execute(query)]

    def thread(self, phone: str, number: str) -> Sequence[Received]:
        """Both sides of one phone's texts with one number, oldest first."""
        there = (received.c.sender == phone.lower()) & (received.c.recipient == number.lower())
        back = (received.c.sender == number.lower()) & (received.c.recipient == phone.lower())
        with self.database.read() as db:
            query = sa.select(received).where(there | back).order_by(received.c.id)
            return [Received(*row) for row in db.execute(query)]

    def open_window(self, phone: str, number: str) -> None:
        """That phone has written to that number now."""
        here = (windows.c.phone == phone) & (windows.c.number == number)
        with self.database.write() as db:
            db.execute(sa.delete(windows).where(here))
            db.execute(sa.insert(windows).values(phone=phone, number=number, opened_at=self.clock.now()))

    def window_opened_at(self, phone: str, number: str) -> datetime | None:
        here = (windows.c.phone == phone) & (windows.c.number == number)
        with self.database.read() as db:
            return db.scalars(sa.select(windows.c.opened_at).where(here)).first()

    def status_of(self, received_ids: Sequence[int]) -> dict[int, str]:
        """The carrier's last word on each text that it delivered."""
        query = sa.select(carried.c.received_id, carried.c.status).where(carried.c.received_id.in_(received_ids))
        with self.database.read() as db:
            return {row.received_id: row.status for row in db.execute(query)}

    def cause(self, trouble: str, times: int = 1, detail: str | None = None) -> None:
        """Let something go wrong so many times; 0 ends it."""
        with self.database.write() as db:
            db.execute(sa.delete(troubles).where(troubles.c.name == trouble))
            if times:
                db.execute(sa.insert(troubles).values(name=trouble, times=times, detail=detail))

    def strikes(self, trouble: str) -> str | None:
        """Use up one of what was caused: its detail (or its name), None when all is well. Takes the write lock only
        for something to count."""
        if trouble not in self.going_on():
            return None
        with self.database.write() as db:
            row = db.execute(
                sa.update(troubles)
                .where(troubles.c.name == trouble, troubles.c.times > 0)
                .values(times=troubles.c.times - 1)
                .returning(troubles.c.detail)
            ).first()
        return None if row is None else (row.detail or trouble)

    def going_on(self) -> dict[str, int]:
        with self.database.read() as db:
            rows = db.execute(sa.select(troubles.c.name, troubles.c.times).where(troubles.c.times > 0))
            return {row.name: row.times for row in rows}

    def clear(self) -> None:
        """Empty every phone and mailbox, and let nothing go wrong."""
        with self.database.write() as db:
            for table in (received, carried, windows, troubles):
                db.execute(sa.delete(table))
