"""The conversation, as one table on one page: what is answered to each intent in each state.
A handler takes the Turn, may move its thread's state, and returns the Replies."""

from collections.abc import Callable, Sequence

from bot import cases, housekeeping, identity, paying, staff, strangers
from bot.intents import Intent
from bot.turn import Reply, Turn
from models.conversation import ConversationState

Handler = Callable[[Turn], Sequence[Reply]]
_S, _I = ConversationState, Intent

ANYWHERE: dict[Intent, Handler] = {
    _I.STOP: housekeeping.opt_out,
    _I.START: housekeeping.opt_in,
    _I.HELP: housekeeping.explain,
    _I.WHO: housekeeping.introduce,
    _I.QUESTION_STOP: housekeeping.ask_what_to_stop,
    _I.THANKS: housekeeping.welcome_thanks,
    _I.HUMAN: housekeeping.hand_off,
    _I.DISPUTE: housekeeping.hand_off_dispute,
    _I.REFUND: housekeeping.hand_off_refund,
    _I.ALREADY_PAID: housekeeping.hand_off_already_paid,
    _I.EMAIL: identity.challenge,
    _I.LINK: identity.portal_link,
}
"""Answered alike in every state, proven or not."""

PROVEN: dict[Intent, Handler] = {
    _I.GREETING: paying.show_list,
    _I.LIST: paying.show_list,
    _I.MORE: paying.show_more,
    _I.CHOOSE: paying.choose,
    _I.PAY: paying.pay,
    _I.STATUS: paying.tell_status,
    _I.RECEIPT: paying.send_receipt,
    _I.PROMISE: housekeeping.note_promise,
    _I.CODE: paying.show_list,
    _I.AGAIN: paying.show_list,
    _I.UNKNOWN: housekeeping.fall_back,
}
"""With a fresh proof of who is there."""

UNPROVEN: dict[tuple[ConversationState, Intent], Handler] = {
    (_S.VERIFYING, _I.CODE): identity.check_code,
    (_S.VERIFYING, _I.CHOOSE): identity.remind_of_code,
    (_S.VERIFYING, _I.AGAIN): identity.send_again,
    (_S.VERIFYING, _I.UNKNOWN): identity.remind_of_code,
    (_S.ASKING_EMAIL, _I.UNKNOWN): identity.ask_again,
    (_S.HUMAN, _I.UNKNOWN): housekeeping.leave_to_person,
}
"""Before it. Every intent that is not listed here is answered with the question for the email on file."""

SECOND_REQUESTS = frozenset({_I.LIST, _I.LINK, _I.STATUS, _I.RECEIPT, _I.PROMISE, _I.HUMAN})
"""What a text's second half may ask for on top of its first."""


def respond(turn: Turn) -> Sequence[Reply]:
    """The replies to one text; none is a reasoned silence."""
    if turn.inbound.opt_out_type in housekeeping.CARRIER_ANSWERED:
        return housekeeping.follow_carrier(turn)
    if turn.thread.opted_out_at is not None:
        return housekeeping.while_opted_out(turn)
    if (commanded := staff.respond(turn)) is not None:
        return commanded
    if strangers.is_left_alone(turn):
        return ()
    replies = list(handler_for(turn)(turn))
    if replies and turn.heard.also in SECOND_REQUESTS and turn.thread.customer_id is not None and turn.fresh:
        replies += _second(turn, replies)
    return replies


def before_proof(turn: Turn) -> Sequence[Reply]:
    """A promise from a phone on file is kept; anything more still has to be proven."""
    noted = housekeeping.note_promise(turn) if cases.whose(turn) is not None else ()
    return [*noted, *identity.ask(turn)]


def handler_for(turn: Turn) -> Handler:
    state, intent = turn.thread.state, turn.heard.intent
    if intent in ANYWHERE:
        return ANYWHERE[intent]
    if identity.offers_code(turn):
        return identity.refuse_code
    if state is _S.CHOOSING:
        return identity.choose_account if intent is _I.CHOOSE else identity.repeat_accounts
    if turn.thread.customer_id is None:
        return UNPROVEN.get((state, intent)) or (before_proof if intent is _I.PROMISE else identity.ask)
    if state is _S.HUMAN and intent in (_I.UNKNOWN, _I.GREETING):
        return housekeeping.leave_to_person
    if not turn.fresh:
        return identity.ask_whose_account
    return PROVEN[intent]


def _second(turn: Turn, said: Sequence[Reply]) -> list[Reply]:
    intent = turn.heard.also
    handler = ANYWHERE.get(intent) or PROVEN.get(intent) if intent is not None else None
    kinds = {reply.kind for reply in said}
    return [reply for reply in (handler(turn) if handler else ()) if reply.kind not in kinds][:1]
