"""The part of the dialogue about money: the list, picking from it, pay links, where a payment is, receipts.
Shows one customer's own invoices only; never takes an amount from what was typed."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot import rendering, threads, under_way
from bot.intents import Intent
from bot.threads import Owed
from bot.turn import Reply, Turn
from models.conversation import ConversationState
from models.invoice import Invoice
from models.money import Money
from models.payment import PAID_STATUSES, UNDER_WAY_STATUSES, Payment, PaymentStatus
from models.prepared import connection_of
from payments import links

PAGE = 3
"""Invoices per text: what fits two segments with long numbers and amounts."""
EMAIL_PAGE = 20

BOTH = (1, 2)
"""What "both" picks, where two are shown; of more it picks nothing, and we ask."""

_SETTLED = (*PAID_STATUSES, PaymentStatus.RETURNED)


def respond_proven(turn: Turn) -> Sequence[Reply]:
    """What this text would have got without the pause before it."""
    answers = {Intent.PAY: pay, Intent.STATUS: tell_status, Intent.RECEIPT: send_receipt, Intent.MORE: show_more}
    return answers.get(turn.heard.intent, show_list)(turn)


def show_list(turn: Turn) -> Sequence[Reply]:
    return _page(turn, _owed(turn), 0)


def show_more(turn: Turn) -> Sequence[Reply]:
    owed, shown = [o for o in _owed(turn) if not o.in_flight], _shown(turn)
    if shown is None or [o.id for o in owed][: len(shown)] != shown:
        return _page(turn, owed, 0)  # nothing on the table, or the list has changed: from the top
    start = turn.thread.shown["next"] if turn.thread.shown else 0
    return _page(turn, owed, start if start < len(owed) else 0)


def choose(turn: Turn) -> Sequence[Reply]:
    """Numbers mean the list last shown, for half an hour; an invoice that has left it is never replaced by another."""
    shown, picks = _shown(turn), turn.heard.slots.choices
    if turn.heard.slots.both and shown is not None and len(shown) == len(BOTH):
        picks = BOTH
    if not picks and _names_invoices(turn):
        return pay(turn)
    if shown is None:
        return show_list(turn)
    if not picks or any(not 1 <= n <= len(shown) for n in picks):
        return _show_unseen(turn, picks, shown) or [turn.say("choice_bad", count=len(shown)), *_repeat(turn)]
    wanted = {shown[n - 1] for n in picks}
    picked = [o for o in _owed(turn) if o.id in wanted]
    if len(picked) != len(wanted):
        return [turn.say("choice_changed"), *show_list(turn)]
    return _link(turn, picked)


def _show_unseen(turn: Turn, picks: Sequence[int], shown: Sequence[int]) -> Sequence[Reply]:
    """A place further down the list is shown before it can be paid. Nothing for one that the list does not have."""
    owed = [o for o in _owed(turn) if not o.in_flight]
    if len(picks) != 1 or not len(shown) < picks[0] <= len(owed) or [o.id for o in owed][: len(shown)] != shown:
        return []
    return _page(turn, owed, (picks[0] - 1) // _page_size(turn) * _page_size(turn))


def _repeat(turn: Turn) -> Sequence[Reply]:
    """The page last shown, so that the places that were named stay good."""
    owed = [o for o in _owed(turn) if not o.in_flight]
    last = turn.thread.shown["next"] if turn.thread.shown else 0
    return _page(turn, owed, max(0, min(last, len(owed)) - 1) // _page_size(turn) * _page_size(turn))


def _page_size(turn: Turn) -> int:
    return EMAIL_PAGE if turn.is_by_email else PAGE


def pay(turn: Turn) -> Sequence[Reply]:
    """All, by number, the oldest, by choice, by exact amount; without a pick the invoice of the mail answered, the only
    one, or the list."""
    owed, slots = _owed(turn), turn.heard.slots
    if not owed:
        return _page(turn, owed, 0)
    if slots.everything:
        return _link(turn, owed)
    if slots.amount is not None or slots.part:
        return _link_for_amount(turn, owed)
    if slots.invoice_numbers:
        return _link_by_number(turn, owed, slots.invoice_numbers)
    if slots.oldest:
        return _link(turn, _oldest(owed))
    answered = [o for o in owed if o.id == turn.about_invoice_id]
    if slots.both or (slots.choices and (_shown(turn) is not None or not answered)):  # "this one" picks from no list
        return choose(turn)
    if answered:
        return _link(turn, answered)
    return _link(turn, owed) if len(owed) == 1 else _page(turn, owed, 0)


def _names_invoices(turn: Turn) -> bool:
    slots = turn.heard.slots
    return slots.everything or slots.oldest or bool(slots.invoice_numbers)


def names_what_is_owed(turn: Turn) -> bool:
    typed = {under_way.tail(number) for number in turn.heard.slots.invoice_numbers}
    return any(under_way.tail(o.number) in typed or o.number.upper() in typed for o in _owed(turn))


def tell_status(turn: Turn) -> Sequence[Reply]:
    numbers = turn.heard.slots.invoice_numbers
    payment = under_way.latest(turn, tuple(UNDER_WAY_STATUSES), numbers) or under_way.latest(turn, _SETTLED, numbers)
    if payment is None:
        return [turn.say("status_none")]
    slots = {"ref": payment.reference, "amt": rendering.money(payment.amount, turn.locale)}
    if payment.status is PaymentStatus.VERIFYING:
        return [under_way.tell_deposits(turn, payment)]
    if payment.is_open:
        return [turn.say("status_processing", **slots)]
    if payment.status is PaymentStatus.RETURNED:
        return [turn.say("status_returned", **slots), *show_list(turn)]
    return [turn.say("status_paid", **slots, date=_day(turn, payment))]


def send_receipt(turn: Turn) -> Sequence[Reply]:
    payment = under_way.latest(turn, tuple(PAID_STATUSES))
    if payment is None:
        return [turn.say("receipt_none")]
    slots = {"ref": payment.reference, "amt": rendering.money(payment.amount, turn.locale)}
    return [Reply("receipt_link", slots, payment_id=payment.id)]


def _owed(turn: Turn) -> list[Owed]:
    """Read along with the storing of the text, where it was plain that this would be asked."""
    listed, turn.listed = turn.listed, None
    if listed is not None and listed[0] == turn.thread.customer_id:
        return list(listed[1])
    return threads.owed(connection_of(turn.ctx.session), turn.thread.customer_id or 0)


def _shown(turn: Turn) -> list[int] | None:
    shown = turn.thread.shown
    if shown is None or shown["kind"] != "invoices":
        return None
    return shown["ids"] if turn.now.timestamp() - shown["at"] <= turn.choice_lifetime.total_seconds() else None


def _page(turn: Turn, owed: list[Owed], start: int) -> Sequence[Reply]:
    turn.thread.state = ConversationState.IDLE
    moving, owed = [o for o in owed if o.in_flight], [o for o in owed if not o.in_flight]
    if moving and not owed:
        turn.thread.shown = None
        return [under_way.tell_in_flight(turn, moving[0])]
    if not owed:
        turn.thread.shown = None
        return [turn.say("list_empty", url=f"{turn.ctx.site.base_url}/m/{turn.merchant.slug}")]
    page = owed[start : start + _page_size(turn)]
    end = start + len(page)
    turn.thread.shown = {
        "kind": "invoices",
        "ids": [o.id for o in owed[:end]],
        "next": end,
        "at": int(turn.now.timestamp()),
    }
    lines = [
        (
            n,
            rendering.clean(o.number, 16),
            rendering.money(o.balance, turn.locale),
            rendering.day(o.due_on, turn.locale),
        )
        for n, o in enumerate(page, start + 1)
    ]
    slots = {
        "lines": lines,
        "numbers": ", ".join(str(n) for n, *_ in lines),
        "total": _total(turn, owed),
        "count": len(owed),
        "has_more": end < len(owed),
    }
    return [_with_button(turn, slots, owed) if turn.is_by_email else Reply("list_page", slots)]


def _with_button(turn: Turn, slots: dict[str, Any], owed: Sequence[Owed]) -> Reply:
    """A list by email has room for one. Without it where one link cannot pay everything that is free."""
    free = [o for o in owed if not o.in_flight]
    if len({o.balance.currency for o in free}) != 1:
        return Reply("list_page", slots | {"payable": None})
    link = _one_link(turn, free)
    return Reply("list_page", slots | {"payable": _total(turn, free)}, pay_link_id=link.pay_link_id)


def _total(turn: Turn, owed: Sequence[Owed]) -> str:
    sums: dict[str, Money] = {}
    for o in owed:
        sums[o.balance.currency] = sums.get(o.balance.currency, Money(0, o.balance.currency)) + o.balance
    return " + ".join(rendering.money(m, turn.locale) for m in sums.values())


def _link_by_number(turn: Turn, owed: list[Owed], numbers: Sequence[str]) -> Sequence[Reply]:
    """ "1042" finds INV-1042 when only one number ends so; a bare small number may also be a pick from the list."""
    picked = []
    for typed in numbers:
        exact = [o for o in owed if o.number.upper() == typed]
        matches = exact or [o for o in owed if under_way.tail(o.number) == under_way.tail(typed)]
        if not matches and typed.isdigit():
            matches = [o for o in owed if o.balance.decimal == Decimal(typed)]
        if len(matches) != 1:
            return [turn.say("choice_unknown", inv=rendering.clean(typed, 16)), *show_list(turn)]
        picked += matches
    return _link(turn, picked)


def _link_for_amount(turn: Turn, owed: list[Owed]) -> Sequence[Reply]:
    """A sum that is what one invoice owes names that invoice. Any other is chosen on the page, never from a text: it
    says so, with the link of the invoice that was named, or the list where none was."""
    slots = turn.heard.slots
    named = _named(turn, owed)
    matches = [o for o in named or owed if o.balance.decimal == slots.amount]
    if len(matches) == 1:
        return _link(turn, matches)
    if slots.invoice_numbers and not named:
        return _link_by_number(turn, owed, slots.invoice_numbers)
    said = turn.say("amount_on_page" if turn.merchant.allows_partial else "amount_in_full")
    return [said, *(_link(turn, named) if named else _page(turn, owed, 0))]


def _named(turn: Turn, owed: list[Owed]) -> list[Owed]:
    """The invoices a text about a sum names, by number, as the oldest, or by being the one there is to name."""
    slots = turn.heard.slots
    if slots.invoice_numbers:
        typed = {under_way.tail(number) for number in slots.invoice_numbers}
        return [o for o in owed if under_way.tail(o.number) in typed]
    if slots.oldest:
        return _oldest(owed)
    answered = [o for o in owed if o.id == turn.about_invoice_id]
    return answered or (owed if len(owed) == 1 else [])


def _oldest(owed: list[Owed]) -> list[Owed]:
    return [o for o in owed if not o.in_flight][:1] or owed[:1]


def _link(turn: Turn, picked: Sequence[Owed]) -> Sequence[Reply]:
    """One link for all picks (one per currency); what is already being paid is left out and said."""
    free = [o for o in picked if not o.in_flight]
    replies = [under_way.tell_in_flight(turn, o) for o in picked if o.in_flight][:1]
    for _, group in groupby(sorted(free, key=lambda o: o.balance.currency), key=lambda o: o.balance.currency):
        replies.append(_one_link(turn, sorted(group, key=lambda o: (o.due_on, o.id))))
    return replies


def _one_link(turn: Turn, picked: list[Owed]) -> Reply:
    session = turn.ctx.session
    invoices = session.scalars(sa.select(Invoice).where(Invoice.id.in_([o.id for o in picked]))).all()
    link = links.open_link(
        turn.ctx,
        merchant_id=turn.merchant.id,
        customer_id=turn.thread.customer_id or 0,
        invoices=sorted(invoices, key=lambda i: (i.due_on, i.id)),
        conversation_id=turn.thread.id,
    )
    if len(picked) == 1:
        slots = {"inv": rendering.clean(picked[0].number, 16), "amt": rendering.money(picked[0].balance, turn.locale)}
        return Reply("pay_link", slots, pay_link_id=link.id)
    return Reply("pay_all", {"n": len(picked), "total": _total(turn, picked)}, pay_link_id=link.id)


def _day(turn: Turn, payment: Payment) -> str:
    at = payment.finished_at or payment.created_at
    return rendering.day(at.astimezone(ZoneInfo(turn.merchant.timezone)).date(), turn.locale)
