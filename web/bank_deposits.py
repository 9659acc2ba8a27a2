"""The sandbox bank's page for small deposits: shows what the pretend account's statement says, takes the amounts."""

import re
from zoneinfo import ZoneInfo

from flask import g, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from models.errors import DomainError
from models.money import Money
from payments.gateways.bank import BankSession, Status
from web import framing
from web.bank_pages import DepositsPage
from web.context import runtime
from web.pages import Problem
from web.services import sandbox

FIELDS = ("first", "second")
_CENTS = re.compile(r"(?:0?[.,])?([0-9]{1,2})")
TYPED_CHARS = 10


def confirm(session: BankSession) -> BaseResponse:
    """With the amounts of the form: "32", "0.32" and ".32" are the same."""
    found = [_CENTS.fullmatch(request.form.get(name, "").strip().lstrip("$")) for name in FIELDS]
    if not all(found):
        return framing.show(page(session, Problem.DEPOSITS_MISSING), 400)
    try:
        decided = sandbox().bank.confirm_deposits(session.id, [int(one[1]) for one in found if one])
    except DomainError as refusal:
        if refusal.code == "deposits_wrong":
            return framing.show(page(session, Problem.DEPOSITS_WRONG), 400)
        if refusal.code == "deposits_not_there":
            return redirect(url_for("bank.show", session_id=session.id), 303)
        raise
    return redirect(decided.return_url, 303)


def page(session: BankSession, problem: Problem | None = None) -> DepositsPage:
    sent = sandbox().bank.deposits_in(session.id)
    if sent is None or session.status is not Status.VERIFYING:
        raise DomainError("not_found")
    g.form_origins = (runtime().site.base_url,)
    frame = framing.frame(None)
    zone = ZoneInfo(frame.time_zone)
    amounts = [Money(minor, session.amount.currency) for minor in (sent.first_minor, sent.second_minor)]
    return DepositsPage(
        frame=frame,
        problem=problem,
        action=url_for("bank.decide", session_id=session.id),
        payee=session.payee,
        amount=session.amount,
        reference=session.short_reference,
        method_label=session.method_label or "",
        arrive_on=sent.arrive_at.astimezone(zone).date(),
        ends_on=sent.ends_at.astimezone(zone).date(),
        tries_left=sent.tries_left,
        back_url=session.return_url,
        statement=amounts if sent.arrive_at <= runtime().clock.now() else (),
        typed=[request.form.get(name, "")[:TYPED_CHARS] for name in FIELDS],
    )
