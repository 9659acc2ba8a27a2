"""One turn: a text comes in, is stored first, understood, answered by the dialogue table, and the answer is stored.
Refuses nothing by raising: whatever a person can type has a reply, or a reasoned silence."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import structlog

from bot import intents, links, looping, messenger, put_off, rendering, threads
from bot.intents import Understanding
from bot.own_words import book as books
from bot.own_words.book import TILLS
from bot.own_words.catalogue import TEXTS
from bot.put_off import Inbound
from bot.threads import OutgoingText, Owed, Thread
from models.base import new_public_id
from models.context import Context
from models.conversation import CHOICE_LIFETIME, PROOF_IDLE_LIFETIME, ConversationState
from models.customer import Channel, ContactPoint
from models.merchant import Merchant
from models.message import Direction, Message, MessageStatus
from models.prepared import connection_of

log = structlog.get_logger()

SAID_IN_EVERY_LANGUAGE = frozenset({"STOP", "START", "HELP"})
"""Carriers' words, which we ask for in Spanish too: they do not make an English speaker of anyone."""
EMAIL_CHOICE_LIFETIME = timedelta(days=7)
"""Emails are answered in days, not minutes, and what is picked is named again before it is paid."""
COMMONPLACE_CHARS = 40

_FOUR_DIGITS = re.compile(r"(?:\d\D*){4}")
_CARD = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
_CODE = re.compile(r"(?<![\w.,$-])(?:\d{6}|\d{8}|\d{3}[ -]\d{3}|\d{4}[ -]\d{4})(?![\w.,-]*\d)")
_LONG_CODE = re.compile(r"(?<!\d)\d(?:[ -]?\d){3,8}(?!\d)")


Listed = tuple[int, Sequence[Owed]]
"""What was owed when the text was stored, and by whom."""
ASKS_FOR_LIST = frozenset({intents.Intent.LIST, intents.Intent.GREETING})


@dataclass(frozen=True, slots=True)
class Reply:
    """What to say: a template's name and its slots. A pay link or a payment's receipt fills `{link}` later."""

    kind: str
    slots: dict[str, Any] = field(default_factory=dict)
    pay_link_id: int | None = None
    payment_id: int | None = None


@dataclass(slots=True)
class Turn:
    """Everything a handler may look at; it changes `thread` and returns Replies."""

    ctx: Context
    merchant: Merchant
    thread: Thread
    inbound: Inbound
    message_id: int
    heard: Understanding
    now: datetime
    locale: str
    fresh: bool
    """False after so long a pause that a shared phone must be asked again whose account it speaks for."""
    listed: Listed | None = None
    about_invoice_id: int | None = None
    """The invoice of the very mail that this one answers."""
    is_late: bool = False
    """`now` is when the text came in, some time ago; nobody waits for the answer on the line."""

    def say(self, kind: str, **slots: Any) -> Reply:
        return Reply(kind, slots)

    @property
    def is_by_email(self) -> bool:
        return self.inbound.channel is Channel.EMAIL

    @property
    def choice_lifetime(self) -> timedelta:
        return EMAIL_CHOICE_LIFETIME if self.is_by_email else CHOICE_LIFETIME


@dataclass(frozen=True, slots=True)
class Answer:
    """The texts to carry back, with their links in place. Empty: stay silent."""

    texts: tuple[tuple[str, str], ...]
    """(our reference, text)"""
    is_duplicate: bool = False
    is_put_off: bool = False


def take_turn(
    ctx: Context,
    merchant: Merchant,
    inbound: Inbound,
    respond: Callable[[Turn], Sequence[Reply]],
    received_at: datetime | None = None,
) -> Answer:
    """Store, understand, answer. A repeat of the same inbound message gets the same answer and changes nothing.
    `received_at`: of a text that was put off. It counts as said then, and its answer goes by the messenger."""
    now, db = received_at or ctx.clock.now(), connection_of(ctx.session)
    thread = threads.find_or_start(db, merchant.id, inbound.channel, inbound.sender, inbound.to, now)
    if received_at is None and thread.has_waiting and put_off.may_wait(inbound, now.date()):
        put_off.keep(ctx, merchant.id, inbound)  # it must not overtake what its sender wrote before
        return Answer((), is_put_off=True)
    heard = understand(inbound.body, expecting(thread), today_of(merchant, now))
    message_id, listed = _claim(db, thread, _inbound_row(merchant, thread, inbound, heard, now), heard)
    if message_id is None:
        said = threads.stored_replies(db, merchant.id, inbound.provider_reference)
        return Answer(tuple((r.public_id, _reveal(ctx, r)) for r in said), is_duplicate=True)
    turn = open_turn(ctx, merchant, thread, inbound, message_id, heard, now)
    turn.listed, turn.is_late = listed, received_at is not None
    replies = [] if is_looping(turn) else list(respond(turn))
    stored = [_store(turn, reply) for reply in replies]
    threads.save(connection_of(ctx.session), thread, inbound.to, now)
    return Answer(tuple((r.public_id, _reveal(ctx, r)) for r in stored))


def _claim(
    db: sa.Connection, thread: Thread, row: dict[str, Any], heard: Understanding
) -> tuple[int | None, Listed | None]:
    """With the list that will be asked for, where that is plain: one trip to the database instead of two."""
    if thread.customer_id is None or heard.intent not in ASKS_FOR_LIST:
        return threads.claim_inbound(db, row), None
    message_id, owed = threads.claim_and_list(db, row)
    return message_id, (thread.customer_id, owed)


