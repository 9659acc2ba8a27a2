"""The sandbox bank's own pages, for the demo and development only: its customers approve or cancel here. What they
decide reaches Till by the bank's signed webhook, never through the browser that goes back."""

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, g, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from models.errors import DomainError
from models.payment import Method
from payments.gateways import pretend
from payments.gateways.bank import BankSession, Status
from payments.gateways.pretend import Pretend
from web import bank_deposits, framing
from web.bank_pages import (
    BankAccountsPage,
    BankPage,
    CardEntryPage,
    Institution,
    InstitutionsPage,
    NetworkConfirmPage,
    NumbersPage,
    PretendAccount,
)
from web.context import runtime
from web.framing import initials
from web.pages import Problem
from web.services import sandbox

TYPED_CHARS = 40
blueprint = Blueprint("bank", __name__, url_prefix="/bank/<session_id>")


@blueprint.get("")
def show(session_id: str) -> BaseResponse:
    session = sandbox().bank.session(session_id)
    if session.status is Status.VERIFYING:
        return framing.show(bank_deposits.page(session))
    if session.status is not Status.OPEN:
        return redirect(session.return_url, 303)
    return framing.show(_page(session, request.args.get("institution")))


@blueprint.post("")
def decide(session_id: str) -> BaseResponse:
    session = sandbox().bank.session(session_id)
    if request.form.get("decision") != "approve":
        return redirect(sandbox().bank.decline(session.id).return_url, 303)
    if session.status is Status.VERIFYING:
        return bank_deposits.confirm(session)
    institution = request.form.get("institution")
    if "routing" in request.form:
        return _approve_typed(session, institution)
    choice = request.form.get("card" if session.method is Method.CARD else "account")
    if session.method is Method.BANK and institution and not choice:
        return redirect(url_for("bank.show", session_id=session.id, institution=institution), 303)
    return _approve(session, choice or "", institution)


def _approve(session: BankSession, choice: str, institution: str | None) -> BaseResponse:
    try:
        decided = sandbox().bank.confirm(session.id, choice, institution)
    except DomainError as refusal:
        if refusal.code != "choice_unknown":
            raise
        return framing.show(_page(session, institution, Problem.CHOICE_MISSING), 400)
    if decided.status is Status.OPEN:  # the card wants one more confirmation
        return framing.show(_page(decided, institution, chosen=choice))
    return redirect(decided.return_url, 303)


def _approve_typed(session: BankSession, institution: str | None) -> BaseResponse:
    """Spaces and dashes are how people write numbers."""
    routing, account = ("".join(filter(str.isdigit, request.form.get(name, ""))) for name in ("routing", "account"))
    try:
        pretend.find_by_numbers(routing, account)
    except DomainError:
        return framing.show(_page(session, institution, Problem.NUMBERS_UNKNOWN), 400)
    return _approve(session, account, institution)


def _page(
    session: BankSession, institution: str | None, problem: Problem | None = None, chosen: str | None = None
) -> BankPage:
    g.form_origins = (runtime().site.base_url,)
    match session.method:
        case Method.NETWORK:
            accounts = _shown(pretend.choices(Method.NETWORK))
            return NetworkConfirmPage(**_common(session, problem), accounts=accounts)
        case Method.CARD:
            cards = [card for card in pretend.choices(Method.CARD) if chosen in (None, card.value)]
            return CardEntryPage(**_common(session, problem), cards=_shown(cards), is_challenged=chosen is not None)
        case _:
            return _bank_page(session, institution, problem)


def _bank_page(session: BankSession, institution: str | None, problem: Problem | None) -> BankPage:
    """First which bank, then which of its accounts."""
    known = {one.value: one for one in pretend.INSTITUTIONS}
    if institution not in known:
        return InstitutionsPage(
            **_common(session, problem), institutions=[_institution(one) for one in pretend.INSTITUTIONS]
        )
    more: dict[str, Any] = {
        "institution": _institution(known[institution]),
        "accounts": _shown(known[institution].accounts),
        "back_url": url_for("bank.show", session_id=session.id),
    }
    if known[institution].routing is None:
        return BankAccountsPage(**_common(session, problem), **more)
    more |= {f"typed_{name}": request.form.get(name, "")[:TYPED_CHARS] for name in ("routing", "account")}
    return NumbersPage(**_common(session, problem), **more)


def _common(session: BankSession, problem: Problem | None) -> dict[str, Any]:
    return {
        "frame": framing.frame(None),
        "problem": problem,
        "action": url_for("bank.decide", session_id=session.id),
        "payee": session.payee,
        "amount": session.amount,
        "reference": session.short_reference,
    }


def _institution(one: pretend.Institution) -> Institution:
    return Institution(value=one.value, name=one.name, initials=initials(one.name), routing=one.routing)


def _shown(accounts: Iterable[Pretend]) -> list[PretendAccount]:
    return [
        PretendAccount(
            value=one.value,
            name=one.name,
            ending=one.ending,
            outcome=one.outcome,
            days=one.days,
            deposit_days=one.deposit_days,
        )
        for one in accounts
    ]
