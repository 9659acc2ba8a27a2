"""The hot path's few statements, built once: find a thread, claim an inbound text, list what is owed, store the reply.
Core instead of the ORM, since each of these runs for every text (docs/decisions/0004)."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, cast

import sqlalchemy as sa

from models.base import Base, new_public_id
from models.consent import OptOut
from models.conversation import Conversation, ConversationState
from models.customer import Channel, Customer
from models.inserting import insert, insert_for
from models.invoice import Invoice, InvoiceStatus
from models.merchant import Mode
from models.message import Direction, Message, MessageStatus, Route
from models.money import Money
from models.payment import UNDER_WAY_STATUSES, Allocation, Payment
from models.prepared import Prepared, Row, one_trip
from models.received_text import ReceivedText


@dataclass(slots=True)
class Thread:
    """A conversation's row while a turn works on it. `save` writes it back."""

    id: int
    state: ConversationState
    locale: str | None
    customer_id: int | None
    chosen_at: datetime | None
    shown: dict[str, Any] | None
    misses: int
    in_a_row: int
    """Texts without a long pause, this one included once it is read."""
    last_inbound_at: datetime | None
    customer_name: str | None
    customer_locale: str | None
    opted_out_at: datetime | None
    unreachable_since_at: datetime | None
    has_waiting: bool
    """Texts of the same sender that were put off (bot/put_off.py)."""


@dataclass(frozen=True, slots=True)
class Owed:
    """One outstanding invoice. `in_flight`: money for it is moving; a page that was only opened is not money."""

    id: int
    number: str
    balance: Money
    due_on: date
    in_flight: bool


@dataclass(frozen=True, slots=True)
class OutgoingText:
    """What the turn says: `body` as stored, with `{link}` in place of the pay link's URL."""

    public_id: str
    body: str
    pay_link_id: int | None
    payment_id: int | None


def _table(model: type[Base]) -> sa.Table:
    """The Core table: statements on mapped classes pay for the ORM at each execution."""
    return cast(sa.Table, model.__table__)


_CONVERSATION, _CUSTOMER, _OPT_OUT = _table(Conversation), _table(Customer), _table(OptOut)
_MESSAGE, _INVOICE, _ALLOCATION, _PAYMENT = map(_table, (Message, Invoice, Allocation, Payment))
_WAITING = _table(ReceivedText)

