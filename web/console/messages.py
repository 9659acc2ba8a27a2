"""Threads over all channels: read them, answer as a person, hand them back to the bot. What was said to prove who is
there (codes) and what opens a bill (links) is blanked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import sqlalchemy as sa
from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot import by_hand, looping, optouts
from models.context import Context
from models.conversation import Conversation, ConversationState
from models.customer import ContactPoint, Customer
from models.errors import DomainError
from models.merchant import Merchant, Mode
from models.message import Direction, Message
from web.console import audit, frame, timeline, waiting
from web.console.access import mine
from web.console.frame import ConsolePage, done, parts
from web.console.visitor import visitor
from web.context import reads, writes

blueprint = Blueprint("console_messages", __name__, url_prefix="/console/messages")

LISTED = 50
SHOWN = 100


@dataclass(frozen=True, slots=True)
class ThreadRow:
    thread: Conversation
    name: str
    last: Message | None
    preview: str


@dataclass(frozen=True, slots=True)
class Bubble:
    """`kind`: which template said it, or which wish was read."""

    message: Message
    words: str

    @property
    def is_theirs(self) -> bool:
        return self.message.direction is Direction.IN

    @property
    def left_alone(self) -> str | None:
        """Why the bot kept silent, as it does to another machine."""
        return self.message.error_code if self.is_theirs and self.message.error_code in looping.REASONS else None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesPage(ConsolePage):
    template: ClassVar[str] = "web/console/messages.html"
    section: ClassVar[str] = "messages"
    only_waiting: bool
    rows: Sequence[ThreadRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadPage(ConsolePage):
    template: ClassVar[str] = "web/console/thread.html"
    section: ClassVar[str] = "messages"
    thread: Conversation
    name: str
    customers: Sequence[Customer]
    bubbles: Sequence[Bubble]
    opted_out: bool
    typed: str = ""

    @property
    def is_with_person(self) -> bool:
        return self.thread.state is ConversationState.HUMAN


@blueprint.get("")
@reads
def index(ctx: Context) -> Response:
    """Who waits for a person first, then who wrote last."""
    only_waiting = request.args.get("show") == "waiting"
    threads = _threads(ctx, visitor().merchant, only_waiting=only_waiting)
    return frame.show(MessagesPage(**parts(), only_waiting=only_waiting, rows=_rows(ctx, visitor().merchant, threads)))


@blueprint.get("/<public_id>")
@reads
def thread(ctx: Context, public_id: str) -> Response:
    return _page(ctx, mine(ctx, Conversation, public_id))


@blueprint.post("/<public_id>")
@writes
def reply(ctx: Context, public_id: str) -> AnyResponse:
    found = mine(ctx, Conversation, public_id, lock=True)
    words = request.form.get("words", "")[: by_hand.MAX_EMAIL_CHARS + 1]
    try:
        message = by_hand.reply(ctx, visitor().merchant, found, words)
    except DomainError as error:
        return _page(ctx, found, {"words": error.code}, words)
    audit.record(ctx, "message.sent", message, label=found.address, after={"channel": found.channel})
    return done("reply_sent", url_for("console_messages.thread", public_id=public_id))


@blueprint.post("/<public_id>/take")
@writes
def take(ctx: Context, public_id: str) -> AnyResponse:
    """A person takes over before the customer asks for one."""
    found = mine(ctx, Conversation, public_id, lock=True)
    found.state = ConversationState.HUMAN
    audit.record(ctx, "thread.taken", found, label=found.address)
    return done("thread_taken", url_for("console_messages.thread", public_id=public_id))


@blueprint.post("/<public_id>/hand-back")
@writes
def hand_back(ctx: Context, public_id: str) -> AnyResponse:
    found = mine(ctx, Conversation, public_id, lock=True)
    by_hand.hand_back(ctx, found)
    audit.record(ctx, "thread.handed_back", found, label=found.address)
    return done("thread_handed_back", url_for("console_messages.thread", public_id=public_id))


def _page(ctx: Context, found: Conversation, problems: Mapping[str, str] | None = None, words: str = "") -> Response:
    merchant = visitor().merchant
    own = sa.select(Message).where(Message.conversation_id == found.id).order_by(Message.id.desc()).limit(SHOWN)
    on_file = (
        sa.select(Customer)
        .join(ContactPoint, ContactPoint.customer_id == Customer.id)
        .where(
            ContactPoint.merchant_id == merchant.id,
            ContactPoint.channel == found.channel,
            ContactPoint.address == found.address,
            ContactPoint.mode == Mode.LIVE,
        )
        .order_by(Customer.id)
    )
    people = ctx.session.scalars(on_file).all()
    page = ThreadPage(
        **parts(),
        problems=problems or {},
        thread=found,
        name=" or ".join(dict.fromkeys(one.name for one in people)),
        customers=people,
        bubbles=[Bubble(message, timeline.wording(message)) for message in reversed(ctx.session.scalars(own).all())],
        opted_out=optouts.is_opted_out(ctx, merchant.id, found.channel, found.address),
        typed=words,
    )
    return frame.show(page, 422 if problems else 200)


def _threads(ctx: Context, merchant: Merchant, *, only_waiting: bool) -> list[Conversation]:
    own = sa.select(Conversation).where(Conversation.merchant_id == merchant.id)
    order = (Conversation.last_inbound_at.desc(), Conversation.id.desc())
    waits = Conversation.state == ConversationState.HUMAN
    found = list(ctx.session.scalars(own.where(waits).order_by(*order).limit(LISTED)))
    if not only_waiting:
        found += ctx.session.scalars(own.where(~waits).order_by(*order).limit(LISTED))
    return found[:LISTED]


def _rows(ctx: Context, merchant: Merchant, threads: Sequence[Conversation]) -> list[ThreadRow]:
    newest = (
        sa.select(sa.func.max(Message.id))
        .where(Message.conversation_id.in_([one.id for one in threads]))
        .group_by(Message.conversation_id)
    )
    last = {m.conversation_id: m for m in ctx.session.scalars(sa.select(Message).where(Message.id.in_(newest)))}
    names = waiting.names_at(ctx, merchant, [(one.channel, one.address) for one in threads])
    return [
        ThreadRow(
            one,
            names.get((one.channel, one.address), ""),
            last.get(one.id),
            timeline.preview(last[one.id]) if one.id in last else "",
        )
        for one in threads
    ]
