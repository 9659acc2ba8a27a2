"""The part of the dialogue that is not about money: help, who we are, thanks, a person, opting out and in, promises."""

from collections.abc import Sequence

from bot import cases, notices, optouts, refusals, rendering
from bot.intents import Intent
from bot.opening_hours import opening_hours
from bot.turn import Reply, Turn
from models import limits
from models.case import CaseKind
from models.conversation import ConversationState
from models.customer import Channel, ContactPoint

CARRIER_ANSWERED = frozenset({"STOP", "START", "HELP"})
"""Twilio's OptOutType: its platform has already answered the customer; a second answer is one too many."""


def follow_carrier(turn: Turn) -> Sequence[Reply]:
    """Record what the merchant's own opt-out words meant, whatever they are, and say nothing."""
    match turn.inbound.opt_out_type:
        case "STOP":
            opt_out(turn)
        case "START":
            opt_in(turn)
    return []


def _address(turn: Turn) -> tuple[int, Channel, str]:
    return turn.merchant.id, turn.inbound.channel, turn.inbound.sender


def _source(turn: Turn) -> str:
    return "email" if turn.is_by_email else "text"


def opt_out(turn: Turn) -> Sequence[Reply]:
    """At once, for every number of this merchant, with one confirmation at most (47 CFR 64.1200(a)(12)). What it does
    not end is said as well, with the way to end that, too."""
    if refusals.says_wrong_number(turn.inbound.body):
        cases.open_case(turn, CaseKind.WRONG_NUMBER)
    others, ended = _others(turn)
    for one in ended:
        optouts.opt_out(turn.ctx, turn.merchant.id, one.channel, one.address, _source(turn), turn.message_id)
    if turn.thread.opted_out_at is None and turn.inbound.channel not in _meant(turn):
        return [turn.say("opt_out_texts" if ended else "opt_out_no_texts")]
    if turn.thread.opted_out_at is None:
        optouts.opt_out(turn.ctx, *_address(turn), _source(turn), turn.message_id)
    turn.thread.customer_id, turn.thread.shown, turn.thread.state = None, None, ConversationState.IDLE
    return [turn.say("opt_out", all=bool(ended), others=bool(others) and not ended)]


def _meant(turn: Turn) -> frozenset[Channel]:
    return refusals.channels_meant(turn.inbound.body, turn.inbound.channel)


def _others(turn: Turn) -> tuple[list[ContactPoint], list[ContactPoint]]:
    """The sender's addresses on other channels, and those of them that these words end."""
    others = optouts.other_addresses(turn.ctx, *_address(turn))
    return others, [one for one in others if one.channel in _meant(turn)]


def opt_in(turn: Turn) -> Sequence[Reply]:
    optouts.opt_in(turn.ctx, *_address(turn), _source(turn), turn.message_id)
    return [turn.say("opt_in")]


def while_opted_out(turn: Turn) -> Sequence[Reply]:
    """Only the way back and help are answered; a second STOP needs no second confirmation."""
    if turn.heard.intent is Intent.START:
        return opt_in(turn)
    if turn.heard.intent is Intent.STOP and _others(turn)[1]:
        return opt_out(turn)
    return explain(turn) if turn.heard.intent is Intent.HELP else []


def explain(turn: Turn) -> Sequence[Reply]:
    return [turn.say("help", phone=turn.merchant.phone)]


def introduce(turn: Turn) -> Sequence[Reply]:
    return [turn.say("who", phone=turn.merchant.phone)]


def ask_what_to_stop(turn: Turn) -> Sequence[Reply]:
    return [turn.say("stop_unclear")]


def welcome_thanks(turn: Turn) -> Sequence[Reply]:
    """By email nothing: to thank back is one more mail to read, and a help desk's program would thank again."""
    silent = turn.is_by_email or turn.thread.state is ConversationState.HUMAN
    return [] if silent else [turn.say("thanks_reply")]


def fall_back(turn: Turn) -> Sequence[Reply]:
    """A letter that we cannot read is a person's to read from the second one on: two programs end there as well."""
    if turn.is_by_email and not limits.hit(turn.ctx.session, limits.UNREAD_PER_THREAD, str(turn.thread.id), turn.now):
        return hand_off(turn)
    return [turn.say("fallback" if turn.thread.misses <= 1 else "fallback_person")]


def leave_to_person(_turn: Turn) -> Sequence[Reply]:
    """A person has the thread: the bot keeps out of small talk. Commands still work."""
    return []


def hand_off(turn: Turn) -> Sequence[Reply]:
    return _to_person(turn, "handoff", CaseKind.PERSON_WANTED)


def hand_off_dispute(turn: Turn) -> Sequence[Reply]:
    return _to_person(turn, "dispute_handoff", CaseKind.WRONG_AMOUNT)


def hand_off_refund(turn: Turn) -> Sequence[Reply]:
    return _to_person(turn, "refund_handoff", CaseKind.REFUND_WISH)


def hand_off_already_paid(turn: Turn) -> Sequence[Reply]:
    return _to_person(turn, "already_paid_handoff", CaseKind.ALREADY_PAID)


def _to_person(turn: Turn, kind: str, matter: CaseKind) -> Sequence[Reply]:
    """The merchant is told once for each matter, however often the customer says it."""
    if cases.open_case(turn, matter):
        notices.ask_for_person(turn.ctx, turn.merchant, turn.inbound.sender, turn.thread.customer_name, kind)
    if turn.thread.state is not ConversationState.VERIFYING:  # the code on its way still finds its question
        turn.thread.state = ConversationState.HUMAN
    hours = opening_hours(turn.merchant.hours, rendering.language_of(turn.locale))
    return [turn.say(kind, phone=turn.merchant.phone, hours=hours)]


def note_promise(turn: Turn) -> Sequence[Reply]:
    promises = cases.note_promise(turn)
    day = promises[0].promised_on
    shown = rendering.day(day, turn.locale) if day else None
    return [turn.say("promise_noted", date=shown, quiet=cases.keeps_quiet(promises[0]))]
