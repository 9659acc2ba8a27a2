"""What people wrote goes when it is as old as its merchant says: bodies, subjects, raw mails, typed emails. That
something was said, when, over which channel and how it ended stays, and so do consents, refusals and money. Texts that
nobody could answer are gone long before (put_off)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.among import among
from models.audit import AuditEntry
from models.base import Base
from models.context import Context, Runtime
from models.file_import import FileImport
from models.isolation import each
from models.merchant import Merchant
from models.message import Message, MessageStatus, RemovedWhy
from models.received_mail import ReceivedMail
from models.retention import RetentionMark, months_before
from models.verification import Verification
from models.walls import ALL_MERCHANTS

BATCH = 500
"""Rows per transaction: on SQLite nobody else writes meanwhile, a text that waits for its answer included."""
TOO_OLD = "too_old"
ABOUT_PEOPLE = ("customer", "conversation", "message", "contact_point", "customer_case")
"""What an audit entry is about, where its details are a person's."""

Blank = Callable[[Context, Sequence[int]], object]


@dataclass(frozen=True, slots=True)
class _Walk:
    """A table by its key: rows are as old as they stand in order."""

    table: type[Base]
    blank: Blank


def forget_old_words(runtime: Runtime, batch: int = BATCH) -> int:
    """Merchant by merchant, each with its own rows alone in sight. Returns how many rows were passed. What a killed run
    had done stays done, and the next goes on from there."""
    with runtime.of(ALL_MERCHANTS).read() as ctx:
        merchants = ctx.session.execute(sa.select(Merchant.id, Merchant.retention_months).order_by(Merchant.id)).all()
    now = runtime.clock.now()
    cuts = [(runtime.of(merchant_id), merchant_id, months_before(now, months)) for merchant_id, months in merchants]
    walks = [(*cut, walk) for cut in cuts for walk in WALKS]
    return sum(each(walks, lambda one: _walk(*one, batch)))


def _walk(runtime: Runtime, merchant_id: int, cut: datetime, walk: _Walk, batch: int) -> int:
    passed, more = 0, True
    while more:
        with runtime.write() as ctx:
            count = step(ctx, merchant_id, cut, walk, batch)
        passed, more = passed + count, count == batch
    return passed


def step(ctx: Context, merchant_id: int, cut: datetime, walk: _Walk, batch: int) -> int:
    """A bite of one table. Returns how many rows it passed: fewer than `batch` when there is nothing old left."""
    what, c = walk.table.__tablename__, walk.table.__table__.c
    mark = ctx.session.get(RetentionMark, (merchant_id, what), with_for_update=True)
    done = mark.through_id if mark is not None else 0
    next_ones = sa.select(c.id, c.created_at).where(c.merchant_id == merchant_id, c.id > done)
    rows = ctx.session.execute(next_ones.order_by(c.id).limit(batch)).all()
    young = next((place for place, row in enumerate(rows) if row.created_at >= cut), len(rows))
    old = [row.id for row in rows[:young]]
    if old:
        walk.blank(ctx, old)
        ctx.session.merge(RetentionMark(merchant_id=merchant_id, what=what, through_id=old[-1]))
    return len(old)


# --- what is blanked --------------------------------------------------------------------------------------------------
def remove_words(ctx: Context, ids: Sequence[int], why: RemovedWhy) -> None:
    """Of these messages. What has not left by now never does: there is nothing left to say."""
    now, these = ctx.clock.now(), among(Message.id, ids)
    for waiting, ended in (
        (MessageStatus.QUEUED, MessageStatus.CANCELLED),
        (MessageStatus.SENDING, MessageStatus.UNKNOWN),
    ):
        given_up = {"status": ended, "finished_at": now, "error_code": TOO_OLD if why is RemovedWhy.AGE else why.value}
        _update(ctx, sa.update(Message).where(these, Message.status == waiting).values(given_up))
    gone: dict[str, Any] = {"body": "", "subject": None, "html": None, "slots": None, "headers": None}
    gone |= {"removed_at": sa.func.coalesce(Message.removed_at, now)}  # one statement: PostgreSQL writes each row anew
    gone |= {"removed_why": sa.func.coalesce(Message.removed_why, why)}
    _update(ctx, sa.update(Message).where(these).values(gone))
    mails = among(ReceivedMail.message_id, ids)  # a Message-ID may name who sent it; the checksum knows a repeat, too
    _update(ctx, sa.update(ReceivedMail).where(mails).values(raw=None, identifier=""))


def _old_messages(ctx: Context, ids: Sequence[int]) -> None:
    remove_words(ctx, ids, RemovedWhy.AGE)


def _verifications(ctx: Context, ids: Sequence[int]) -> None:
    _update(ctx, sa.update(Verification).where(among(Verification.id, ids)).values(email=""))


def _audit_details(ctx: Context, ids: Sequence[int]) -> None:
    blank_details(ctx, among(AuditEntry.id, ids) & AuditEntry.subject.in_(ABOUT_PEOPLE))


def blank_details(ctx: Context, which: sa.ColumnElement[bool]) -> None:
    _update(ctx, sa.update(AuditEntry).where(which).values(label="", before=None, after=None))


def _imports(ctx: Context, ids: Sequence[int]) -> None:
    """Their first lines; the lines themselves are gone after a week at most."""
    gone = {"name": "", "sample": None, "troubles": None}
    _update(ctx, sa.update(FileImport).where(among(FileImport.id, ids)).values(gone))


def _update(ctx: Context, statement: sa.Update) -> None:
    ctx.session.execute(statement, execution_options={"synchronize_session": False})


WALKS = (
    _Walk(Message, _old_messages),
    _Walk(Verification, _verifications),
    _Walk(AuditEntry, _audit_details),
    _Walk(FileImport, _imports),
)
