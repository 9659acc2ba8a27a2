"""What a person wants and which particulars they gave: the grammar proposes, the weighed words settle; no network.
Pure and deterministic. When in doubt it says UNKNOWN, never PAY or STOP."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Literal

from bot.evidence import evidence
from bot.slots import Slots, code_in, date_in, email_in, listed_picks, picks_in
from bot.slots_money import amount_in, is_part, with_sums
from bot.understanding_grammar import Match, Reading, grammar, read
from bot.understanding_text import Token, clean, tokens_of

__all__ = ["Intent", "Slots", "Understanding", "understand"]


class Intent(StrEnum):
    GREETING = "greeting"
    PAY = "pay"
    LIST = "list"
    LINK = "link"
    STATUS = "status"
    RECEIPT = "receipt"
    DISPUTE = "dispute"
    REFUND = "refund"
    ALREADY_PAID = "already_paid"
    PROMISE = "promise"
    HUMAN = "human"
    HELP = "help"
    WHO = "who"
    THANKS = "thanks"
    STOP = "stop"
    START = "start"
    AGAIN = "again"
    MORE = "more"
    CHOOSE = "choose"
    CODE = "code"
    EMAIL = "email"
    QUESTION_STOP = "question_stop"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Understanding:
    """`also` is a second request in the same text. `language` is None where the words do not tell."""

    intent: Intent
    slots: Slots = field(default_factory=Slots)
    also: Intent | None = None
    language: Literal["en", "es"] | None = None


EMAIL_AWAITED = frozenset({"asking_email", "verifying", "idle"})
LIST_SHOWN = frozenset({"idle", "choosing"})
# Manners and single keywords weigh less than this; only real requests count as a second one.
REQUEST_WEIGHT = 5
# What the state of the talk or one exact word decides; weighed words never do.
RULED = frozenset({Intent.CODE, Intent.EMAIL, Intent.CHOOSE, Intent.AGAIN, Intent.MORE})
# How much the grammar's reading weighs against the words alone; what is learned must win by 10, too.
GRAMMAR_WEIGHT = 10
# A misreading of these costs most: without a word of the matter in the text, no weight makes up for it.
DEAR = frozenset({Intent.PAY, Intent.STOP, Intent.START})
# Opting out and in by a word or two is law, not a matter of weight.
CONSENT = frozenset({Intent.STOP, Intent.START})
FEW_WORDS = 3
# By how much more they must win, and the longer the story, the more.
CAUTION = 4
SYMBOLS_PER_DOUBT = 2
VETO_WEIGHT = 14
# The carriers' word on a line of its own, or before who signs: it is meant.
STOP_SIGNED = re.compile(
    r"\W*(?:stop|stop ?all|unsubscribe|opt ?-?out|revoke|arr[eê]t|alto|baja)\W*?"
    r"(?:[\r\n]|\s[-\u2013\u2014]+\s?\w+(?:\s\w+)?\W*$)",
    re.IGNORECASE,
)
STOP_SOMEWHERE = re.compile(r"\b(?:stop|stop ?all|unsubscribe|opt ?-?out)\b", re.IGNORECASE)
DATED = frozenset({Intent.PROMISE, Intent.PAY})
PICKED = frozenset({Intent.PAY, Intent.CHOOSE, Intent.PROMISE})


def understand(text: str, *, expecting: str, today: date) -> Understanding:
    """Read one text. `expecting` is the conversation's state; it decides what bare digits mean."""
    cleaned = clean(text)
    tokens = with_sums(tokens_of(cleaned))
    reading = read(tokens)
    found = [match for match in grammar().matches(reading.symbols, expecting) if _fits(match, expecting)]
    language = reading.language if reading.language in ("en", "es") else None
    email = email_in(cleaned)
    awaited = expecting == "verifying" and not grammar().silenced(Intent.CODE, reading.symbols)
    code = code_in(cleaned) if awaited else None
    intent, also = _ranked(found)
    if not (found and found[0].in_state):
        intent = _settled(intent, reading, tokens)
        also = None if also is intent else also
    if intent is Intent.UNKNOWN:
        intent = _refusal_of(text)
    if intent is not Intent.STOP:
        if code is not None:
            intent, also = Intent.CODE, _second(intent, found)
        elif _offers_email(email, cleaned, tokens, expecting):
            intent, also = Intent.EMAIL, _second(intent, found)
    listed = listed_picks(cleaned) if expecting in LIST_SHOWN and intent is not Intent.STOP else ()
    if listed:
        picking = Intent.PAY if intent is Intent.PAY else Intent.CHOOSE
        return Understanding(picking, Slots(choices=listed), None, language)
    slots = _slots(tokens, {intent, also}, email=email, code=code, today=today, spanish=language == "es")
    return Understanding(intent, slots, also, language)


