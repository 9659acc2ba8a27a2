"""Two machines that answer each other never tire. Silence is the whole defence: whoever is left alone is answered
again once they have paused, or said something else."""

import re
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot import rendering
from bot.intents import Intent
from bot.put_off import Inbound
from bot.threads import Thread
from models.customer import Channel
from models.merchant import Merchant
from models.message import Direction, Message

MISSES_BEFORE_SILENCE = 5
"""Another machine, or someone who does not want us: after so many texts in a row that we cannot read, be quiet."""
SAME_BEFORE_SILENCE = 5
"""Nobody asks the same a sixth time without a pause, acceptance P5."""
AT_ONCE, MINUTE = 20, timedelta(minutes=1)
"""More in a minute than a person types on a phone (about 40 words), each of which we answer."""
SILENCE = timedelta(minutes=10)
ALWAYS_HEARD = frozenset({Intent.STOP, Intent.START, Intent.HELP, Intent.CODE})
"""The law asks for the first three; a code is tried five times at most."""
MOST_IN_A_ROW = 999
ECHO_CHARS = 40
"""Nobody types as much of our own words and nothing else."""
REMEMBERED = 3

_URL = re.compile(r"https?://\S+")

OURS, UNREAD, SAME, TOO_FAST = "own_words", "unread", "same_again", "too_fast"
REASONS = frozenset({OURS, UNREAD, SAME, TOO_FAST})


def why_silent(
    db: sa.Connection, merchant: Merchant, thread: Thread, inbound: Inbound, intent: Intent, now: datetime
) -> str | None:
    """None: it is answered. Counts this text."""
    pause = now - thread.last_inbound_at if thread.last_inbound_at else SILENCE
    thread.in_a_row = 1 if pause >= SILENCE else min(thread.in_a_row + 1, MOST_IN_A_ROW)
    thread.misses = thread.misses + 1 if intent is Intent.UNKNOWN and pause < SILENCE else 0
    if inbound.body.startswith(f"{rendering.clean(merchant.name)}:") or _is_echo(db, thread, inbound, intent):
        return OURS
    if thread.misses > MISSES_BEFORE_SILENCE:
        return UNREAD
    if thread.in_a_row <= SAME_BEFORE_SILENCE or inbound.channel is Channel.EMAIL:  # nearly always; mails have limits
        return None
    if intent in ALWAYS_HEARD or inbound.opt_out_type is not None or inbound.sender in merchant.staff_phones:
        return None
    return _of_a_machine(_lately(db, thread.id, Direction.IN, AT_ONCE + 1), now)


def mark(db: sa.Connection, message_id: int, why: str) -> None:
    """For the merchant, who reads the thread."""
    db.execute(sa.update(Message).where(Message.id == message_id).values(error_code=why))


def _is_echo(db: sa.Connection, thread: Thread, inbound: Inbound, intent: Intent) -> bool:
    """What we said, with our name before it cut off."""
    if len(inbound.body) < ECHO_CHARS or inbound.channel is Channel.EMAIL or intent in ALWAYS_HEARD:
        return False
    words = _folded(_URL.sub("{link}", inbound.body))
    return any(words in said for said, _ in _lately(db, thread.id, Direction.OUT, REMEMBERED))


def _lately(db: sa.Connection, thread_id: int, direction: Direction, most: int) -> list[tuple[str, datetime]]:
    """What was said, each with its moment, the newest first, this text included."""
    said = (Message.conversation_id == thread_id) & (Message.direction == direction)
    newest = sa.select(Message.body, Message.created_at).where(said).order_by(Message.id.desc())
    return [(_folded(body), at) for body, at in db.execute(newest.limit(most))]


def _of_a_machine(said: list[tuple[str, datetime]], now: datetime) -> str | None:
    lately = {words for words, _ in said[: SAME_BEFORE_SILENCE + 1]}
    if len(said) > SAME_BEFORE_SILENCE and len(lately) == 1:
        return SAME
    return TOO_FAST if len(said) > AT_ONCE and now - said[-1][1] < MINUTE else None


def _folded(words: str) -> str:
    return " ".join(words.split()).casefold()
