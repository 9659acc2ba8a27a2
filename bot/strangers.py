"""Whom we answer who has proven nothing: each answer costs the merchant, and whoever owns the number that is answered
may earn by it (acceptance P1: traffic pumping). Silence is the whole defence: nobody is told of a limit."""

import sqlalchemy as sa
import structlog

from bot.intents import Intent
from bot.reminders.numbers import allowed_countries, number
from bot.turn import Turn
from models import limits
from models.cadence import Cadence
from models.customer import Channel, ContactPoint
from models.limits import Limit
from models.reminder import SkipReason

log = structlog.get_logger()

ALWAYS_HEARD = frozenset({Intent.STOP, Intent.START})
"""Both act, and each is confirmed once at most: the law does not ask who it is that has had enough."""
LINE_DIGITS = 4
"""A range that is rented to pump is one of ten thousand numbers."""


def is_left_alone(turn: Turn) -> bool:
    """True where no answer goes. Counts this text. Whoever is on file is heard from any country, but not beyond the
    limits: otherwise those would tell who is on file."""
    if turn.inbound.channel is not Channel.SMS or turn.thread.customer_id is not None:
        return False
    if turn.heard.intent in ALWAYS_HEARD:
        return False
    exceeded = [limit.name for limit, who in _counted(turn) if not limits.hit(turn.ctx.session, limit, who, turn.now)]
    if exceeded:
        limits.hit(turn.ctx.session, limits.STRANGERS_LEFT_ALONE, "", turn.now)
        log.warning("stranger.left_alone", limits=exceeded, merchant=turn.merchant.public_id)
    return bool(exceeded) or (not _is_from_here(turn) and not _is_on_file(turn))


def _counted(turn: Turn) -> tuple[tuple[Limit, str], ...]:
    """Always in this order: two transactions that count the same never wait for each other crosswise."""
    phone = turn.inbound.sender
    return (
        (limits.STRANGER, f"{turn.merchant.id} {phone}"),
        (limits.STRANGERS_PER_RANGE, phone[:-LINE_DIGITS]),
        (limits.STRANGERS_PER_MERCHANT, str(turn.merchant.id)),
        (limits.STRANGERS, ""),
    )


def _is_from_here(turn: Turn) -> bool:
    """Where the merchant reminds people, too; never a premium number."""
    told = number(turn.inbound.sender)
    if told.problem is SkipReason.UNSUPPORTED_COUNTRY:
        return False
    if told.country in allowed_countries(turn.merchant, None):
        return True  # nearly everybody: what else the merchant named need not be read
    named = allowed_countries(turn.merchant, turn.ctx.session.get(Cadence, turn.merchant.id))
    return told.is_known and told.country in named


def _is_on_file(turn: Turn) -> bool:
    mine = (ContactPoint.merchant_id == turn.merchant.id) & (ContactPoint.channel == turn.inbound.channel)
    found = sa.select(ContactPoint.id).where(mine, ContactPoint.address == turn.inbound.sender).limit(1)
    return turn.ctx.session.scalar(found) is not None