def understand(body: str, state: ConversationState, today: date) -> Understanding:
    """Most texts are one of a few hundred short ones. What may hold a code, an email or a name is read afresh."""
    commonplace = len(body) <= COMMONPLACE_CHARS and "@" not in body and _FOUR_DIGITS.search(body) is None
    reader = _understand_commonplace if commonplace else intents.understand
    return reader(body, expecting=state, today=today)


@lru_cache(maxsize=1024)
def _understand_commonplace(body: str, *, expecting: ConversationState, today: date) -> Understanding:
    return intents.understand(body, expecting=expecting, today=today)


def expecting(thread: Thread) -> ConversationState:
    """A list on the table makes a bare number a choice."""
    if thread.state is ConversationState.IDLE and thread.shown is not None:
        return ConversationState.CHOOSING
    return thread.state


def today_of(merchant: Merchant, now: datetime) -> date:
    return now.astimezone(ZoneInfo(merchant.timezone)).date()


def open_turn(
    ctx: Context,
    merchant: Merchant,
    thread: Thread,
    inbound: Inbound,
    message_id: int,
    heard: Understanding,
    now: datetime,
) -> Turn:
    idle = now - thread.last_inbound_at if thread.last_inbound_at else timedelta.max
    if thread.unreachable_since_at is not None:
        _take_back(ctx, merchant, inbound)
    if thread.customer_id is not None and idle > PROOF_IDLE_LIFETIME:
        thread.customer_id = None  # the number may have a new owner
    if inbound.body.strip(" .!").upper() not in SAID_IN_EVERY_LANGUAGE or not (thread.locale or thread.customer_locale):
        thread.locale = heard.language or thread.locale
    locale = thread.locale or thread.customer_locale or merchant.locale
    turn = Turn(ctx, merchant, thread, inbound, message_id, heard, now, locale, fresh=False)
    turn.fresh = thread.chosen_at is not None and idle <= turn.choice_lifetime
    if not turn.fresh:
        thread.chosen_at = None  # until somebody says whose account it is, however many texts that takes
    return turn


def _take_back(ctx: Context, merchant: Merchant, inbound: Inbound) -> None:
    """The carrier gave this number up, and here it is. `threads.save` clears the conversation's own mark."""
    ctx.session.execute(
        sa.update(ContactPoint)
        .where(
            ContactPoint.merchant_id == merchant.id,
            ContactPoint.channel == inbound.channel,
            ContactPoint.address == inbound.sender,
        )
        .values(bad_since_at=None)
        .execution_options(synchronize_session=False)
    )


def _inbound_row(
    merchant: Merchant, thread: Thread, inbound: Inbound, heard: Understanding, now: datetime
) -> dict[str, Any]:
    return {
        "public_id": new_public_id(),
        "merchant_id": merchant.id,
        "conversation_id": thread.id,
        "customer_id": thread.customer_id,
        "direction": Direction.IN,
        "channel": inbound.channel,
        "kind": heard.intent.value,
        "our_address": inbound.to,
        "their_address": inbound.sender,
        "body": redact(inbound.body, thread.state),
        "status": MessageStatus.RECEIVED,
        "attempt": 0,
        "provider_reference": inbound.provider_reference,
        "created_at": now,
    }


def _store(turn: Turn, reply: Reply) -> OutgoingText:
    book = books.load(turn.ctx, turn.merchant.id, reply.kind) if reply.kind in TEXTS else TILLS
    body = rendering.text(reply.kind, turn.locale, book, biz=rendering.clean(turn.merchant.name), **reply.slots)
    row = {
        "merchant_id": turn.merchant.id,
        "conversation_id": turn.thread.id,
        "customer_id": turn.thread.customer_id,
        "channel": turn.inbound.channel,
        "kind": reply.kind,
        "our_address": turn.inbound.to,
        "their_address": turn.inbound.sender,
        "body": body,
        "locale": turn.locale,
        "reply_to_id": turn.message_id,
        "pay_link_id": reply.pay_link_id,
        "payment_id": reply.payment_id,
    }
    db = connection_of(turn.ctx.session)
    if not turn.is_late:
        return threads.store_reply(db, row | {"created_at": turn.now})
    message_id, text = threads.queue_reply(db, row | {"created_at": turn.ctx.clock.now()})
    messenger.enqueue(turn.ctx, Message(id=message_id, attempt=0, **row))
    return text


def _reveal(ctx: Context, text: OutgoingText) -> str:
    if text.pay_link_id is None and text.payment_id is None:
        return text.body
    return links.fill(ctx, text.body, text.pay_link_id, text.payment_id)


def is_looping(turn: Turn) -> bool:
    """Two machines never tire: say nothing, and let the merchant read why."""
    db = connection_of(turn.ctx.session)
    why = looping.why_silent(db, turn.merchant, turn.thread, turn.inbound, turn.heard.intent, turn.now)
    if why is None:
        return False
    log.warning("text.left_alone", why=why, merchant=turn.merchant.public_id)
    looping.mark(db, turn.message_id, why)
    return True


def redact(body: str, state: ConversationState) -> str:
    """What may be kept of a text: cards and whatever looks like a code go; anything near one while one is due."""
    kept = _CARD.sub(lambda m: "[card]" if _luhn(m.group()) else m.group(), body)
    return (_LONG_CODE if state is ConversationState.VERIFYING else _CODE).sub("[code]", kept)


def _luhn(number: str) -> bool:
    digits = [int(c) for c in number if c.isdigit()]
    doubled = [d * 2 - 9 * (d > 4) for d in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