_FIND = Prepared(
    sa.select(
        _CONVERSATION.c.id,
        _CONVERSATION.c.state,
        _CONVERSATION.c.locale,
        _CONVERSATION.c.customer_id,
        _CONVERSATION.c.chosen_at,
        _CONVERSATION.c.shown,
        _CONVERSATION.c.misses,
        _CONVERSATION.c.in_a_row,
        _CONVERSATION.c.last_inbound_at,
        _CUSTOMER.c.name,
        _CUSTOMER.c.locale.label("customer_locale"),
        _OPT_OUT.c.opted_out_at,
        _CONVERSATION.c.unreachable_since_at,
        sa.exists()
        .where(
            _WAITING.c.merchant_id == _CONVERSATION.c.merchant_id,
            _WAITING.c.channel == _CONVERSATION.c.channel,
            _WAITING.c.their_address == _CONVERSATION.c.address,
            _WAITING.c.put_aside_at.is_(None),
        )
        .label("has_waiting"),
    )
    .select_from(_CONVERSATION)
    .outerjoin(_CUSTOMER, _CUSTOMER.c.id == _CONVERSATION.c.customer_id)
    .outerjoin(
        _OPT_OUT,
        (_OPT_OUT.c.merchant_id == _CONVERSATION.c.merchant_id)
        & (_OPT_OUT.c.channel == _CONVERSATION.c.channel)
        & (_OPT_OUT.c.address == _CONVERSATION.c.address),
    )
    .where(
        _CONVERSATION.c.merchant_id == sa.bindparam("merchant_id"),
        _CONVERSATION.c.channel == sa.bindparam("channel"),
        _CONVERSATION.c.address == sa.bindparam("address"),
    )
    .with_for_update(of=_CONVERSATION)  # two texts from one phone take turns; SQLite's writer lock sees to it anyway
)
_SAVED = (
    *("state", "locale", "customer_id", "chosen_at", "shown", "misses", "in_a_row", "our_address"),
    *("last_inbound_at", "unreachable_since_at"),
)
_SAVE = Prepared(
    sa.update(_CONVERSATION)
    .where(_CONVERSATION.c.id == sa.bindparam("b_id"))
    .values({name: sa.bindparam(f"b_{name}") for name in _SAVED})
)
_INBOUND_COLUMNS = (
    *("public_id", "merchant_id", "conversation_id", "customer_id", "direction", "channel", "kind", "our_address"),
    *("their_address", "subject", "body", "status", "attempt", "provider_reference", "error_code", "created_at"),
)
_NOTHING: dict[str, Any] = dict.fromkeys(_INBOUND_COLUMNS)
_LIVE: dict[str, Any] = {"mode": sa.literal_column(f"'{Mode.LIVE.value}'")}
"""Spelled out in the statement: nothing to hand over and to convert for each text."""
_REPLY_COLUMNS = (
    *("public_id", "merchant_id", "conversation_id", "customer_id", "direction", "channel", "kind", "our_address"),
    *("their_address", "body", "locale", "reply_to_id", "pay_link_id", "payment_id", "status", "route", "attempt"),
    "created_at",
)
_STORE_REPLY = Prepared(sa.insert(_MESSAGE).values(_LIVE).inline(), _REPLY_COLUMNS)  # nobody asks for its id
_QUEUE_REPLY = Prepared(sa.insert(_MESSAGE).values(_LIVE).returning(_MESSAGE.c.id), _REPLY_COLUMNS)
_OWED = Prepared(
    sa.select(
        _INVOICE.c.id,
        _INVOICE.c.number,
        _INVOICE.c.balance_minor,
        _INVOICE.c.currency,
        _INVOICE.c.due_on,
        sa.exists()
        .where(
            _ALLOCATION.c.invoice_id == _INVOICE.c.id,
            _ALLOCATION.c.is_open,
            _PAYMENT.c.id == _ALLOCATION.c.payment_id,
            sa.or_(*(_PAYMENT.c.status == status for status in sorted(UNDER_WAY_STATUSES))),
        )
        .label("in_flight"),
    )
    .where(
        _INVOICE.c.customer_id == sa.bindparam("customer_id"),
        _INVOICE.c.status == InvoiceStatus.OPEN,
        _INVOICE.c.mode == Mode.LIVE,
        _INVOICE.c.balance_minor > 0,
    )
    .order_by(_INVOICE.c.due_on, _INVOICE.c.id)
)
_REPLIES = Prepared(
    sa.select(_MESSAGE.c.public_id, _MESSAGE.c.body, _MESSAGE.c.pay_link_id, _MESSAGE.c.payment_id)
    .where(_MESSAGE.c.reply_to_id == sa.bindparam("inbound_id"), _MESSAGE.c.route == Route.RESPONSE)
    .order_by(_MESSAGE.c.id)
)
_INBOUND = Prepared(
    sa.select(_MESSAGE.c.id).where(
        _MESSAGE.c.merchant_id == sa.bindparam("merchant_id"),
        _MESSAGE.c.provider_reference == sa.bindparam("provider_reference"),
        _MESSAGE.c.direction == Direction.IN,
    )
)


