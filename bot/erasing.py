"""Erases one customer: name, addresses, words, ways in, saved accounts. What explains money stays, under a pseudonym;
refusals stay, so that the address is never written to again. Done once and in one transaction, or not at all."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from bot import erased_traces, forgetting
from models import events
from models.among import among
from models.cadence import CustomerCadence
from models.case import Case
from models.context import Context, Runtime
from models.conversation import ERASED, Conversation, ConversationState, Promise, Proof
from models.customer import APPS, Channel, ContactPoint, Customer, pseudonym
from models.merchant import Mode
from models.message import Message, RemovedWhy
from models.received_text import ReceivedText
from models.reminder import Reminder, ReminderStatus
from models.session import WebSession
from models.verification import Verification, VerificationStatus
from payments import erasing as money
from payments.erasing import ErasureRefused, Obstacle

__all__ = ["Erased", "ErasureRefused", "Obstacle", "erase", "obstacles"]

CHUNK = forgetting.BATCH
LONGEST_WRITE = timedelta(minutes=15)
"""Nobody's transaction takes so long: what is older has been seen by whoever looks now."""

Record = Callable[[Context, Customer, "Erased"], None]
obstacles = money.obstacles


@dataclass(frozen=True, slots=True)
class Erased:
    """`before`: somebody has done it already, and nothing was changed. `messages`: whose words are gone."""

    pseudonym: str
    before: bool = False
    messages: int = 0


@dataclass(frozen=True, slots=True)
class _Threads:
    """Where they talked. `own`: nobody else has that address on file, nor has said anything there."""

    own: list[Conversation]
    shared: list[Conversation]

    @property
    def own_ids(self) -> list[int]:
        return [thread.id for thread in self.own]


def erase(runtime: Runtime, customer_id: int, record: Record) -> Erased:
    """Call with no transaction open: the providers of their saved accounts are told afterwards. `record` writes the
    trail, in the same transaction. A second press changes nothing but what the first could not tell a provider.
    Raises ErasureRefused."""
    looked_at = runtime.clock.now()
    with runtime.read() as ctx:
        mentions = erased_traces.mentions(ctx, ctx.session.get_one(Customer, customer_id))
    with runtime.write() as ctx:
        erased = _erase(ctx, customer_id, mentions, looked_at, record)
    money.forget_accounts(runtime, customer_id)
    return erased


def _erase(ctx: Context, customer_id: int, mentions: Sequence[int], looked_at: datetime, record: Record) -> Erased:
    threads = _threads(ctx, customer_id)
    customer = money.hold(ctx, customer_id)
    if customer.erased_at is not None:
        return Erased(customer.name, before=True)
    if found := obstacles(ctx, customer):
        raise ErasureRefused(found)
    known = erased_traces.known_of(ctx, customer)
    said = _messages(ctx, customer, threads)
    for ids in _chunks([*said, *mentions]):  # first, as whoever sends them locks them first
        forgetting.remove_words(ctx, ids, RemovedWhy.ERASURE)
    late = erased_traces.mentions(ctx, customer, since=looked_at - LONGEST_WRITE)  # by whom we have waited for
    forgetting.remove_words(ctx, late, RemovedWhy.ERASURE)
    _move_threads(ctx, customer, threads, said)
    _silence(ctx, customer, threads)
    _drop_waiting(ctx, customer)
    money.forget_payer(ctx, customer)
    _shut_doors(ctx, customer, threads)
    name = pseudonym()
    erased_traces.forget(ctx, customer, known, name, threads.own, said)
    _rename(ctx, customer, name)
    events.erased(ctx, customer)
    erased = Erased(name, messages=len(said))
    record(ctx, customer, erased)
    ctx.session.flush()
    return erased


# --- their threads ----------------------------------------------------------------------------------------------------
def _threads(ctx: Context, customer_id: int) -> _Threads:
    """Locked before anything else, as a turn locks its own: a text that comes now waits, and finds a stranger's."""
    customer = ctx.session.get_one(Customer, customer_id)
    if customer.mode is not Mode.LIVE:
        return _Threads([], [])
    theirs = Message.customer_id == customer_id
    points = sa.select(ContactPoint.address).where(ContactPoint.customer_id == customer_id)
    at_theirs = Conversation.channel.in_(Channel) & Conversation.address.in_(ctx.session.scalars(points).all())
    found = (
        sa.select(Message.conversation_id).where(theirs, Message.conversation_id.is_not(None)),
        sa.select(Conversation.id).where(Conversation.merchant_id == customer.merchant_id, at_theirs),
        sa.select(Proof.conversation_id).where(Proof.customer_id == customer_id),
    )
    ids = ctx.session.scalars(sa.union(*found)).all()
    held = sa.select(Conversation).where(among(Conversation.id, ids)).order_by(Conversation.id).with_for_update()
    threads = ctx.session.scalars(held.execution_options(populate_existing=True)).all()
    others = [thread for thread in threads if _is_shared(ctx, thread, customer_id)]
    return _Threads([thread for thread in threads if thread not in others], others)


