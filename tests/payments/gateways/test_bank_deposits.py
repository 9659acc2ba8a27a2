"""Small deposits of the sandbox bank: what it sends, whom it believes, and until when."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from models.clock import FrozenClock
from models.errors import DomainError
from models.payment import Method
from payments.gateways import pretend
from payments.gateways.bank import Bank, BankSession, Status
from payments.gateways.bank_deposits import LIFETIME, TRIES
from tests.support.shop import NOW, WANTED

DAY = timedelta(days=1)
CHECKING = ("000123456789", "county")


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    bank = Bank(tmp_path / "bank.db", FrozenClock(NOW))
    yield bank
    bank.database.dispose()


@pytest.fixture
def session(bank: Bank) -> BankSession:
    """One whose owner has typed in an account and waits for the deposits."""
    wanted = replace(WANTED, method=Method.BANK, saves_account=True)
    return bank.confirm(bank.open(wanted).id, *CHECKING)


def forward(bank: Bank, by: timedelta) -> None:
    assert isinstance(bank.clock, FrozenClock)
    bank.clock.advance(by)
    bank.settle_due()


def amounts(bank: Bank, session: BankSession) -> tuple[int, int]:
    """As the account's statement has them."""
    sent = bank.deposits_in(session.id)
    assert sent is not None
    return sent.first_minor, sent.second_minor


def wrong(bank: Bank, session: BankSession) -> tuple[int, int]:
    first, second = amounts(bank, session)
    return first, second % 99 + 1


def test_it_moves_no_money_before_they_are_confirmed(bank: Bank, session: BankSession) -> None:
    forward(bank, 9 * DAY)
    assert (bank.session(session.id).status, bank.captures()) == (Status.VERIFYING, [])


def test_it_debits_late_once_they_are_confirmed(bank: Bank, session: BankSession) -> None:
    forward(bank, DAY)
    assert bank.confirm_deposits(session.id, amounts(bank, session)).status is Status.PROCESSING
    forward(bank, 2 * DAY)
    assert [reference for reference, _ in bank.captures()] == [WANTED.reference]


def test_it_takes_them_in_either_order(bank: Bank, session: BankSession) -> None:
    forward(bank, DAY)
    assert bank.confirm_deposits(session.id, amounts(bank, session)[::-1]).status is Status.PROCESSING


def test_it_takes_no_guess_before_they_are_there(bank: Bank, session: BankSession) -> None:
    forward(bank, DAY - timedelta(minutes=1))
    with pytest.raises(DomainError, match="deposits_not_there"):
        bank.confirm_deposits(session.id, amounts(bank, session))


def test_it_ends_after_the_third_wrong_guess(bank: Bank, session: BankSession) -> None:
    forward(bank, DAY)
    for _ in range(TRIES - 1):
        with pytest.raises(DomainError, match="deposits_wrong"):
            bank.confirm_deposits(session.id, wrong(bank, session))
    ended = bank.confirm_deposits(session.id, wrong(bank, session))
    assert (ended.status, ended.failure_code) == (Status.FAILED, "deposits_wrong")
    with pytest.raises(DomainError, match="deposits_not_there"):
        bank.confirm_deposits(session.id, amounts(bank, session))


@pytest.mark.parametrize("looked", [True, False])
def test_it_ends_after_ten_days(bank: Bank, session: BankSession, *, looked: bool) -> None:
    assert isinstance(bank.clock, FrozenClock)
    bank.clock.advance(LIFETIME)
    if looked:
        bank.settle_due()
    with pytest.raises(DomainError, match="deposits_not_there"):
        bank.confirm_deposits(session.id, amounts(bank, session))
    bank.settle_due()
    assert bank.session(session.id).failure_code == "deposits_late"


def test_it_can_be_taken_back_until_they_are_confirmed(bank: Bank, session: BankSession) -> None:
    assert bank.refuse(WANTED.reference)
    assert bank.session(session.id).status is Status.CANCELLED


def test_it_keeps_the_account_only_once_it_is_shown_to_be_theirs(bank: Bank, session: BankSession) -> None:
    assert bank.saved_in(session.id) is None
    forward(bank, DAY)
    bank.confirm_deposits(session.id, amounts(bank, session))
    kept = bank.saved_in(session.id)
    assert kept is not None
    assert (kept.name, kept.last4) == ("County Bank", "6789")


def test_it_sends_two_different_amounts_below_a_dollar(bank: Bank, session: BankSession) -> None:
    first, second = amounts(bank, session)
    assert first != second
    assert {first, second} <= set(range(1, 100))


@pytest.mark.parametrize(
    ("routing", "account"), [("110000000", "000123456780"), ("021000021", "000123456789"), ("", "checking")]
)
def test_it_knows_only_its_test_numbers(routing: str, account: str) -> None:
    with pytest.raises(DomainError, match="choice_unknown"):
        pretend.find_by_numbers(routing, account)
