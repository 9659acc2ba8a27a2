"""The sandbox bank's pretend accounts and cards. A card is chosen, never typed, so that no real number can arrive."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from models.errors import DomainError
from models.payment import Method


class Outcome(StrEnum):
    """What an account or card does when its owner approves."""

    APPROVES = "approves"
    DECLINES = "declines"
    LACKS_FUNDS = "lacks_funds"
    EXPIRED = "expired"
    CHALLENGES = "challenges"
    """Approves when confirmed a second time."""
    ANSWERS_LATE = "answers_late"
    NEVER_ANSWERS = "never_answers"
    """Takes the money, but tells nobody until asked."""
    SETTLES = "settles"
    RETURNS_FUNDS = "returns_funds"
    RETURNS_CLOSED = "returns_closed"
    RETURNS_UNKNOWN = "returns_unknown"
    RETURNS_UNAUTHORISED = "returns_unauthorised"
    """Settles first; its owner takes the money back weeks later."""


FAILURE_CODES: dict[Outcome, str] = {
    Outcome.DECLINES: "card_declined",
    Outcome.LACKS_FUNDS: "insufficient_funds",
    Outcome.EXPIRED: "expired_card",
    Outcome.RETURNS_FUNDS: "R01",
    Outcome.RETURNS_CLOSED: "R02",
    Outcome.RETURNS_UNKNOWN: "R03",
    Outcome.RETURNS_UNAUTHORISED: "R10",
}
"""Decline words for cards, Nacha's return codes for bank debits."""


@dataclass(frozen=True, slots=True)
class Pretend:
    """One account or card. `days`: until the debit settles or comes back; `deposit_days`: until small deposits that it
    has to confirm first are there."""

    value: str
    name: str
    ending: str
    outcome: Outcome
    days: int = 0
    deposit_days: int = 0


@dataclass(frozen=True, slots=True)
class Institution:
    """`routing`: without instant sign-in, its accounts are typed in by this number and their own."""

    value: str
    name: str
    accounts: tuple[Pretend, ...]
    routing: str | None = None


NETWORK_ACCOUNTS = (
    Pretend("everyday", "Everyday", "8801", Outcome.APPROVES),
    Pretend("business", "Business", "8802", Outcome.APPROVES),
    Pretend("empty", "Savings", "8809", Outcome.LACKS_FUNDS),
)
INSTITUTIONS = (
    Institution(
        "first-harbor",
        "First Harbor",
        (
            Pretend("checking", "Checking", "6789", Outcome.SETTLES, days=2),
            Pretend("savings", "Savings", "1116", Outcome.RETURNS_FUNDS, days=2),
        ),
    ),
    Institution(
        "pinewood",
        "Pinewood Savings",
        (
            Pretend("checking", "Checking", "4410", Outcome.SETTLES, days=4),
            Pretend("closed", "Old checking", "2227", Outcome.RETURNS_CLOSED, days=1),
            Pretend("missing", "Mistyped account", "3338", Outcome.RETURNS_UNKNOWN, days=1),
        ),
    ),
    Institution(
        "lakeside",
        "Lakeside Credit Union",
        (
            Pretend("checking", "Checking", "5052", Outcome.SETTLES, days=1),
            Pretend("disputed", "Joint account", "9949", Outcome.RETURNS_UNAUTHORISED, days=3),
        ),
    ),
    Institution(
        "county",
        "County Bank",
        (
            Pretend("000123456789", "Checking", "6789", Outcome.SETTLES, days=2, deposit_days=1),
            Pretend("000987654321", "Savings", "4321", Outcome.SETTLES, days=4, deposit_days=2),
            Pretend("000222222227", "Checking", "2227", Outcome.RETURNS_FUNDS, days=2, deposit_days=1),
            Pretend("000111111113", "Old checking", "1113", Outcome.RETURNS_CLOSED, days=1, deposit_days=1),
        ),
        routing="110000000",
    ),
)
"""The last one's numbers are Stripe's own for tests, as far as it has some for the outcome."""
CARDS = (
    Pretend("visa", "Visa", "4242", Outcome.APPROVES),
    Pretend("mastercard", "Mastercard", "4444", Outcome.APPROVES),
    Pretend("declined", "Visa", "0002", Outcome.DECLINES),
    Pretend("no-funds", "Visa", "9995", Outcome.LACKS_FUNDS),
    Pretend("expired", "Visa", "0069", Outcome.EXPIRED),
    Pretend("challenge", "Visa", "3155", Outcome.CHALLENGES),
    Pretend("late", "Visa", "0077", Outcome.ANSWERS_LATE),
    Pretend("silent", "Visa", "0259", Outcome.NEVER_ANSWERS),
)


def choices(method: Method, institution: str | None = None) -> Sequence[Pretend]:
    """What can be chosen for a method; bank accounts by institution. Raises DomainError("choice_unknown")."""
    if method is not Method.BANK:
        return CARDS if method is Method.CARD else NETWORK_ACCOUNTS
    return institution_of(institution).accounts


def institution_of(value: str | None) -> Institution:
    for institution in INSTITUTIONS:
        if institution.value == value:
            return institution
    raise DomainError("choice_unknown")


def find(method: Method, value: str, institution: str | None = None) -> Pretend:
    """Raises DomainError("choice_unknown")."""
    for pretend in choices(method, institution):
        if pretend.value == value:
            return pretend
    raise DomainError("choice_unknown")


def find_by_numbers(routing: str, account: str) -> Pretend:
    """Only the test numbers are known, so that no real one can be kept. Raises DomainError("choice_unknown")."""
    typed = [one for institution in INSTITUTIONS if institution.routing == routing for one in institution.accounts]
    for pretend in typed:
        if pretend.value == account:
            return pretend
    raise DomainError("choice_unknown")


def label(method: Method, pretend: Pretend, institution: str | None) -> str:
    """What the bank calls it when it reports: a name and the last digits."""
    name = institution_of(institution).name if method is Method.BANK else pretend.name
    return f"{name} {pretend.ending}"