def _is_shared(ctx: Context, thread: Conversation, customer_id: int) -> bool:
    apps = APPS if thread.channel in APPS else (thread.channel,)
    on_file = sa.select(ContactPoint.id).where(
        ContactPoint.merchant_id == thread.merchant_id,
        ContactPoint.channel.in_(apps),
        ContactPoint.address == thread.address,
        ContactPoint.mode == Mode.LIVE,
        ContactPoint.customer_id != customer_id,
    )
    said = sa.select(Message.id).where(
        Message.conversation_id == thread.id, Message.customer_id.is_not(None), Message.customer_id != customer_id
    )
    return any(ctx.session.scalars(asked.limit(1)).first() is not None for asked in (on_file, said))


def _messages(ctx: Context, customer: Customer, threads: _Threads) -> list[int]:
    """Theirs, and in a thread of their own those that nobody had shown to be theirs."""
    there = among(Message.conversation_id, threads.own_ids) if threads.own else sa.false()
    found = sa.select(Message.id).where((Message.customer_id == customer.id) | there)
    return list(ctx.session.scalars(found.order_by(Message.id)))


def _move_threads(ctx: Context, customer: Customer, threads: _Threads, said: Sequence[int]) -> None:
    """From their address to one that nobody has."""
    for ids in _chunks(said):
        _update(
            ctx, sa.update(Message).where(among(Message.id, ids)).values(their_address=f"{ERASED}{customer.public_id}")
        )
    for thread in threads.own:
        thread.address, thread.state, thread.locale = f"{ERASED}{thread.public_id}", ConversationState.IDLE, None
    for thread in [*threads.own, *threads.shared]:
        if thread.customer_id == customer.id or thread in threads.own:
            thread.customer_id = thread.shown = thread.chosen_at = None


def _drop_waiting(ctx: Context, customer: Customer) -> None:
    """Texts of theirs that wait for their turn, unless somebody else may have sent them."""
    if customer.mode is not Mode.LIVE:
        return
    other = aliased(ContactPoint)
    shared = sa.exists().where(
        other.merchant_id == ContactPoint.merchant_id,
        other.channel.in_(Channel),
        other.address == ContactPoint.address,
        other.mode == Mode.LIVE,
        other.customer_id != customer.id,
    )
    own = sa.select(ContactPoint.address).where(ContactPoint.customer_id == customer.id, ~shared)
    waiting = (ReceivedText.merchant_id == customer.merchant_id) & ReceivedText.channel.in_(Channel)
    gone = ctx.session.scalars(own).all()
    ctx.session.execute(sa.delete(ReceivedText).where(waiting, ReceivedText.their_address.in_(gone)))


# --- what would still reach or admit them -----------------------------------------------------------------------------
def _silence(ctx: Context, customer: Customer, threads: _Threads) -> None:
    """Nothing that was planned leaves, and nothing waits for an answer to them."""
    theirs = Reminder.customer_id == customer.id
    planned = theirs & (Reminder.status == ReminderStatus.SCHEDULED)
    _update(ctx, sa.update(Reminder).where(planned).values(status=ReminderStatus.CANCELLED))
    _update(ctx, sa.update(Reminder).where(theirs).values(address=None, detail=None))
    for gone in (Promise, CustomerCadence):
        ctx.session.execute(sa.delete(gone).where(gone.customer_id == customer.id))
    there = among(Case.conversation_id, threads.own_ids) if threads.own else sa.false()
    for case in ctx.session.scalars(sa.select(Case).where((Case.customer_id == customer.id) | there)):
        case.resolve(ctx.clock.now())
        case.note = None


def _shut_doors(ctx: Context, customer: Customer, threads: _Threads) -> None:
    """Sessions, proofs, codes on their way, and the addresses that they rest on."""
    points = ctx.session.scalars(sa.select(ContactPoint).where(ContactPoint.customer_id == customer.id)).all()
    ids = [point.id for point in points]
    for rests in (Proof, WebSession):
        which = (rests.customer_id == customer.id) | among(rests.contact_point_id, ids)
        ctx.session.execute(sa.delete(rests).where(which))
    _end_codes(ctx, customer, ids, {point.address for point in points}, threads)
    for point in points:
        ctx.session.delete(point)
    ctx.session.flush()


def _end_codes(
    ctx: Context, customer: Customer, point_ids: Collection[int], addresses: Collection[str], threads: _Threads
) -> None:
    """Those that were sent to them, and what they had typed."""
    nobodys = Verification.contact_point_id.is_(None) & Verification.member_id.is_(None)
    typed = nobodys & Verification.email.in_(addresses)
    if threads.own:
        typed |= nobodys & among(Verification.conversation_id, threads.own_ids)
    sent = among(Verification.contact_point_id, list(point_ids)) if point_ids else sa.false()
    which = (Verification.merchant_id == customer.merchant_id) & (typed | sent)
    waiting = which & (Verification.status == VerificationStatus.PENDING)
    _update(ctx, sa.update(Verification).where(waiting).values(status=VerificationStatus.CANCELED))
    _update(ctx, sa.update(Verification).where(which).values(email="", contact_point_id=None))


def _rename(ctx: Context, customer: Customer, name: str) -> None:
    customer.name, customer.erased_at = name, ctx.clock.now()
    customer.reference = customer.timezone = customer.postal_code = None


def _update(ctx: Context, statement: sa.Update) -> None:
    ctx.session.execute(statement, execution_options={"synchronize_session": False})


def _chunks(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)]
