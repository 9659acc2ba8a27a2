"""The sandbox bank's own pages, as frozen values. They look like no merchant and never ask for a real number.

Every form posts `decision` (approve or cancel) to `action`, and the field its page names.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from models.money import Money
from payments.gateways.pretend import Outcome
from web.pages import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class PretendAccount:
    """One account or card: `value` is posted, `name` and `ending` are shown, `days` is how long it takes. The words for
    what each does are in web/bank/parts.html."""

    value: str
    name: str
    ending: str
    outcome: Outcome
    days: int = 0
    deposit_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Institution:
    value: str
    name: str
    initials: str
    routing: str | None = None


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
class NumbersPage(BankPage):
    """Posts `institution`, `routing` and `account`: a bank without instant sign-in. `accounts` are the test numbers."""

    template: ClassVar[str] = "web/bank/numbers.html"
    institution: Institution
    accounts: Sequence[PretendAccount]
    back_url: str
    typed_routing: str = ""
    typed_account: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositsPage(BankPage):
    """Posts `first` and `second`, amounts in cents. `statement` is what the pretend account shows, once they are
    there."""

    template: ClassVar[str] = "web/bank/deposits.html"
    method_label: str
    arrive_on: date
    ends_on: date
    tries_left: int
    back_url: str
    statement: Sequence[Money] = ()
    typed: Sequence[str] = ("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class CardEntryPage(BankPage):
    """Posts `card`, a pretend card's value: no card number is ever typed, so none can ever arrive.
    `is_challenged`: the card chosen wants the same once more."""

    template: ClassVar[str] = "web/bank/card.html"
    cards: Sequence[PretendAccount]
    is_challenged: bool = False
