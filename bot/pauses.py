"""Holds back a merchant's texts while a carrier's error says that sending on would do harm, and tells the merchant.
Each pause ends by itself: then one text tries again."""

from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from bot import notices
from models.context import Context
from models.customer import Channel
from models.inserting import insert
from models.merchant import Merchant
from models.message import Message
from models.sending_pause import PAUSES, Reach, SendingPause

log = structlog.get_logger()

CAMPAIGN_KINDS = ("remind",)
"""How the kinds begin of what no customer has asked for."""
US_PREFIX = "+1"
SAME_TROUBLE = timedelta(days=1)


def begin(ctx: Context, message: Message, reach: Reach, code: str, event: str) -> None:
    """Or go on with it: a merchant hears of the same trouble once, however many texts meet with it."""
    now = ctx.clock.now()
    log.error(event, reference=message.public_id, merchant_id=message.merchant_id, code=code, reach=reach.value)
    if _is_new(ctx, message.merchant_id, reach, code, now) or _is_back(ctx, message.merchant_id, reach, code, now):
        notices.tell_paused(ctx, ctx.session.get_one(Merchant, message.merchant_id), reach.value, code)


def _is_new(ctx: Context, merchant_id: int, reach: Reach, code: str, now: datetime) -> bool:
    """Written unless it is there: two reports that come at once begin one pause."""
    until_at = now + PAUSES[reach]
    values = {"merchant_id": merchant_id, "reach": reach, "error_code": code, "since_at": now, "until_at": until_at}
    db = ctx.session.connection()
    written = insert(db, SendingPause).values(values).on_conflict_do_nothing()
    return db.execute(written.returning(SendingPause.merchant_id)).first() is not None


def _is_back(ctx: Context, merchant_id: int, reach: Reach, code: str, now: datetime) -> bool:
    """The pause that was there goes on. True if it had been over for long enough to be news again."""
    pause = ctx.session.get_one(SendingPause, (merchant_id, reach), with_for_update=True)
    is_news = now >= pause.until_at + SAME_TROUBLE
    pause.error_code, pause.until_at = code, now + PAUSES[reach]
    pause.since_at = now if is_news else pause.since_at
    ctx.session.flush()
    return is_news


def held_until(ctx: Context, message: Message) -> datetime | None:
    """When this message may try; None: now."""
    if message.channel is Channel.EMAIL:
        return None
    reaches = [reach for reach in Reach if _covers(reach, message)]
    latest = sa.select(sa.func.max(SendingPause.until_at)).where(
        SendingPause.merchant_id == message.merchant_id,
        SendingPause.reach.in_(reaches),
        SendingPause.until_at > ctx.clock.now(),
    )
    return ctx.session.scalars(latest).one()


def _covers(reach: Reach, message: Message) -> bool:
    if reach is Reach.CAMPAIGN:
        return message.kind.startswith(CAMPAIGN_KINDS)
    if reach is Reach.US:  # A2P registration is for texts; WhatsApp has its own approval
        return message.channel is Channel.SMS and message.their_address.startswith(US_PREFIX)
    return True
