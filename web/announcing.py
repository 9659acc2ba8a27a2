"""What a settlement means to people: the bridge from payments/, which tells nobody, to bot/, which has the words."""

from bot import money_notices, notices
from models.context import Context
from payments.settle import Settlement


def announce(ctx: Context, settlement: Settlement) -> None:
    """For payments.settle.Announce: in the settlement's own transaction."""
    notices.announce(ctx, settlement.payment, settlement.became)
    if settlement.are_deposits_here:
        notices.tell(ctx, settlement.payment, notices.DEPOSITS_HERE)
    money_notices.announce(ctx, settlement)