def find_or_start(
    db: sa.Connection, merchant_id: int, channel: Channel, address: str, our_address: str, now: datetime
) -> Thread:
    """The thread, locked for this transaction."""
    key = {"merchant_id": merchant_id, "channel": channel, "address": address}
    with one_trip(db):
        found = _FIND.send(db, key)
    row = found.first()
    if row is None:
        fresh = {
            "public_id": new_public_id(),
            "our_address": our_address,
            "created_at": now,
            "misses": 0,
            "in_a_row": 0,
        }
        state = {"state": ConversationState.IDLE}
        db.execute(insert(db, _CONVERSATION).on_conflict_do_nothing(), key | fresh | state)
        row = _FIND.first(db, key)
    return Thread(*_one(row))


def save(db: sa.Connection, thread: Thread, our_address: str, now: datetime) -> None:
    _SAVE.last(
        db,
        {
            "b_id": thread.id,
            "b_state": thread.state,
            "b_locale": thread.locale,
            "b_customer_id": thread.customer_id,
            "b_chosen_at": thread.chosen_at,
            "b_shown": thread.shown,
            "b_misses": thread.misses,
            "b_in_a_row": thread.in_a_row,
            "b_our_address": our_address,
            "b_last_inbound_at": now,
            "b_unreachable_since_at": None,
        },
    )


@cache
def _claiming(dialect: str) -> Prepared:
    claimed = insert_for(dialect, _MESSAGE).values(_LIVE).on_conflict_do_nothing().returning(_MESSAGE.c.id)
    return Prepared(claimed, _INBOUND_COLUMNS)


def claim_inbound(db: sa.Connection, values: dict[str, Any]) -> int | None:
    """Store what came in, first of all. None: this very message was here before (the carrier repeats itself)."""
    row = _claiming(db.dialect.name).first(db, _NOTHING | values)
    return None if row is None else int(row[0])


def claim_and_list(db: sa.Connection, values: dict[str, Any]) -> tuple[int | None, list[Owed]]:
    """Both in one trip: for a text that asks for the list."""
    with one_trip(db):
        claimed = _claiming(db.dialect.name).send(db, _NOTHING | values)
        listed = _OWED.send(db, {"customer_id": values["customer_id"]})
    row = claimed.first()
    return (None, []) if row is None else (int(row[0]), _owed(listed.all()))


def store_reply(db: sa.Connection, values: dict[str, Any]) -> OutgoingText:
    row = _reply(Route.RESPONSE, values)
    _STORE_REPLY.last(db, row)
    return OutgoingText(row["public_id"], row["body"], row["pay_link_id"], row["payment_id"])


def queue_reply(db: sa.Connection, values: dict[str, Any]) -> tuple[int, OutgoingText]:
    """For the messenger. With its id, for the job."""
    row = _reply(Route.MESSENGER, values)
    message_id = _one(_QUEUE_REPLY.first(db, row))[0]
    return message_id, OutgoingText(row["public_id"], row["body"], row["pay_link_id"], row["payment_id"])


def _reply(route: Route, values: dict[str, Any]) -> dict[str, Any]:
    fixed = {"direction": Direction.OUT, "status": MessageStatus.QUEUED, "route": route, "attempt": 0}
    return {"public_id": new_public_id(), **fixed, **values}


def stored_replies(db: sa.Connection, merchant_id: int, provider_reference: str) -> list[OutgoingText]:
    """What was answered the first time."""
    key = {"merchant_id": merchant_id, "provider_reference": provider_reference}
    inbound_id = _one(_INBOUND.first(db, key))[0]
    return [OutgoingText(*row) for row in _REPLIES.all(db, {"inbound_id": inbound_id})]


def owed(db: sa.Connection, customer_id: int) -> list[Owed]:
    """Outstanding live invoices, the oldest due first."""
    return _owed(_OWED.all(db, {"customer_id": customer_id}))


def _owed(rows: list[Row]) -> list[Owed]:
    return [
        Owed(invoice_id, number, Money(minor, currency), due_on, in_flight)
        for invoice_id, number, minor, currency, due_on, in_flight in rows
    ]


def _one(row: Row | None) -> Row:
    """A row that is there by the statements before it."""
    if row is None:
        raise LookupError
    return row
