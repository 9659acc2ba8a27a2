"""Payments as texts tell of them: the latest of a customer's, what waits for small deposits, what is being paid
already."""

from collections.abc import Sequence

import sqlalchemy as sa

from bot import rendering
from bot.threads import Owed
from bot.turn import Reply, Turn
from models.invoice import Invoice
from models.payment import Allocation, Payment, PaymentStatus


def latest(turn: Turn, statuses: Sequence[PaymentStatus], numbers: Sequence[str] = ()) -> Payment | None:
    """The customer's newest payment in one of these states; of the named invoices, where any are named."""
    rows = turn.ctx.session.execute(
        sa.select(Payment, Invoice.number)
        .join(Allocation, Allocation.payment_id == Payment.id)
        .join(Invoice, Invoice.id == Allocation.invoice_id)
        .where(Payment.customer_id == turn.thread.customer_id, Payment.status.in_(statuses))
        .order_by(Payment.id.desc())
    )
    wanted = {tail(number) for number in numbers}
    return next((payment for payment, number in rows if not wanted or tail(number) in wanted), None)


def tell_deposits(turn: Turn, payment: Payment) -> Reply:
    slots = {"ref": payment.reference, "amt": rendering.money(payment.amount, turn.locale)}
    are_here = payment.deposits_at is not None and payment.deposits_at <= turn.now
    return turn.say(
        "status_verifying", **slots, deposits=payment.deposits, are_here=are_here, url=payment.redirect_url or ""
    )


def tell_in_flight(turn: Turn, busy: Owed) -> Reply:
    """Being paid already: what waits for small deposits waits for the customer."""
    waiting = latest(turn, (PaymentStatus.VERIFYING,), [busy.number])
    if waiting is not None:
        return tell_deposits(turn, waiting)
    return turn.say("pay_in_flight", inv=rendering.clean(busy.number, 16))


def tail(number: str) -> str:
    """What people type of an invoice number."""
    return "".join(c for c in number if c.isdigit()).lstrip("0") or number
