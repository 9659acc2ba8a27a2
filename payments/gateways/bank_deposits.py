"""Small deposits of the sandbox bank, by which somebody shows that an account is theirs: two, of amounts that only its
statement tells. Inside the caller's transaction."""

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa

from models.errors import DomainError
from models.payment import Method
from payments.gateways import bank_accounts, bank_moves, pretend
from payments.gateways import bank_tables as tables
from payments.gateways.bank_moves import Status
from payments.gateways.pretend import Pretend

COUNT = 2
TRIES = 3
"""Our own number. Stripe, from whom the rest is taken, lets amounts be tried ten times and a code five."""
LIFETIME = timedelta(days=10)
"""As at Stripe."""
CENTS = range(1, 100)
WRONG, LATE = "deposits_wrong", "deposits_late"


def send(db: tables.Db, session: tables.Row, chosen: Pretend, institution: str, now: datetime) -> None:
    """To the account that was typed in. It may pay only once they are confirmed."""
    first = secrets.choice(CENTS)
    second = secrets.choice([cents for cents in CENTS if cents != first])
    arrive_at = now + timedelta(days=chosen.deposit_days)
    row = {"session_id": session.id, "institution": institution, "choice": chosen.value, "tries_left": TRIES}
    row |= {"first_minor": first, "second_minor": second, "arrive_at": arrive_at, "ends_at": now + LIFETIME}
    db.execute(sa.insert(tables.deposits).values(**row))
    tables.change(db, session.id, status=Status.VERIFYING.value)
    bank_moves.tell(db, session.id, "payment.verifying", now)


def confirm(db: tables.Db, session: tables.Row, amounts: Collection[int], now: datetime) -> bool:
    """True: they are right, and the debit is on its way. Raises DomainError("deposits_not_there"). The
    last wrong guess ends the payment."""
    row = find(db, session.id)
    if row is None or session.status != Status.VERIFYING or now < row.arrive_at:
        raise DomainError("deposits_not_there")
    if sorted(amounts) != sorted((row.first_minor, row.second_minor)):
        _count(db, session, row, now)
        return False
    chosen = pretend.find(Method.BANK, row.choice, row.institution)
    bank_accounts.keep(db, session, chosen, row.institution)
    bank_moves.debit(db, session, chosen, now)
    return True


def find(db: tables.Db, session_id: str) -> tables.Row | None:
    return db.execute(sa.select(tables.deposits).where(tables.deposits.c.session_id == session_id)).first()


def end_due(db: tables.Db, now: datetime) -> int:
    """Those that nobody confirmed in time; returns how many."""
    overdue = sa.select(tables.deposits.c.session_id).where(tables.deposits.c.ends_at <= now)
    waiting = (tables.sessions.c.status == Status.VERIFYING) & tables.sessions.c.id.in_(overdue)
    due = tables.rows(db, waiting)
    for session in due:
        bank_moves.end(db, session, Status.FAILED, LATE, now)
    return len(due)


def _count(db: tables.Db, session: tables.Row, row: tables.Row, now: datetime) -> None:
    left = row.tries_left - 1
    db.execute(sa.update(tables.deposits).where(tables.deposits.c.session_id == session.id).values(tries_left=left))
    if left == 0:
        bank_moves.end(db, session, Status.FAILED, WRONG, now)
