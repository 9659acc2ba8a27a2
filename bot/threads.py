"""The hot path's few statements, built once: find a thread, claim an inbound text, list what is owed, store the reply.
Core instead of the ORM, since each of these runs for every text (docs/decisions/0004)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.base import new_public_id
from models.consent import OptOut
from models.conversation import Conversation, ConversationState
from models.customer import Channel, Customer
from models.invoice import Invoice, InvoiceStatus
from models.merchant import Mode
from models.message import Direction, Message, MessageStatus, Route
from models.money import Money
from models.payment import Allocation


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
    last_inbound_at: datetime | None
    customer_name: str | None
    customer_locale: str | None
    opted_out_at: datetime | None


@dataclass(frozen=True, slots=True)
class Owed:
    """One outstanding invoice as the list shows it. `in_flight`: a payment for it is under way."""

    id: int
    number: str
    balance: Money
    due_on: date
    in_flight: bool


@dataclass(frozen=True, slots=True)
class OutgoingText:
    """What the turn says: `body` as stored, with `{link}` in place of the pay link's URL."""

    id: int
    public_id: str
    body: str
    pay_link_id: int | None
    payment_id: int | None


_conversation = Conversation.__table__.c
_FIND = (
    sa.select(
        _conversation.id,
        _conversation.state,
        _conversation.locale,
        _conversation.customer_id,
        _conversation.chosen_at,
        _conversation.shown,
        _conversation.misses,
        _conversation.last_inbound_at,
        Customer.name,
        Customer.locale.label("customer_locale"),
        OptOut.opted_out_at,
    )
    .select_from(Conversation)
    .outerjoin(Customer, Customer.id == Conversation.customer_id)
    .outerjoin(
        OptOut,
        (OptOut.merchant_id == Conversation.merchant_id)
        & (OptOut.channel == Conversation.channel)
        & (OptOut.address == Conversation.address),
    )
    .where(
        Conversation.merchant_id == sa.bindparam("merchant_id"),
        Conversation.channel == sa.bindparam("channel"),
        Conversation.address == sa.bindparam("address"),
    )
    .with_for_update(of=Conversation)  # two texts from one phone take turns; SQLite's writer lock already sees to it
)
_SAVE = (
    sa.update(Conversation.__table__)  # type: ignore[arg-type]
    .where(_conversation.id == sa.bindparam("b_id"))
    .values(
        {name: sa.bindparam(f"b_{name}") for name in ("state", "locale", "customer_id", "chosen_at", "shown", "misses")}
        | {"our_address": sa.bindparam("b_our_address"), "last_inbound_at": sa.bindparam("b_last_inbound_at")}
    )
)
_INSERT_THREAD = {
    name: module.insert(Conversation.__table__).on_conflict_do_nothing()  # type: ignore[arg-type, attr-defined]
    for name, module in (("sqlite", sqlite), ("postgresql", postgresql))
}
_CLAIM = {
    name: module.insert(Message.__table__).on_conflict_do_nothing().returning(Message.__table__.c.id)  # type: ignore[arg-type, attr-defined]
    for name, module in (("sqlite", sqlite), ("postgresql", postgresql))
}
_STORE_REPLY = sa.insert(Message.__table__).returning(Message.__table__.c.id)  # type: ignore[arg-type]
_OWED = (
    sa.select(
        Invoice.id,
        Invoice.number,
        Invoice.balance_minor,
        Invoice.currency,
        Invoice.due_on,
        sa.exists().where(Allocation.invoice_id == Invoice.id, Allocation.is_open).label("in_flight"),
    )
    .where(
        Invoice.customer_id == sa.bindparam("customer_id"),
        Invoice.status == InvoiceStatus.OPEN,
        Invoice.mode == Mode.LIVE,
        Invoice.balance_minor > 0,
    )
    .order_by(Invoice.due_on, Invoice.id)
)
_REPLIES = (
    sa.select(Message.id, Message.public_id, Message.body, Message.pay_link_id, Message.payment_id)
    .where(Message.reply_to_id == sa.bindparam("inbound_id"), Message.route == Route.RESPONSE)
    .order_by(Message.id)
)
_INBOUND = sa.select(Message.id).where(
    Message.merchant_id == sa.bindparam("merchant_id"),
    Message.provider_reference == sa.bindparam("provider_reference"),
    Message.direction == Direction.IN,
)


def find_or_start(
    session: Session, merchant_id: int, channel: Channel, address: str, our_address: str, now: datetime
) -> Thread:
    """The thread, locked for this transaction."""
    key = {"merchant_id": merchant_id, "channel": channel, "address": address}
    row = session.execute(_FIND, key).first()
    if row is None:
        fresh = {"public_id": new_public_id(), "our_address": our_address, "created_at": now, "misses": 0}
        state = {"state": ConversationState.IDLE}
        session.execute(_INSERT_THREAD[session.get_bind().dialect.name], key | fresh | state)
        row = session.execute(_FIND, key).one()
    return Thread(*row)


def save(session: Session, thread: Thread, our_address: str, now: datetime) -> None:
    session.execute(
        _SAVE,
        {
            "b_id": thread.id,
            "b_state": thread.state,
            "b_locale": thread.locale,
            "b_customer_id": thread.customer_id,
            "b_chosen_at": thread.chosen_at,
            "b_shown": thread.shown,
            "b_misses": thread.misses,
            "b_our_address": our_address,
            "b_last_inbound_at": now,
        },
    )


def claim_inbound(session: Session, values: dict[str, Any]) -> int | None:
    """Store what came in, first of all. None: this very message was here before (the carrier repeats itself)."""
    row = session.execute(_CLAIM[session.get_bind().dialect.name], values).first()
    return None if row is None else int(row[0])


def store_reply(session: Session, values: dict[str, Any]) -> OutgoingText:
    public_id = new_public_id()
    row = {
        "public_id": public_id,
        "direction": Direction.OUT,
        "status": MessageStatus.QUEUED,
        "route": Route.RESPONSE,
        "attempt": 0,
        **values,
    }
    message_id = session.execute(_STORE_REPLY, row).scalar_one()
    return OutgoingText(message_id, public_id, values["body"], values["pay_link_id"], values["payment_id"])


def stored_replies(session: Session, merchant_id: int, provider_reference: str) -> list[OutgoingText]:
    """What was answered the first time."""
    key = {"merchant_id": merchant_id, "provider_reference": provider_reference}
    inbound_id = session.execute(_INBOUND, key).scalar_one()
    return [OutgoingText(*row) for row in session.execute(_REPLIES, {"inbound_id": inbound_id})]


def owed(session: Session, customer_id: int) -> list[Owed]:
    """Outstanding live invoices, the oldest due first."""
    rows = session.execute(_OWED, {"customer_id": customer_id})
    return [Owed(r.id, r.number, Money(r.balance_minor, r.currency), r.due_on, r.in_flight) for r in rows]
