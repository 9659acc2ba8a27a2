"""What a merchant's own people text to its number from a phone it has registered: who owes, remind, paid. Nothing
happens before a number that we texted to that phone comes back: a sender's number alone is a claim."""

import re
import secrets
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from bot import staff_acts
from bot.staff_acts import Asked
from bot.turn import Reply, Turn
from models.base import new_public_id
from models.customer import Channel
from models.merchant import Merchant
from models.staff import StaffCommand

OWES = re.compile(r"\s*(?:who\s+owes|qui[eé]n\s+debe)\b.*", re.IGNORECASE)
REMIND = re.compile(r"\s*(?:remind|recordar?|recuerda)\s+(?P<who>.{1,80}?)\s*[.!]*\s*", re.IGNORECASE)
PAID = re.compile(
    r"\s*(?:paid|pagad[oa])\s+(?P<number>[\w-]{1,32})\s+(?P<method>[a-zé]+)(?:\s+\$?(?P<amount>[\d.,]{1,15}))?\s*[.!]*\s*",
    re.IGNORECASE,
)
OK = re.compile(r"\s*ok\s+(?P<number>\d{4})\s*[.!]*\s*", re.IGNORECASE)


def respond(turn: Turn) -> Sequence[Reply] | None:
    """None: no command, or no phone of the merchant's: then it is a customer's text like any other."""
    if turn.inbound.channel is not Channel.SMS or turn.inbound.sender not in (turn.merchant.staff_phones or ()):
        return None
    body = turn.inbound.body
    if OWES.fullmatch(body):
        return [staff_acts.who_owes(turn)]
    if found := OK.fullmatch(body):
        return [_confirm(turn, found["number"])]
    if found := PAID.fullmatch(body):
        return [_ask(turn, staff_acts.ask_paid(turn, found["number"], found["method"], found["amount"]))]
    if found := REMIND.fullmatch(body):
        return [_ask(turn, staff_acts.ask_remind(turn, found["who"]))]
    return None


def _ask(turn: Turn, asked: Asked | Reply) -> Reply:
    """Keep it, and text its number."""
    if isinstance(asked, Reply):
        return asked
    number = f"{secrets.randbelow(10_000):04}"
    turn.ctx.session.merge(
        StaffCommand(
            merchant_id=turn.merchant.id,
            phone=turn.inbound.sender,
            kind=asked.kind,
            asked=asked.what,
            number=number,
            key=new_public_id(),
            tries=0,
            created_at=turn.now,
        )
    )
    turn.ctx.session.flush()
    return turn.say(f"staff_{asked.kind}", code=number, **asked.words)


def _confirm(turn: Turn, number: str) -> Reply:
    mine = sa.select(StaffCommand).where(
        StaffCommand.merchant_id == turn.merchant.id, StaffCommand.phone == turn.inbound.sender
    )
    command = turn.ctx.session.scalars(mine.with_for_update()).one_or_none()
    if command is None or command.kind not in ACTS or not command.is_live(turn.now):
        return turn.say("staff_nothing")
    if not secrets.compare_digest(command.number, number):
        command.tries += 1
        return turn.say("staff_nothing")
    merchant = turn.ctx.session.get_one(Merchant, turn.merchant.id)
    reply = ACTS[command.kind](turn, merchant, command.asked, command.key)
    turn.ctx.session.delete(command)
    turn.ctx.session.flush()
    return reply


ACTS: dict[str, Callable[[Turn, Merchant, dict[str, Any], str], Reply]] = {
    "remind": staff_acts.remind,
    "paid": staff_acts.paid,
}
