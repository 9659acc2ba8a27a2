"""How much of which invoice a payment covers: all, the oldest first up to an amount, or as named. Refuses what the
merchant does not allow and anything above a balance."""

from collections.abc import Mapping, Sequence

from models.errors import DomainError
from models.invoice import Invoice
from models.merchant import Merchant
from models.money import Money

Shares = dict[int, int]
"""Minor units by invoice id; each above zero and at most the invoice's balance."""


def everything(due: Sequence[Invoice]) -> Shares:
    return {invoice.id: invoice.balance_minor for invoice in due}


def oldest_first(due: Sequence[Invoice], amount: int) -> Shares:
    """As far as the amount reaches."""
    shares: Shares = {}
    for invoice in sorted(due, key=lambda i: (i.due_on, i.id)):
        share = min(invoice.balance_minor, amount - sum(shares.values()))
        if share > 0:
            shares[invoice.id] = share
    return shares


def part(merchant: Merchant, due: Sequence[Invoice], amount: Money) -> Shares:
    """The amount over the oldest first. Raises DomainError: "bad_amount", "above_balance", "partial_not_allowed",
    "below_minimum", "mixed_currencies"."""
    _allow(merchant, due, amount)
    return oldest_first(due, amount.minor)


def named(merchant: Merchant, due: Sequence[Invoice], wanted: Mapping[str, Money]) -> Shares:
    """As wanted, by the invoices' public ids. Raises as `part` does, and DomainError("not_found")."""
    by_id = {invoice.public_id: invoice for invoice in due}
    if not wanted or not wanted.keys() <= by_id.keys():
        raise DomainError("not_found")
    for public_id, share in wanted.items():
        _refuse_excess(share, by_id[public_id].balance)
    _allow(merchant, due, sum(wanted.values(), Money(0, due[0].currency)))
    return {by_id[public_id].id: share.minor for public_id, share in wanted.items()}


def _allow(merchant: Merchant, due: Sequence[Invoice], amount: Money) -> None:
    owed = sum((invoice.balance for invoice in due), Money(0, due[0].currency))
    _refuse_excess(amount, owed)
    if amount == owed:
        return
    if not merchant.allows_partial:
        raise DomainError("partial_not_allowed")
    if amount.minor < merchant.partial_minimum_minor:
        raise DomainError("below_minimum")


def _refuse_excess(amount: Money, owed: Money) -> None:
    if amount.minor <= 0:
        raise DomainError("bad_amount")
    if not amount <= owed:
        raise DomainError("above_balance")
