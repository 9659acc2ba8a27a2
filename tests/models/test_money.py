"""Money: exponents, refusals, exact splits."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import DomainError
from models.money import MAX_MINOR, Money, exponent


@pytest.mark.parametrize(("currency", "digits"), [("JPY", 0), ("USD", 2), ("KWD", 3)])
def test_it_knows_each_currency_s_digits(currency: str, digits: int) -> None:
    assert exponent(currency) == digits


def test_it_charges_500_yen_as_500() -> None:
    assert Money.of(Decimal(500), "JPY").minor == 500


def test_it_adds_decimals_exactly() -> None:
    assert Money.of(Decimal("0.1"), "USD") + Money.of(Decimal("0.2"), "USD") == Money(30, "USD")


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "0.001", "1e30", "-1e30"])
def test_it_refuses_amounts_that_are_no_money(amount: str) -> None:
    with pytest.raises(DomainError, match="bad_amount"):
        Money.of(Decimal(amount), "USD")


def test_it_refuses_floats() -> None:
    with pytest.raises(TypeError):
        Money(1.5, "USD")  # type: ignore[arg-type]


def test_it_refuses_unknown_currencies() -> None:
    with pytest.raises(DomainError, match="unknown_currency"):
        Money(1, "XXY")


def test_it_never_mixes_currencies() -> None:
    with pytest.raises(DomainError, match="mixed_currencies"):
        Money(1, "USD") + Money(1, "EUR")


def test_it_splits_a_hundred_three_ways() -> None:
    assert [share.minor for share in Money(10_000, "USD").split(3)] == [3334, 3333, 3333]


@given(st.integers(0, MAX_MINOR), st.integers(1, 50))
def test_it_loses_nothing_in_a_split(minor: int, parts: int) -> None:
    shares = [share.minor for share in Money(minor, "USD").split(parts)]
    assert sum(shares) == minor
    assert max(shares) - min(shares) <= 1
