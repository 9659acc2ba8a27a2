"""What a settlement means to people: the bridge from payments/, which tells nobody, to bot/, which has the words."""

from bot import money_notices, notices
from models.context import Context
from payments.settle import Settlement


def announce(ctx: Context, settlement: Settlement) -> None:
    """For payments.settle.Announce: in the settlement's own transaction."""
    tell_customer(ctx, settlement)
    money_notices.announce(ctx, settlement)


def tell_customer(ctx: Context, settlement: Settlement) -> None:
    """What their payment became. Refunds have words of their own, beside those for the merchant."""
    if not settlement.is_good_again:
        notices.announce(ctx, settlement.payment, settlement.became)
    if settlement.are_deposits_here:
        notices.tell(ctx, settlement.payment, notices.DEPOSITS_HERE)
