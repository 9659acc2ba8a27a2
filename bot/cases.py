"""Opens cases and keeps the quiet that a customer was promised: no reminder while a case is open that questions the
bill, and none before the day on which they said they would pay."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from bot import under_way
from bot.turn import Turn
from models import events
from models.base import new_public_id
from models.case import PAUSING, Case, CaseKind
from models.context import Context
from models.conversation import Conversation, Promise
from models.customer import ContactPoint
from models.inserting import insert
from models.invoice import Invoice
from models.merchant import Mode

LONGEST_PROMISE = timedelta(days=31)
"""A day further away is noted, and keeps nobody quiet: "next year" is no plan."""


def open_case(turn: Turn, kind: CaseKind) -> bool:
    """One for each invoice meant, else one for the account. True if any is new: the merchant is told once."""
    customer_id = whose(turn)
    opened = [_open(turn, kind, customer_id, invoice_id) for invoice_id in invoices_meant(turn, customer_id)]
    return any(opened)


def whose(turn: Turn) -> int | None:
    """The account proven, else the only one that has this address on file. Good enough for a pause; for no bill."""
    if turn.thread.customer_id is not None:
        return turn.thread.customer_id
    on_file = sa.select(ContactPoint.customer_id).where(
        ContactPoint.merchant_id == turn.merchant.id,
        ContactPoint.channel == turn.inbound.channel,
        ContactPoint.address == turn.inbound.sender,
        ContactPoint.mode == Mode.LIVE,
    )
    found = set(turn.ctx.session.scalars(on_file))
    return found.pop() if len(found) == 1 else None


def invoices_meant(turn: Turn, customer_id: int | None) -> Sequence[int | None]:
    """This customer's invoices that the text names, else the one of the mail that they answer, else None: all."""
    typed = {under_way.tail(number) for number in turn.heard.slots.invoice_numbers}
    if customer_id is None or not (typed or turn.about_invoice_id):
        return [None]
    mine = sa.select(Invoice.id, Invoice.number).where(Invoice.customer_id == customer_id).order_by(Invoice.id)
    rows = turn.ctx.session.execute(mine).all()
    named = [row.id for row in rows if under_way.tail(row.number) in typed]
    return named or [row.id for row in rows if row.id == turn.about_invoice_id] or [None]


def note_promise(turn: Turn) -> list[Promise]:
    """Of an account that is known (`whose`): one for each invoice meant, else one for all of them."""
    customer_id = whose(turn)
    promises = [
        Promise(
            merchant_id=turn.merchant.id,
            customer_id=customer_id,
            message_id=turn.message_id,
            invoice_id=invoice_id,
            promised_on=turn.heard.slots.date,
            created_at=turn.now,
        )
        for invoice_id in invoices_meant(turn, customer_id)
    ]
    turn.ctx.session.add_all(promises)
    return promises


def pauses_reminders(ctx: Context, customer_id: int, invoice_id: int | None = None) -> bool:
    """True while a case is open that questions this invoice, or all of the customer's. Without one: any of them."""
    return ctx.session.scalars(sa.select(pausing(sa.literal(customer_id), invoice_id))).one()


def pausing(customer_id: Any, invoice_id: Any = None) -> sa.ColumnElement[bool]:
    """The same as a condition, for statements over many: `pausing(Invoice.customer_id, Invoice.id)`."""
    addresses = (
        sa.select(Conversation.id)
        .join(
            ContactPoint,
            (ContactPoint.merchant_id == Conversation.merchant_id)
            & (ContactPoint.channel == Conversation.channel)
            & (ContactPoint.address == Conversation.address),
        )
        .where(ContactPoint.customer_id == customer_id)
    )
    from_them = Case.customer_id.is_(None) & Case.conversation_id.in_(addresses)
    about_it = sa.true() if invoice_id is None else Case.invoice_id.is_(None) | (Case.invoice_id == invoice_id)
    return sa.exists().where(
        Case.resolved_at.is_(None), Case.kind.in_(PAUSING), (Case.customer_id == customer_id) | from_them, about_it
    )


def promised_until(ctx: Context, customer_id: int, invoice_id: int | None = None) -> date | None:
    """The last day on which nothing is asked for, in the merchant's zone: the newest word counts."""
    said = sa.select(Promise).where(Promise.customer_id == customer_id, Promise.promised_on.is_not(None))
    if invoice_id is not None:
        said = said.where(Promise.invoice_id.is_(None) | (Promise.invoice_id == invoice_id))
    newest = ctx.session.scalars(said.order_by(Promise.id.desc()).limit(1)).first()
    return newest.promised_on if newest is not None and keeps_quiet(newest) else None


def keeps_quiet(promise: Promise) -> bool:
    day = promise.promised_on
    return day is not None and day - promise.created_at.date() <= LONGEST_PROMISE


def resolve_all(ctx: Context, cases: Sequence[Case]) -> None:
    for case in cases:
        case.resolve(ctx.clock.now())


def _open(turn: Turn, kind: CaseKind, customer_id: int | None, invoice_id: int | None) -> bool:
    who = f"customer-{customer_id}" if customer_id is not None else f"thread-{turn.thread.id}"
    db, public_id = turn.ctx.session.connection(), new_public_id()
    opened = (
        insert(db, Case)
        .values(
            public_id=public_id,
            merchant_id=turn.merchant.id,
            customer_id=customer_id,
            conversation_id=turn.thread.id,
            invoice_id=invoice_id,
            kind=kind,
            message_id=turn.message_id,
            matter=f"{who}/{kind}/{invoice_id or 'all'}",
            opened_at=turn.now,
        )
        .on_conflict_do_nothing(index_elements=[Case.matter])
        .returning(Case.id)
    )
    if db.execute(opened).first() is None:
        return False
    events.case_opened(turn.ctx, turn.merchant.id, kind.value, public_id, customer_id, invoice_id)
    return True
