"""Money that goes back at the sandbox bank: refunds that the merchant's side asks for, disputes of card holders. Inside
the caller's transaction; never more than was captured."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from models.errors import DomainError, ProviderError
from models.gateway import StartRefund
from models.refund import DisputeStatus, RefundStatus
from payments.gateways import bank_tables as tables
from payments.gateways.troubles import Trouble, strikes

DEBIT_REFUND_TAKES = timedelta(days=1)
_CAPTURED = ("succeeded",)


def refund(db: tables.Db, wanted: StartRefund, now: datetime) -> tables.Row:
    """The refund for this reference, made on first sight; of a debit it takes a day. Raises ProviderError."""
    known = find_refund(db, wanted.reference)
    if known is not None:
        if (known.amount_minor, known.payment) != (wanted.amount.minor, wanted.payment):
            raise ProviderError("idempotency_mismatch", permanent=True)
        return known
    session = tables.by_reference(db, wanted.payment)
    if session is None or session.status not in _CAPTURED or session.currency != wanted.amount.currency:
        raise ProviderError("not_captured", permanent=True)
    if wanted.amount.minor > session.amount_minor - _given_back(db, wanted.payment) - _disputed(db, wanted.payment):
        raise ProviderError("amount_too_large", permanent=True)
    takes = DEBIT_REFUND_TAKES if session.method == "bank" else timedelta()
    values: dict[str, object] = {
        "id": f"rf_{secrets.token_hex(12)}",
        "reference": wanted.reference,
        "payment": wanted.payment,
    }
    values |= {"amount_minor": wanted.amount.minor, "status": RefundStatus.PENDING.value}
    fails = strikes(db, Trouble.FAILS_REFUNDS)
    code = "account_closed" if fails else None
    db.execute(sa.insert(tables.refunds).values(**values, failure_code=code, settles_at=now + takes, created_at=now))
    settle_refunds(db, now)
    return tables.refund_row(db, str(values["id"]))


def find_refund(db: tables.Db, reference: str) -> tables.Row | None:
    return db.execute(sa.select(tables.refunds).where(tables.refunds.c.reference == reference)).first()


def settle_refunds(db: tables.Db, now: datetime) -> int:
    """Those whose time has come; returns how many."""
    c = tables.refunds.c
    due = db.execute(sa.select(tables.refunds).where(c.status == RefundStatus.PENDING, c.settles_at <= now)).all()
    for one in due:
        status = RefundStatus.FAILED if one.failure_code else RefundStatus.SUCCEEDED
        db.execute(sa.update(tables.refunds).where(c.id == one.id).values(status=status.value))
        _tell_refund(db, one.id, now)
    return len(due)


def fail_refund(db: tables.Db, reference: str, now: datetime) -> None:
    """The money comes back after all: the card was closed."""
    c = tables.refunds.c
    found = find_refund(db, reference)
    if found is None:
        raise DomainError("not_found")
    ended = {"status": RefundStatus.FAILED.value, "failure_code": "account_closed"}
    db.execute(sa.update(tables.refunds).where(c.id == found.id).values(**ended))
    _tell_refund(db, found.id, now)


def dispute(db: tables.Db, reference: str, amount_minor: int | None, reason: str, now: datetime) -> str:
    """Its holder disputes a card payment; the bank withholds the money. Returns the dispute's id. Raises
    DomainError("not_disputable")."""
    session = tables.by_reference(db, reference)
    if session is None or session.status not in _CAPTURED:
        raise DomainError("not_disputable")
    values: dict[str, object] = {"id": f"dp_{secrets.token_hex(12)}", "payment": reference, "reason": reason}
    values |= {"amount_minor": amount_minor or session.amount_minor, "status": DisputeStatus.OPEN.value}
    db.execute(sa.insert(tables.disputes).values(**values, created_at=now))
    _tell_dispute(db, str(values["id"]), now)
    return str(values["id"])


def decide(db: tables.Db, dispute_id: str, status: DisputeStatus, now: datetime) -> None:
    """Ends an open dispute, for or against the merchant."""
    c = tables.disputes.c
    ended = (
        sa.update(tables.disputes).where(c.id == dispute_id, c.status == DisputeStatus.OPEN).values(status=status.value)
    )
    if db.execute(ended.returning(c.id)).first() is not None:
        _tell_dispute(db, dispute_id, now)


def given_back(db: tables.Db, references: Sequence[str]) -> dict[str, int]:
    """What was refunded, in minor units, by the payment's reference."""
    c = tables.refunds.c
    total = sa.select(c.payment, sa.func.sum(c.amount_minor)).where(c.status == RefundStatus.SUCCEEDED)
    return {
        payment: int(minor) for payment, minor in db.execute(total.where(c.payment.in_(references)).group_by(c.payment))
    }


def _given_back(db: tables.Db, reference: str) -> int:
    c = tables.refunds.c
    kept = sa.select(sa.func.coalesce(sa.func.sum(c.amount_minor), 0))
    return int(db.execute(kept.where(c.payment == reference, c.status != RefundStatus.FAILED)).scalar_one())


def _disputed(db: tables.Db, reference: str) -> int:
    c = tables.disputes.c
    gone = sa.select(sa.func.coalesce(sa.func.sum(c.amount_minor), 0))
    return int(db.execute(gone.where(c.payment == reference, c.status != DisputeStatus.WON)).scalar_one())


def _tell_refund(db: tables.Db, refund_id: str, now: datetime) -> None:
    one = tables.refund_row(db, refund_id)
    about = {"id": one.id, "reference": one.reference, "amount": one.amount_minor, "status": one.status}
    about["failure_code"] = one.failure_code if one.status == RefundStatus.FAILED else None
    session = tables.row(db, tables.sessions.c.reference == one.payment)
    tables.emit(db, session, f"refund.{one.status}", now, refund=about)


def _tell_dispute(db: tables.Db, dispute_id: str, now: datetime) -> None:
    one = db.execute(sa.select(tables.disputes).where(tables.disputes.c.id == dispute_id)).one()
    about = {"id": one.id, "amount": one.amount_minor, "status": one.status, "reason": one.reason}
    session = tables.row(db, tables.sessions.c.reference == one.payment)
    tables.emit(db, session, f"dispute.{one.status}", now, dispute=about)
