"""What becomes of a session at the sandbox bank: money captured, a debit on its way, an end. Tells the merchant's side.
Inside the caller's transaction."""

from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from payments.gateways import bank_tables as tables
from payments.gateways import pretend
from payments.gateways.pretend import Outcome, Pretend

TAKEN_BACK_AFTER = timedelta(days=40)  # R10: a consumer has 60 calendar days


class Status(StrEnum):
    OPEN = "open"
    VERIFYING = "verifying"
    """Small deposits are on their way to the account, or wait to be confirmed."""
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    RETURNED = "returned"


def debit(db: tables.Db, found: tables.Row, chosen: Pretend, now: datetime) -> None:
    settles_at = now + timedelta(days=chosen.days)
    code = pretend.FAILURE_CODES.get(chosen.outcome)
    late = chosen.outcome is Outcome.RETURNS_UNAUTHORISED
    tables.change(
        db,
        found.id,
        status=Status.PROCESSING.value,
        settles_at=settles_at,
        bounces_with=None if late else code,
        returns_at=settles_at + TAKEN_BACK_AFTER if late else None,
    )
    tell(db, found.id, "payment.processing", now)


def capture(db: tables.Db, found: tables.Row, now: datetime, told_after: timedelta | None) -> None:
    """`told_after` None: nobody is told."""
    tables.change(db, found.id, status=Status.SUCCEEDED.value)
    taken = {"reference": found.reference, "amount_minor": found.amount_minor, "currency": found.currency}
    db.execute(sa.insert(tables.captures).values(**taken, created_at=now))
    if told_after is not None:
        tell(db, found.id, "payment.succeeded", now + told_after)


def end(db: tables.Db, found: tables.Row, status: Status, code: str, now: datetime) -> None:
    tables.change(db, found.id, status=status.value, failure_code=code)
    tell(db, found.id, f"payment.{status.value}", now)


def tell(db: tables.Db, session_id: str, kind: str, at: datetime) -> None:
    tables.emit(db, tables.row(db, tables.sessions.c.id == session_id), kind, at)
