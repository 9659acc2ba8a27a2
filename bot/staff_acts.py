"""What each command of a merchant's people means: the question that is asked back, and the act once it is confirmed."""

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa

from bot import reminders, rendering
from bot.reminders import Plan, Selection
from bot.turn import Reply, Turn
from models.customer import Customer
from models.errors import DomainError
from models.invoice import Invoice, InvoiceStatus
from models.merchant import Merchant, Mode
from models.money import Money
from models.payment import Method
from models.reminder import CampaignSource
from payments import offline

SHOWN = 3
EVERYONE = frozenset({"all", "everyone", "todos", "all overdue"})
METHODS = {
    **dict.fromkeys(("cash", "efectivo"), Method.CASH),
    **dict.fromkeys(("check", "cheque"), Method.CHECK),
    **dict.fromkeys(("transfer", "wire", "transferencia", "other"), Method.OTHER),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """`what` is kept until it is confirmed; `words` are the question's slots."""

    kind: str
    what: dict[str, Any]
    words: dict[str, Any] = field(default_factory=dict)


# --- who owes --------------------------------------------------------------------------------------------------------
def who_owes(turn: Turn) -> Reply:
    """The most first; each currency by itself."""
    owed = sa.func.sum(Invoice.balance_minor)
    rows = turn.ctx.session.execute(
        sa.select(Customer.name, Invoice.currency, owed, sa.func.min(Invoice.due_on))
        .join(Customer, Customer.id == Invoice.customer_id)
        .where(*_open(turn))
        .group_by(Customer.id, Customer.name, Invoice.currency)
        .order_by(owed.desc(), Customer.name)
    ).all()
    lines = [
        (n, rendering.clean(name, 20), rendering.money(Money(int(minor), currency), turn.locale), _day(turn, due))
        for n, (name, currency, minor, due) in enumerate(rows[:SHOWN], 1)
    ]
    return turn.say("staff_owed", lines=lines, n=len(rows))


def _open(turn: Turn) -> tuple[sa.ColumnElement[bool], ...]:
    mine = (Invoice.merchant_id == turn.merchant.id) & (Invoice.mode == Mode.LIVE)
    return mine, Invoice.status == InvoiceStatus.OPEN, Invoice.balance_minor > 0


# --- remind ----------------------------------------------------------------------------------------------------------
def ask_remind(turn: Turn, who: str) -> Asked | Reply:
    chosen = Selection(everyone_overdue=True) if who.casefold() in EVERYONE else _customers(turn, who)
    if isinstance(chosen, Reply):
        return chosen
    merchant = turn.ctx.session.get_one(Merchant, turn.merchant.id)
    planned = reminders.plan(turn.ctx, merchant, chosen, most=1)
    if not planned.rows:
        return turn.say("staff_no_reminder", reason=_why(planned))
    first = planned.rows[0]
    words = {"n": planned.messages, "name": rendering.clean(first.name, 24), "total": planned.skipped}
    words |= {"channel": first.channel.value, "date": _day(turn, first.local_time.date())}
    return Asked("remind", chosen.to_json(), words | {"hours": f"{first.local_time:%H:%M}"})


def _customers(turn: Turn, who: str) -> Selection | Reply:
    """By name: the whole of it, or else a part that only one has."""
    folded = sa.func.lower(Customer.name)
    mine = sa.select(Customer).where(Customer.merchant_id == turn.merchant.id, Customer.mode == Mode.LIVE)
    typed = who.lower()
    exact = turn.ctx.session.scalars(mine.where(folded == typed).limit(2)).all()
    found = exact or turn.ctx.session.scalars(mine.where(folded.contains(typed, autoescape=True)).limit(2)).all()
    if len(found) != 1:
        return turn.say("staff_who", name=who, n=len(found))
    return Selection(customers=(found[0].public_id,))


def _why(planned: Plan) -> str:
    """The commonest reason's word."""
    return planned.reasons.most_common(1)[0][0].value if planned.reasons else "nothing_owed"


def remind(turn: Turn, merchant: Merchant, what: dict[str, Any], key: str) -> Reply:
    reminders.launch(
        turn.ctx,
        merchant,
        Selection.from_json(what),
        by=turn.inbound.sender,
        source=CampaignSource.TEXT,
        key=f"text-{key}",
    )
    return turn.say("staff_done", about="remind")


# --- paid ------------------------------------------------------------------------------------------------------------
def ask_paid(turn: Turn, number: str, method: str, amount: str | None) -> Asked | Reply:
    how = METHODS.get(method.casefold())
    invoice = _invoice(turn, number)
    if how is None or invoice is None:
        return turn.say("staff_not_paid", inv=number, method_is_known=how is not None)
    try:
        paid = Money.of(Decimal(amount.replace(",", "")), invoice.currency) if amount else invoice.balance
    except (DomainError, InvalidOperation):
        return turn.say("staff_not_paid", inv=number, method_is_known=True)
    customer = turn.ctx.session.get_one(Customer, invoice.customer_id)
    words = {"inv": rendering.clean(invoice.number, 16), "amt": rendering.money(paid, turn.locale)}
    words |= {"name": rendering.clean(customer.name, 24), "method": how.value}
    return Asked("paid", {"invoice_id": invoice.id, "minor": paid.minor, "method": how.value}, words)


def _invoice(turn: Turn, number: str) -> Invoice | None:
    """By its whole number, or by the digits at its end that only one open invoice has."""
    upper = sa.func.upper(Invoice.number)
    mine = sa.select(Invoice).where(*_open(turn))
    exact = turn.ctx.session.scalars(mine.where(upper == number.upper()).limit(2)).all()
    ending = sa.or_(upper.endswith(f"-{number.upper()}", autoescape=True), upper.endswith(f"{number.upper()}"))
    found = exact or (turn.ctx.session.scalars(mine.where(ending).limit(2)).all() if number.isdigit() else [])
    return found[0] if len(found) == 1 else None


def paid(turn: Turn, merchant: Merchant, what: dict[str, Any], key: str) -> Reply:
    invoice = turn.ctx.session.get_one(Invoice, what["invoice_id"])
    amount, method = Money(what["minor"], invoice.currency), Method(what["method"])
    try:
        offline.record(turn.ctx, [invoice], amount, method, idempotency_key=key, note=f"texted by {merchant.name}")
    except DomainError:
        return turn.say("staff_not_paid", inv=rendering.clean(invoice.number, 16), method_is_known=True)
    return turn.say("staff_done", about="paid")


def _day(turn: Turn, day: Any) -> str:
    return rendering.day(day, turn.locale)
