"""One email comes in: stored first, then answered by the same dialogue as a text if its sender is proven, else with no
more than a link. Refuses nothing by raising but a replayed request; what a machine wrote is never answered."""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
import structlog

from bot import email_answers, email_generic, email_reports, reply_tags, threads, verifying
from bot.channels.autoreply import says_away
from bot.channels.quoting_signature import without_sign_off
from bot.intents import Intent, Understanding
from bot.refusals import understand_email
from bot.turn import Reply, Turn, expecting, is_looping, open_turn, redact, today_of
from models import limits
from models.base import new_public_id
from models.context import Context
from models.conversation import ConversationState, Proof
from models.customer import Channel, ContactPoint, Customer, normalise_email
from models.errors import UnverifiedWebhook
from models.merchant import Merchant, Mode
from models.message import Direction, Message, MessageStatus
from models.ports import InboundEmail
from models.prepared import connection_of
from models.received_mail import ReceivedMail

log = structlog.get_logger()

READ_CHARS = 1_000
"""An answer begins with what it wants; a long letter's tail would only be misread."""

ASKS_NOTHING = frozenset({Intent.UNKNOWN, Intent.GREETING, Intent.THANKS, Intent.EMAIL, Intent.HUMAN, Intent.RECEIPT})
"""What the grammar takes an absence note for."""

_ADDRESSES = re.compile(r"\S+@\S+")
_LONE_CODE = re.compile(r"\D{0,30}\d(?:[ -]?\d){5,7}\D{0,30}")
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")

Respond = Callable[[Turn], Sequence[Reply]]


@dataclass(frozen=True, slots=True)
class Letter:
    """An email as the dialogue sees it (bot.put_off.Inbound)."""

    provider_reference: str
    sender: str
    to: str
    body: str
    channel: Channel = Channel.EMAIL
    opt_out_type: str | None = None


def take_email(ctx: Context, merchant: Merchant, mail: InboundEmail, respond: Respond) -> str:
    """A word for the log. Raises UnverifiedWebhook for a single-use request that comes with another mail."""
    letter = _letter(merchant, mail)
    customers = _on_file(ctx, merchant, letter.sender)
    if customers and mail.is_authenticated and mail.automatic is None:
        return _converse(ctx, merchant, mail, letter, customers, respond)
    heard = understand_email(letter.body, expecting=ConversationState.IDLE, today=today_of(merchant, ctx.clock.now()))
    thread_id = reply_tags.thread_id(ctx, merchant, mail.reply_tag)
    message_id = _store(ctx, merchant, mail, letter, heard, thread_id)
    if message_id is None:
        return "duplicate"
    email_reports.heed(ctx, merchant, mail.reports)
    if mail.automatic is not None:
        return mail.automatic
    return email_generic.answer(ctx, merchant, mail, letter.sender, message_id, heard, is_on_file=bool(customers))


def _converse(
    ctx: Context, merchant: Merchant, mail: InboundEmail, letter: Letter, customers: Sequence[int], respond: Respond
) -> str:
    now, db = ctx.clock.now(), connection_of(ctx.session)
    thread = threads.find_or_start(db, merchant.id, Channel.EMAIL, letter.sender, letter.to, now)
    heard = understand_email(letter.body, expecting=expecting(thread), today=today_of(merchant, now))
    message_id = _store(ctx, merchant, mail, letter, heard, thread.id)
    if message_id is None:
        return "duplicate"
    turn = open_turn(ctx, merchant, thread, letter, message_id, heard, now)
    turn.about_invoice_id = _about(ctx, merchant, mail, letter.sender)
    if thread.opted_out_at is None:
        _recognise(turn, customers)
        _file(ctx, message_id, thread.customer_id)
    if heard.intent in ASKS_NOTHING and says_away(letter.body):
        return "away"
    within = limits.hit(ctx.session, limits.MAILS_PER_THREAD, str(thread.id), now) and not is_looping(turn)
    replies = list(respond(turn)) if within or heard.intent is Intent.STOP else []
    email_answers.send(turn, mail, replies)
    threads.save(connection_of(ctx.session), thread, letter.to, now)
    return f"{len(replies)} replies" if len(replies) != 1 else "1 reply"


def _recognise(turn: Turn, customers: Sequence[int]) -> None:
    """The provider's word stands for a code: it says who wrote, for the accounts with this very address on file."""
    ctx, thread = turn.ctx, turn.thread
    mine = Proof.conversation_id == thread.id
    live = set(ctx.session.scalars(sa.select(Proof.customer_id).where(mine, Proof.ended_at.is_(None))))
    if live - set(customers):
        verifying.end_proofs(ctx, mine & Proof.customer_id.not_in(customers))
    for customer_id in customers:
        verifying.bind(ctx, thread.id, turn.merchant, customer_id, turn.inbound.sender)
    if len(customers) == 1:
        known = ctx.session.get_one(Customer, customers[0])
        thread.customer_id, thread.customer_name, thread.customer_locale = known.id, known.name, known.locale
        thread.chosen_at, turn.fresh, turn.locale = turn.now, True, thread.locale or known.locale
    elif thread.customer_id not in customers:
        thread.customer_id = None


