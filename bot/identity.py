"""The part of the dialogue that finds out who is there: portal link, email, code, and which account."""

from collections.abc import Sequence

import sqlalchemy as sa

from bot import paying, rendering, verifying
from bot.intents import Intent
from bot.slots import lone_code
from bot.turn import Reply, Turn
from bot.understanding_text import clean
from bot.verifying import Asker, Outcome
from models.conversation import ConversationState, Proof
from models.customer import ContactPoint, Customer
from models.merchant import Mode

LOCKS = frozenset({Outcome.LOCKED, Outcome.BLOCKED})
NAME_CHARS = 4
MAX_ACCOUNTS = 5
"""As many accounts as two segments hold; nobody has more under one email."""


def asker(turn: Turn) -> Asker:
    return Asker(turn.inbound.channel, conversation_id=turn.thread.id)


def portal_url(turn: Turn) -> str:
    return f"{turn.ctx.site.base_url}/m/{turn.merchant.slug}"


def portal_link(turn: Turn) -> Sequence[Reply]:
    return [turn.say("portal_link", url=portal_url(turn))]


def ask(turn: Turn) -> Sequence[Reply]:
    """The first text gets the portal link and the question; a later one in the same state only the question.
    An email has shown whose it is, or it would not be here: what is open is the account."""
    if turn.is_by_email:
        return ask_whose_account(turn)
    asked = turn.thread.state is ConversationState.ASKING_EMAIL
    if turn.thread.state is ConversationState.VERIFYING:
        return remind_of_code(turn)
    turn.thread.state, turn.thread.shown = ConversationState.ASKING_EMAIL, None
    return [turn.say("ask_email")] if asked else [_welcome(turn)]


def _welcome(turn: Turn) -> Reply:
    return turn.say("welcome", url=portal_url(turn), phone=turn.merchant.phone)


def ask_again(turn: Turn) -> Sequence[Reply]:
    if "@" in turn.inbound.body:
        return [turn.say("email_malformed")]
    return [turn.say("ask_email" if turn.thread.misses <= 1 else "fallback_person")]


def challenge(turn: Turn) -> Sequence[Reply]:
    """An email came: the same answer whatever it is. A proven thread may prove another account this way."""
    email = turn.heard.slots.email
    if email is None:
        return [turn.say("email_malformed")]
    outcome = verifying.start(turn.ctx, turn.merchant, asker(turn), email)
    if outcome in LOCKS:
        return _locked(turn, outcome)
    turn.thread.state, turn.thread.shown, turn.thread.customer_id = ConversationState.VERIFYING, None, None
    return [_code_sent(turn)]


def send_again(turn: Turn) -> Sequence[Reply]:
    outcome = verifying.again(turn.ctx, turn.merchant, asker(turn))
    if outcome in LOCKS:
        return _locked(turn, outcome)
    return [_code_sent(turn)] if outcome is Outcome.SENT else ask(turn)


def _code_sent(turn: Turn) -> Reply:
    return turn.say("code_sent", digits=verifying.digits(turn.ctx, turn.merchant))


def remind_of_code(turn: Turn) -> Sequence[Reply]:
    lock = verifying.lock_of(turn.ctx, turn.merchant, asker(turn))
    if lock is not None:
        return _locked(turn, lock)
    return [turn.say("code_waiting")]


def offers_code(turn: Turn) -> bool:
    """A code where none is awaited, unless a person is reading or an invoice that is owed has that number."""
    unread = turn.heard.intent in (Intent.CHOOSE, Intent.UNKNOWN)
    awaited = turn.thread.state in (ConversationState.VERIFYING, ConversationState.HUMAN)
    if not unread or awaited or turn.is_by_email or lone_code(clean(turn.inbound.body)) is None:
        return False
    return turn.thread.customer_id is None or not paying.names_what_is_owed(turn)


def check_code(turn: Turn) -> Sequence[Reply]:
    checked = verifying.check(turn.ctx, turn.merchant, asker(turn), turn.heard.slots.code or "", turn.now)
    if checked.outcome is Outcome.APPROVED:
        return _approved(turn, checked)
    if checked.outcome in LOCKS:
        return _locked(turn, checked.outcome)
    return refuse_code(turn)


def refuse_code(turn: Turn) -> Sequence[Reply]:
    """Mistyped, used, too old, another phone's or another merchant's: the same words, so that none tells which."""
    return [turn.say("code_wrong")]


