"""What paying by a method costs the customer on top, known before they pay. Only cards cost anything, and only where
the merchant lets its customers pay for it."""

from dataclasses import dataclass

from models.merchant import FeePayer, Merchant
from models.money import Money
from models.payment import Method

BASIS_POINTS = 10_000


@dataclass(frozen=True, slots=True)
class Quote:
    amount: Money
    fee: Money

    @property
    def total(self) -> Money:
        return self.amount + self.fee


def quote(merchant: Merchant, method: Method, amount: Money) -> Quote:
    """The fee on this amount, rounded half up to a minor unit. Show it, and hand it to begin as `shown_fee`."""
    charged = method is Method.CARD and merchant.fee_payer is FeePayer.CUSTOMER
    rate = merchant.fee_basis_points if charged else 0
    return Quote(amount, Money((amount.minor * rate * 2 + BASIS_POINTS) // (2 * BASIS_POINTS), amount.currency))
