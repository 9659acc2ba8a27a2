"""Refusals and consents: recorded for ever, obeyed at once. Only the owner of an address lifts its refusal."""

import sqlalchemy as sa

from bot import recall, verifying
from models import events
from models.consent import GIVEN_BY_CHARS, Consent, ConsentAct, OptOut
from models.context import Context
from models.conversation import Conversation, Proof
from models.customer import Channel, ContactPoint
from models.merchant import Mode
from models.message import Direction, Message, MessageStatus

EMAILED_ANYWAY = frozenset({"receipt", "deposits_sent", "deposits_here", "bank_returned", "refunded"})
"""What happened to someone's money reaches them by email even so. Texts end altogether: the carrier sees to it."""

OTHER_APP = {Channel.SMS: Channel.WHATSAPP, Channel.WHATSAPP: Channel.SMS}


def opt_out(
    ctx: Context,
    merchant_id: int,
    channel: Channel,
    address: str,
    source: str,
    message_id: int | None = None,
    given_by: str | None = None,
    wording: str | None = None,
) -> None:
    """Stop everything to this address from this merchant, whatever is queued included, and end its proofs:
    whoever texts START later may be a new owner of the number."""
    now = ctx.clock.now()
    if ctx.session.get(OptOut, (merchant_id, channel, address)) is None:
        ctx.session.add(OptOut(merchant_id=merchant_id, channel=channel, address=address, opted_out_at=now))
        events.opted_out(ctx, merchant_id, channel, address, source)
    for one in (channel, OTHER_APP.get(channel)):  # the same person at the same number (decision 8)
        if one is not None:
            _record(ctx, merchant_id, one, address, ConsentAct.REVOKED, source, message_id, given_by, wording)
    ctx.session.execute(
        sa.update(Message)
        .where(
            Message.merchant_id == merchant_id,
            Message.channel == channel,
            Message.their_address == address,
            Message.direction == Direction.OUT,
            Message.status == MessageStatus.QUEUED,
            Message.kind.not_in(EMAILED_ANYWAY if channel is Channel.EMAIL else ()),
        )
        .values(status=MessageStatus.CANCELLED, finished_at=now)
        .execution_options(synchronize_session=False)
    )
    recall.refuse(ctx, merchant_id, channel, address)
    threads = sa.select(Conversation.id).where(
        Conversation.merchant_id == merchant_id, Conversation.channel == channel, Conversation.address == address
    )
    verifying.end_proofs(ctx, Proof.conversation_id.in_(threads))


def opt_in(
    ctx: Context, merchant_id: int, channel: Channel, address: str, source: str, message_id: int | None = None
) -> None:
    """The owner's own word turns messages back on. Nothing else does: no import, no merchant, no API."""
    standing = ctx.session.get(OptOut, (merchant_id, channel, address))
    if standing is not None:
        ctx.session.delete(standing)
    _record(ctx, merchant_id, channel, address, ConsentAct.GRANTED, source, message_id)
    ctx.session.flush()


def has_revoked(ctx: Context, merchant_id: int, channel: Channel, address: str) -> bool:
    """The newest word counts: a stop by text is one for WhatsApp as well, and START comes after STOP."""
    words = sa.select(Consent.act).where(
        Consent.merchant_id == merchant_id, Consent.channel == channel, Consent.address == address
    )
    return ctx.session.scalars(words.order_by(Consent.id.desc()).limit(1)).first() is ConsentAct.REVOKED


def is_opted_out(ctx: Context, merchant_id: int, channel: Channel, address: str) -> bool:
    return ctx.session.get(OptOut, (merchant_id, channel, address)) is not None


def other_addresses(ctx: Context, merchant_id: int, channel: Channel, address: str) -> list[ContactPoint]:
    """On file for whoever has this address on file, on another channel, and still written to."""
    this = (ContactPoint.channel == channel) & (ContactPoint.address == address)
    refused = sa.exists().where(
        OptOut.merchant_id == ContactPoint.merchant_id,
        OptOut.channel == ContactPoint.channel,
        OptOut.address == ContactPoint.address,
    )
    theirs = sa.select(ContactPoint).where(
        ContactPoint.customer_id.in_(
            sa.select(ContactPoint.customer_id).where(ContactPoint.merchant_id == merchant_id, this)
        ),
        ContactPoint.mode == Mode.LIVE,
        ContactPoint.channel != channel,
        ~refused,
    )
    return list(ctx.session.scalars(theirs.order_by(ContactPoint.id)))


def _record(
    ctx: Context,
    merchant_id: int,
    channel: Channel,
    address: str,
    act: ConsentAct,
    source: str,
    message_id: int | None,
    given_by: str | None = None,
    wording: str | None = None,
) -> None:
    ctx.session.add(
        Consent(
            merchant_id=merchant_id,
            channel=channel,
            address=address,
            act=act,
            source=source,
            message_id=message_id,
            given_by=given_by[:GIVEN_BY_CHARS] if given_by else None,
            wording=wording,
            created_at=ctx.clock.now(),
        )
    )
    ctx.session.flush()
