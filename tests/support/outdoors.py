"""What every world of tests has around it: phones, mailboxes and a bank. One of each per process, handed from world to
world: what they remember is forgotten, what their engines have compiled is not."""

import tempfile
from pathlib import Path

from bot.channels.sandbox import Outside
from models.clock import FrozenClock
from payments.gateways.bank import Bank
from tests.support.databases import KEPT, keep, restore
from tests.support.memory import roomy

_LENT: list[tuple[Outside, Bank, tempfile.TemporaryDirectory[str]]] = []


def outdoors(clock: FrozenClock) -> tuple[Outside, Bank]:
    """As on their first day."""
    if not _LENT:
        folder = tempfile.TemporaryDirectory(dir=roomy())
        outside = Outside(f"sqlite:///{folder.name}/outside.sqlite3", clock)
        bank = Bank(Path(folder.name, "bank.sqlite3"), clock)
        keep(outside.database)
        keep(bank.database)
        _LENT.append((outside, bank, folder))
    outside, bank, _ = _LENT[0]
    outside.clock = bank.clock = clock
    bank.card_basis_points = 0
    for database in (outside.database, bank.database):
        restore(database, f"{database.url}{KEPT}")
    return outside, bank
