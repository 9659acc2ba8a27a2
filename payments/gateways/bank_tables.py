"""The sandbox bank's few tables and statements: sessions, captures, events to deliver, troubles. A file of its own."""

import json
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.base import UtcDateTime
from models.gateway import StartPayment

Db = Session
Row = sa.Row[Any]

metadata = sa.MetaData()
sessions = sa.Table(
    "bank_session",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("reference", sa.String, unique=True, nullable=False),
    sa.Column("short_reference", sa.String, nullable=False),
    sa.Column("payee", sa.String, nullable=False),
    sa.Column("amount_minor", sa.Integer, nullable=False),
    sa.Column("currency", sa.String, nullable=False),
    sa.Column("method", sa.String, nullable=False),
    sa.Column("description", sa.String, nullable=False),
    sa.Column("return_url", sa.String, nullable=False),
    sa.Column("status", sa.String, nullable=False, index=True),
    sa.Column("method_label", sa.String),
    sa.Column("failure_code", sa.String),
    sa.Column("challenged", sa.Boolean, nullable=False, default=False),
    sa.Column("bounces_with", sa.String),
    sa.Column("fee_minor", sa.Integer),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("settles_at", UtcDateTime),
    sa.Column("returns_at", UtcDateTime),
)
# No uniqueness on purpose: a second capture must show, not fail.
captures = sa.Table(
    "bank_capture",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("reference", sa.String, nullable=False),
    sa.Column("amount_minor", sa.Integer, nullable=False),
    sa.Column("currency", sa.String, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)
refunds = sa.Table(
    "bank_refund",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("reference", sa.String, unique=True, nullable=False),
    sa.Column("payment", sa.String, nullable=False, index=True),
    sa.Column("amount_minor", sa.Integer, nullable=False),
    sa.Column("status", sa.String, nullable=False),
    sa.Column("failure_code", sa.String),
    sa.Column("settles_at", UtcDateTime, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)
disputes = sa.Table(
    "bank_dispute",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("payment", sa.String, nullable=False, index=True),
    sa.Column("amount_minor", sa.Integer, nullable=False),
    sa.Column("status", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)
saving = sa.Table("bank_saving", metadata, sa.Column("session_id", sa.String, primary_key=True))
saved = sa.Table(
    "bank_saved_account",
    metadata,
    sa.Column("token", sa.String, primary_key=True),
    sa.Column("session_id", sa.String, nullable=False, index=True),
    sa.Column("method", sa.String, nullable=False),
    sa.Column("institution", sa.String),
    sa.Column("choice", sa.String, nullable=False),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("last4", sa.String, nullable=False),
)
deposits = sa.Table(
    "bank_deposits",
    metadata,
    sa.Column("session_id", sa.String, primary_key=True),
    sa.Column("institution", sa.String, nullable=False),
    sa.Column("choice", sa.String, nullable=False),
    sa.Column("first_minor", sa.Integer, nullable=False),
    sa.Column("second_minor", sa.Integer, nullable=False),
    sa.Column("tries_left", sa.Integer, nullable=False),
    sa.Column("arrive_at", UtcDateTime, nullable=False),
    sa.Column("ends_at", UtcDateTime, nullable=False),
)
refused = sa.Table("bank_refused", metadata, sa.Column("reference", sa.String, primary_key=True))
events = sa.Table(
    "bank_event",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("id", sa.String, unique=True, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("next_at", UtcDateTime, index=True),
    sa.Column("delivered_at", UtcDateTime),
)
troubles = sa.Table(
    "bank_trouble",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("times", sa.Integer),
)


def session_values(payment: StartPayment, now: datetime) -> dict[str, object]:
    """A new session's row."""
    return {
        "id": secrets.token_hex(16),
        "reference": payment.reference,
        "short_reference": payment.short_reference,
        "payee": payment.payee,
        "amount_minor": payment.amount.minor,
        "currency": payment.amount.currency,
        "method": payment.method.value,
        "description": payment.description,
        "return_url": payment.return_url,
        "status": "open",
        "created_at": now,
        "expires_at": payment.expires_at,
    }


def rows(db: Db, which: sa.ColumnElement[bool]) -> Sequence[Row]:
    return db.execute(sa.select(sessions).where(which).order_by(sessions.c.created_at)).all()


def row(db: Db, which: sa.ColumnElement[bool]) -> Row:
    return db.execute(sa.select(sessions).where(which)).one()


def by_reference(db: Db, reference: str) -> Row | None:
    return db.execute(sa.select(sessions).where(sessions.c.reference == reference)).first()


def refund_row(db: Db, refund_id: str) -> Row:
    return db.execute(sa.select(refunds).where(refunds.c.id == refund_id)).one()


def saved_of(db: Db, session_id: str) -> Row | None:
    return db.execute(sa.select(saved).where(saved.c.session_id == session_id)).first()


def change(db: Db, session_id: str, **values: object) -> None:
    db.execute(sa.update(sessions).where(sessions.c.id == session_id).values(**values))


def emit(db: Db, session: Row, kind: str, at: datetime, **about: dict[str, Any]) -> None:
    """Queue an event about the session as it is now, and about what else it names, to be delivered from `at` on."""
    event_id = f"evt_{secrets.token_hex(12)}"
    payment = {
        "id": session.id,
        "reference": session.reference,
        "amount": session.amount_minor,
        "currency": session.currency,
        "method_label": session.method_label,
        "failure_code": session.failure_code,
        "fee": session.fee_minor,
    }
    sent = db.execute(sa.select(deposits.c.arrive_at).where(deposits.c.session_id == session.id)).scalar()
    if sent is not None:
        payment["deposits_arrive_at"] = int(sent.timestamp())
    kept = saved_of(db, session.id)
    if kept is not None:
        payment["saved"] = {"token": kept.token, "name": kept.name, "last4": kept.last4}
    body = json.dumps({"id": event_id, "type": kind, "payment": payment, **about})
    db.execute(sa.insert(events).values(id=event_id, body=body, next_at=at))