def ask_whose_account(turn: Turn) -> Sequence[Reply]:
    """A phone that more than one account uses is asked after a pause; one that only ever spoke for one goes on."""
    ids = _accounts_of_phone(turn)
    if ids <= {turn.thread.customer_id}:
        turn.thread.chosen_at, turn.fresh = turn.now, True
        return paying.respond_proven(turn)
    return _offer(turn, sorted(_proven(turn)))


def choose_account(turn: Turn) -> Sequence[Reply]:
    shown = turn.thread.shown
    choices = turn.heard.slots.choices
    if (
        shown is None
        or shown["kind"] != "accounts"
        or turn.now.timestamp() - shown["at"] > turn.choice_lifetime.total_seconds()
    ):
        return ask(turn)
    ids = shown["ids"]
    if len(choices) != 1 or not 1 <= choices[0] <= len(ids):
        return repeat_accounts(turn)
    if ids[choices[0] - 1] not in _proven(turn):  # a proof may end while the question stands
        return ask(turn)
    return _enter(turn, ids[choices[0] - 1])


def repeat_accounts(turn: Turn) -> Sequence[Reply]:
    """Or the account whose name was typed instead of its number, if only one has it."""
    shown = turn.thread.shown
    if shown and shown["kind"] == "accounts" and (named := _named(turn, shown["ids"])) is not None:
        return _enter(turn, named)
    return _offer(turn, shown["ids"]) if shown and shown["kind"] == "accounts" else ask(turn)


def _named(turn: Turn, ids: Sequence[int]) -> int | None:
    typed = clean(turn.inbound.body).strip(" .!?")
    if len(typed) < NAME_CHARS or not any(c.isalpha() for c in typed):
        return None
    names = turn.ctx.session.execute(sa.select(Customer.id, Customer.name).where(Customer.id.in_(ids))).all()
    found = [customer_id for customer_id, name in names if typed in clean(name)]
    return found[0] if len(found) == 1 and found[0] in _proven(turn) else None


def _approved(turn: Turn, checked: verifying.Checked) -> Sequence[Reply]:
    for customer_id in checked.customers:
        verifying.bind(turn.ctx, turn.thread.id, turn.merchant, customer_id, checked.email)
    if len(checked.customers) > 1:
        return _offer(turn, list(checked.customers))
    return _enter(turn, checked.customers[0])


def _enter(turn: Turn, customer_id: int) -> Sequence[Reply]:
    turn.thread.customer_id, turn.thread.state = customer_id, ConversationState.IDLE
    turn.thread.chosen_at, turn.thread.shown, turn.fresh = turn.now, None, True
    return paying.show_list(turn)


def _offer(turn: Turn, customer_ids: Sequence[int]) -> Sequence[Reply]:
    ids = list(customer_ids)[:MAX_ACCOUNTS]
    names = dict(turn.ctx.session.execute(sa.select(Customer.id, Customer.name).where(Customer.id.in_(ids))).all())
    turn.thread.state, turn.thread.customer_id, turn.thread.chosen_at = ConversationState.CHOOSING, None, None
    turn.thread.shown = {"kind": "accounts", "ids": ids, "next": len(ids), "at": int(turn.now.timestamp())}
    lines = [(n, rendering.clean(names[i], 24)) for n, i in enumerate(ids, 1)]
    return [turn.say("choose_account", lines=lines)]


def _proven(turn: Turn) -> set[int]:
    rows = turn.ctx.session.scalars(
        sa.select(Proof.customer_id).where(Proof.conversation_id == turn.thread.id, Proof.ended_at.is_(None))
    )
    return set(rows)


def _accounts_of_phone(turn: Turn) -> set[int]:
    """Accounts proven by this address and accounts that have it on file."""
    on_file = turn.ctx.session.scalars(
        sa.select(ContactPoint.customer_id).where(
            ContactPoint.merchant_id == turn.merchant.id,
            ContactPoint.channel == turn.inbound.channel,
            ContactPoint.address == turn.inbound.sender,
            ContactPoint.mode == Mode.LIVE,
        )
    )
    return _proven(turn) | set(on_file)


def _locked(turn: Turn, lock: Outcome) -> Sequence[Reply]:
    if lock is Outcome.BLOCKED:
        return [turn.say("code_blocked", url=portal_url(turn), phone=turn.merchant.phone)]
    return [turn.say("code_locked", phone=turn.merchant.phone)]
