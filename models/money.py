"""Money: an integer count of a currency's minor units. Refuses floats, mixed currencies and unknown currencies."""

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Self

from babel.core import get_global

from models.errors import DomainError

# ISO 4217 through Babel's CLDR data: JPY 0, USD 2, KWD 3. "DEFAULT" holds the exponent of unlisted currencies.
_FRACTIONS = get_global("currency_fractions")
CURRENCIES = frozenset(get_global("all_currencies"))

MAX_MINOR = 10**14
"""Largest amount accepted anywhere, in minor units: far above any invoice, far below 64-bit overflow when summed."""


@lru_cache(maxsize=512)
def exponent(currency: str) -> int:
    """Digits after the decimal point, e.g. 2 for USD. Raises DomainError("unknown_currency")."""
    if currency not in CURRENCIES:
        raise DomainError("unknown_currency")
    return int(_FRACTIONS.get(currency, _FRACTIONS["DEFAULT"])[0])


@dataclass(frozen=True, slots=True, order=False)
class Money:
    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError("minor units are an int")
        exponent(self.currency)

    @classmethod
    def of(cls, amount: Decimal, currency: str) -> Self:
        """From a decimal amount. Raises DomainError("bad_amount") for more digits than the currency has,
        for NaN, infinities and anything beyond MAX_MINOR."""
        if not amount.is_finite():
            raise DomainError("bad_amount")
        scaled = amount.scaleb(exponent(currency))
        if scaled != scaled.to_integral_value() or abs(scaled) > MAX_MINOR:
            raise DomainError("bad_amount")
        return cls(int(scaled), currency)

    @property
    def decimal(self) -> Decimal:
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise DomainError("mixed_currencies")
        return other.minor

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    def split(self, parts: int) -> list["Money"]:
        """`parts` shares that add up exactly; the first ones carry the odd minor units."""
        share, rest = divmod(self.minor, parts)
        return [Money(share + (i < rest), self.currency) for i in range(parts)]
