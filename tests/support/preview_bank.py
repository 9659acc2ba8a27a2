"""One sample of every page of the sandbox bank."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from models.money import Money
from payments.gateways.pretend import Outcome
from web import bank_pages as bank
from web.bank_pages import PretendAccount
from web.pages import Frame, Page, Problem

AMOUNT = Money(231000, "USD")
INSTITUTIONS = tuple(
    bank.Institution(value=name.lower(), name=name, initials=name[:2]) for name in ("First Harbor", "Pinewood Savings")
)
ACCOUNTS = tuple(
    PretendAccount(value=f"{kind}", name="Checking", ending=f"{6000 + number}", outcome=kind, days=2)
    for number, kind in enumerate(Outcome)
)
CARDS = tuple(
    PretendAccount(value=f"{kind}", name="Visa", ending=f"{4240 + number}", outcome=kind)
    for number, kind in enumerate(list(Outcome)[:6])
)


def _bank(at: Frame) -> Frame:
    return replace(at, brand=None, banner=None)


def _network(at: Frame) -> bank.NetworkConfirmPage:
    accounts = (PretendAccount(value="n", name="Everyday", ending="8801", outcome=Outcome.APPROVES),)
    return bank.NetworkConfirmPage(
        frame=_bank(at), action="/processing", payee="Acme & Sons", amount=AMOUNT, reference="HF7Q2K", accounts=accounts
    )


def _institutions(at: Frame) -> bank.InstitutionsPage:
    return bank.InstitutionsPage(
        frame=_bank(at),
        action="/bank_accounts",
        payee="Acme & Sons",
        amount=AMOUNT,
        reference="HF7Q2K",
        institutions=INSTITUTIONS,
    )


def _bank_accounts(at: Frame) -> bank.BankAccountsPage:
    return bank.BankAccountsPage(
        frame=_bank(at),
        action="/in_transit",
        payee="Acme & Sons",
        amount=AMOUNT,
        reference="HF7Q2K",
        institution=INSTITUTIONS[0],
        accounts=ACCOUNTS,
        back_url="/institutions",
        problem=Problem.CHOICE_MISSING,
    )


def _numbers(at: Frame) -> bank.NumbersPage:
    return bank.NumbersPage(
        frame=_bank(at),
        action="/verifying",
        payee="Acme & Sons",
        amount=AMOUNT,
        reference="HF7Q2K",
        institution=bank.Institution(value="county", name="County Bank", initials="CB", routing="110000000"),
        accounts=[replace(one, value=f"00012345{one.ending}", deposit_days=2) for one in ACCOUNTS[:3]],
        back_url="/institutions",
        problem=Problem.NUMBERS_UNKNOWN,
    )


def _deposits(at: Frame) -> bank.DepositsPage:
    return bank.DepositsPage(
        frame=_bank(at),
        action="/in_transit",
        payee="Acme & Sons",
        amount=AMOUNT,
        reference="HF7Q2K",
        method_label="County Bank 6789",
        arrive_on=date(2026, 6, 21),
        ends_on=date(2026, 6, 29),
        tries_left=3,
        back_url="/verifying",
    )


def _card(at: Frame) -> bank.CardEntryPage:
    return bank.CardEntryPage(
        frame=_bank(at), action="/processing", payee="Acme & Sons", amount=AMOUNT, reference="HF7Q2K", cards=CARDS
    )


BANK_SAMPLES: dict[str, Callable[[Frame], Page]] = {
    "bank_network": _network,
    "bank_institutions": _institutions,
    "bank_accounts": _bank_accounts,
    "bank_numbers": _numbers,
    "bank_deposits_coming": _deposits,
    "bank_deposits": lambda at: replace(
        _deposits(at),
        statement=(Money(32, "USD"), Money(45, "USD")),
        tries_left=1,
        problem=Problem.DEPOSITS_WRONG,
        typed=("23", "54"),
    ),
    "bank_card": _card,
}
