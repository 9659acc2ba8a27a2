"""The sandbox bank's own pages, as frozen values. They look like no merchant and never ask for a real number.

Every form posts `decision` (approve or cancel) to `action`, and the field its page names.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from models.money import Money
from web.pages import Page


class PretendOutcome(StrEnum):
    """What a pretend account or card will do, so that a tester can choose; words are in web/bank/parts.html."""

    APPROVES = "approves"
    DECLINES = "declines"
    LACKS_FUNDS = "lacks_funds"
    EXPIRED = "expired"
    CHALLENGES = "challenges"
    ANSWERS_LATE = "answers_late"
    NEVER_ANSWERS = "never_answers"
    SETTLES = "settles"
    RETURNS_FUNDS = "returns_funds"
    RETURNS_CLOSED = "returns_closed"
    RETURNS_UNKNOWN = "returns_unknown"
    RETURNS_UNAUTHORISED = "returns_unauthorised"


@dataclass(frozen=True, slots=True, kw_only=True)
class PretendAccount:
    """One account or card: `value` is posted, `name` and `ending` are shown, `days` is how long it takes."""

    value: str
    name: str
    ending: str
    outcome: PretendOutcome
    days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Institution:
    value: str
    name: str
    initials: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BankPage(Page):
    """`frame.brand` is None on all of them: the payee is only named."""

    action: str
    payee: str
    amount: Money
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkConfirmPage(BankPage):
    """Posts `account`: one account is simply confirmed, several are chosen from."""

    template: ClassVar[str] = "web/bank/network.html"
    accounts: Sequence[PretendAccount]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstitutionsPage(BankPage):
    """Posts `institution`; the answer is the page with its accounts."""

    template: ClassVar[str] = "web/bank/institutions.html"
    institutions: Sequence[Institution]


@dataclass(frozen=True, slots=True, kw_only=True)
class BankAccountsPage(BankPage):
    """Posts `account` and `institution`. `back_url` returns to the institutions."""

    template: ClassVar[str] = "web/bank/accounts.html"
    institution: Institution
    accounts: Sequence[PretendAccount]
    back_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardEntryPage(BankPage):
    """Posts `card`, a pretend card's value: no card number is ever typed, so none can ever arrive.
    `is_challenged`: the card chosen wants the same once more."""

    template: ClassVar[str] = "web/bank/card.html"
    cards: Sequence[PretendAccount]
    is_challenged: bool = False