def _fits(match: Match, expecting: str) -> bool:
    return match.intent != Intent.CHOOSE or expecting in LIST_SHOWN


def _ranked(found: Sequence[Match]) -> tuple[Intent, Intent | None]:
    if not found:
        return Intent.UNKNOWN, None
    first = _first_asked(found)
    also = next((m for m in found if m.weight >= REQUEST_WEIGHT and _apart(m, first)), None)
    return Intent(first.intent), Intent(also.intent) if also else None


def _settled(ruled: Intent, reading: Reading, tokens: Sequence[Token]) -> Intent:
    """The grammar's reading, unless the words speak much more strongly for another."""
    if ruled in RULED or (ruled in CONSENT and len(reading.symbols) <= FEW_WORDS):
        return ruled
    sums = evidence(reading.symbols, tokens)
    if ruled is not Intent.UNKNOWN:
        sums[ruled] += GRAMMAR_WEIGHT
    caution = CAUTION + len(reading.symbols) // SYMBOLS_PER_DOUBT
    for dear in DEAR - {ruled}:
        sums[dear] -= caution + VETO_WEIGHT * grammar().silenced(dear, reading.symbols)
        if not grammar().hinted(dear, reading.symbols):
            del sums[dear]
    settled = Intent(max(sums, key=lambda intent: sums[intent]))
    return ruled if settled in RULED else settled


def _refusal_of(text: str) -> Intent:
    """Of a text that makes no sense else. Where "stop" is one word of a few, the sender is asked."""
    if STOP_SIGNED.match(text):
        return Intent.STOP
    is_short = len(text.split()) <= FEW_WORDS
    return Intent.QUESTION_STOP if is_short and STOP_SOMEWHERE.search(text) else Intent.UNKNOWN


def _first_asked(found: Sequence[Match]) -> Match:
    """Of requests lined up in one text ("what do I owe, and can I pay Friday") the one that comes first."""
    queue = grammar().in_turn
    leader = found[0]
    if leader.intent not in queue:
        return leader
    lined_up = [m for m in found if m.intent in queue and m.weight >= leader.weight - 1 and _apart(m, leader)]
    return min([leader, *lined_up], key=lambda match: match.start)


def _apart(one: Match, other: Match) -> bool:
    return one.end <= other.start or other.end <= one.start


def _second(intent: Intent, found: Sequence[Match]) -> Intent | None:
    return intent if found and found[0].weight >= REQUEST_WEIGHT else None


def _offers_email(email: str | None, cleaned: str, tokens: Sequence[Token], expecting: str) -> bool:
    """An address, or while one is asked for a failed try at one: the reply can then say what is wrong with it."""
    if email is None:
        return expecting == "asking_email" and "@" in cleaned
    return expecting in EMAIL_AWAITED or len(tokens) == 1


def _slots(
    tokens: Sequence[Token],
    intents: set[Intent | None],
    *,
    email: str | None,
    code: str | None,
    today: date,
    spanish: bool,
) -> Slots:
    amount, currency = amount_in(tokens)
    picks = picks_in(tokens)
    picked = not intents.isdisjoint(PICKED)
    words = " ".join(token.text for token in tokens)
    return Slots(
        amount=amount,
        currency=currency,
        part=is_part(tokens),
        invoice_numbers=() if code else picks.invoice_numbers,
        choices=picks.choices if picked else (),
        everything=picked and picks.everything,
        both=picked and picks.both,
        oldest=picked and picks.oldest,
        code=code,
        email=email,
        date=date_in(words, today, day_first=spanish) if not intents.isdisjoint(DATED) else None,
    )
