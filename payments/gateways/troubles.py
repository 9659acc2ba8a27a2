"""What can be made to go wrong at the sandbox bank, and how often."""

from enum import StrEnum

import sqlalchemy as sa

from models.database import Database
from models.prepared import Prepared
from payments.gateways import bank_tables as tables

_GOING_ON = Prepared(sa.select(tables.troubles.c.name, tables.troubles.c.times))
"""Asked on every call, and hardly ever answered."""


class Trouble(StrEnum):
    """What can be made to go wrong, a number of times or until it is ended."""

    DOWN = "down"
    """Its API cannot be reached."""
    SLOW = "slow"
    HANGS = "hangs"
    """Never answers a start, and has not done it."""
    CHARGES_THEN_HANGS = "charges_then_hangs"
    """Takes the money on start, and never answers."""
    DECLINES_CARDS = "declines_cards"
    REFUNDS_THEN_HANGS = "refunds_then_hangs"
    """Gives the money back, and never answers."""
    FAILS_REFUNDS = "fails_refunds"
    """The account that paid is closed by now."""
    DUPLICATES_EVENTS = "duplicates_events"


class Troubles:
    def __init__(self, database: Database) -> None:
        self._database = database

    def cause(self, trouble: Trouble, times: int | None = None) -> None:
        """Make it go wrong so often; None: until `end`."""
        with self._database.write() as db:
            _set(db, trouble, times)

    def end(self, trouble: Trouble) -> None:
        with self._database.write() as db:
            _set(db, trouble, 0)

    def going_on(self) -> dict[Trouble, int | None]:
        """What is to go wrong, and how often yet."""
        with self._database.engine.connect() as db:
            return {Trouble(name): times for name, times in _GOING_ON.all(db, {})}

    def strikes(self, trouble: Trouble) -> bool:
        """Whether it goes wrong this time; counts it. Takes the write lock only for something to count."""
        if trouble not in self.going_on():
            return False
        with self._database.write() as db:
            return strikes(db, trouble)


def strikes(db: tables.Db, trouble: Trouble) -> bool:
    """The same inside the caller's transaction."""
    found = db.execute(sa.select(tables.troubles).where(tables.troubles.c.name == trouble)).first()
    if found is not None and found.times is not None:
        _set(db, trouble, found.times - 1)
    return found is not None


def _set(db: tables.Db, trouble: Trouble, times: int | None) -> None:
    db.execute(sa.delete(tables.troubles).where(tables.troubles.c.name == trouble))
    if times is None or times > 0:
        db.execute(sa.insert(tables.troubles).values(name=trouble.value, times=times))