def _about(ctx: Context, merchant: Merchant, mail: InboundEmail, sender: str) -> int | None:
    """The invoice of the mail that they answer, where that was ours to them: "I paid this" means that one."""
    named = sa.select(Message.invoice_id).where(
        Message.merchant_id == merchant.id,
        Message.direction == Direction.OUT,
        Message.their_address == sender,
        Message.provider_reference.in_([*mail.references, *filter(None, [mail.in_reply_to])]),
        Message.invoice_id.is_not(None),
    )
    return ctx.session.scalars(named.order_by(Message.id.desc()).limit(1)).first()


def _file(ctx: Context, message_id: int, customer_id: int | None) -> None:
    """Among what this customer has said, on whatever channel: the sender is proven by now."""
    ctx.session.execute(sa.update(Message).where(Message.id == message_id).values(customer_id=customer_id))


def _letter(merchant: Merchant, mail: InboundEmail) -> Letter:
    """Addresses in its words are somebody's signature, not an answer to a question of ours."""
    said = without_sign_off(_UNSTORABLE.sub("", mail.text))
    body = _ADDRESSES.sub(" ", redact(said, ConversationState.IDLE))[:READ_CHARS]
    sender = normalise_email(mail.from_address or "")
    # The same Message-ID with other words is another mail; the same mail is one, whatever brings it again.
    known_by = hashlib.sha256(f"{mail.provider_reference}\0{mail.checksum}".encode("utf-8", "replace")).hexdigest()
    return Letter(f"mail:{known_by}", sender, merchant.inbound_email or merchant.email, body)


def _on_file(ctx: Context, merchant: Merchant, address: str) -> list[int]:
    """Whose address this is, on this merchant's file."""
    statement = sa.select(ContactPoint.customer_id).where(
        ContactPoint.merchant_id == merchant.id,
        ContactPoint.channel == Channel.EMAIL,
        ContactPoint.address == address,
        ContactPoint.mode == Mode.LIVE,
    )
    return sorted(set(ctx.session.scalars(statement)))


def _store(
    ctx: Context, merchant: Merchant, mail: InboundEmail, letter: Letter, heard: Understanding, thread_id: int | None
) -> int | None:
    """First of all. None: this very mail was here before."""
    values = {
        "public_id": new_public_id(),
        "merchant_id": merchant.id,
        "conversation_id": thread_id,
        "direction": Direction.IN,
        "channel": Channel.EMAIL,
        "kind": heard.intent.value,
        "our_address": letter.to,
        "their_address": letter.sender,
        "subject": _UNSTORABLE.sub("", mail.subject)[: email_answers.SUBJECT_CHARS],
        "body": _kept(mail),
        "status": MessageStatus.RECEIVED,
        "error_code": "unreadable" if mail.is_unreadable else None,
        "attempt": 0,
        "provider_reference": letter.provider_reference,
        "created_at": ctx.clock.now(),
    }
    message_id = threads.claim_inbound(connection_of(ctx.session), values)
    if message_id is not None:
        _keep_proof_of_origin(ctx, merchant, mail, message_id)
    return message_id


def _kept(mail: InboundEmail) -> str:
    """Cards always go; a code where the mail says little else."""
    state = ConversationState.VERIFYING if _LONE_CODE.fullmatch(mail.text.strip()) else ConversationState.IDLE
    return redact(_UNSTORABLE.sub("", mail.text), state)


def _keep_proof_of_origin(ctx: Context, merchant: Merchant, mail: InboundEmail, message_id: int) -> None:
    used = sa.select(ReceivedMail.message_id).where(
        ReceivedMail.merchant_id == merchant.id, ReceivedMail.replay_key == mail.replay_key
    )
    if mail.replay_key is not None and ctx.session.scalars(used).first() is not None:
        raise UnverifiedWebhook("signed for another mail")
    ctx.session.add(
        ReceivedMail(
            message_id=message_id,
            merchant_id=merchant.id,
            identifier=mail.provider_reference,
            checksum=mail.checksum,
            replay_key=mail.replay_key,
            is_authenticated=mail.is_authenticated,
            automatic=mail.automatic,
            raw=mail.raw if mail.is_unreadable else None,
        )
    )
    ctx.session.flush()
