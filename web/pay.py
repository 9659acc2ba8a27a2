"""The pay page behind a link. Looking shows what is true and changes nothing; only the button starts a payment, and
only the provider's own word ends one."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, Response, abort, g, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from bot import renewals
from models import limits
from models.context import Context
from models.errors import DomainError
from models.limits import Limit
from models.money import Money
from models.payment import ONLINE_METHODS, Method, Payment
from payments import begin
from payments.begin import PaymentInFlight
from payments.standing import LinkState
from payments.starting import BeginResult
from web import errors, framing, outcomes
from web.announcing import announce
from web.context import reads, retrying, runtime, writes
from web.outcome_pages import LinkSentPage, Stage
from web.outcomes import Visit
from web.pages import PAY_METHODS, InvoiceLine, MethodKind, Notice, PayMethod, PayPage, Problem
from web.security import bind_forms_to_link

blueprint = Blueprint("pay", __name__, url_prefix="/p/<token>")
bind_forms_to_link(blueprint)

RENEWALS_PER_LINK = Limit("renewals_per_link", 3, timedelta(hours=1))
"""Whoever finds an old link can make a phone ring that often, and no more."""
MAX_AMOUNT_DIGITS = 15


@dataclass(frozen=True, slots=True)
class Provider:
    """Whose page comes next. Browsers must be told its origin: form-action holds for redirects, too."""

    name: str
    origins: tuple[str, ...] = ()


PROVIDERS = {
    "sandbox": Provider("Sandbox Bank"),
    "stripe": Provider("Stripe", ("https://checkout.stripe.com",)),
}

_STATUS: dict[LinkState, int] = {
    LinkState.PAYABLE: 200,
    LinkState.PAID: 200,
    LinkState.IN_FLIGHT: 200,
    LinkState.VOIDED: 410,
    LinkState.REPLACED: 410,
    LinkState.EXPIRED: 410,
}
CONFLICT = 409
_BY_STATE = frozenset({"link_expired", "link_revoked", "already_paid", "invoice_void"})
"""Refusals whose reason is the link's own state: the page for that state says it best."""


# --- looking ---------------------------------------------------------------------------------------------------------
@blueprint.get("")
@reads
def show(ctx: Context, token: str) -> Response:
    return _by_state(outcomes.visit(ctx, token))


@blueprint.get("/payment/<public_id>")
@reads
def payment(ctx: Context, token: str, public_id: str) -> BaseResponse:
    """Where providers send the customer back to: tells what is known, believes nothing that the browser says."""
    visit = outcomes.visit(ctx, token)
    found = outcomes.find_payment(visit, public_id)
    if found is None:
        abort(404)
    return _outcome(visit, found)


@blueprint.get("/status")
@reads
def status(ctx: Context, token: str) -> Response:
    """For the page that waits: where to go once it shows an old stage."""
    visit = outcomes.visit(ctx, token)
    asked = request.args.get("payment")
    found = outcomes.find_payment(visit, asked) if asked else visit.view.payment
    if found is None:
        return jsonify(next=None)
    at = outcomes.stage(found)
    is_current = at is not None and at.value == request.args.get("was", at.value)
    return jsonify(next=None if is_current else outcomes.next_url(visit, found))


# --- paying ----------------------------------------------------------------------------------------------------------
@blueprint.post("")
def start(token: str) -> BaseResponse:
    """No transaction of ours is open here: begin commits its own, then calls the provider."""
    with runtime().read() as ctx:
        visit = outcomes.visit(ctx, token)
        method = _method()
        if method is None:
            return _by_state(visit, at_least=400, problem=Problem.METHOD_MISSING)
    try:
        begun = retrying(lambda: _begin(visit, method))
    except DomainError as refusal:
        return _refused(token, refusal)
    return redirect(begun.redirect_url or visit.payment_url(begun.payment), 303)


def _begin(visit: Visit, method: Method) -> BeginResult:
    return begin.begin(
        runtime(),
        visit.token,
        method,
        idempotency_key=request.headers.get("Idempotency-Key") or request.form.get("idempotency_key", ""),
        shown_total=_seen_amount(visit.view.link.currency),
        shown_version=request.form.get("seen_version") or None,
        announce=announce,
    )


def _refused(token: str, refusal: DomainError) -> BaseResponse:
    with runtime().read() as ctx:
        visit = outcomes.visit(ctx, token)
        if isinstance(refusal, PaymentInFlight):
            return _under_way(visit, refusal.payment)
        if refusal.code == "amount_changed":
            return _by_state(visit, at_least=CONFLICT, notice=Notice.AMOUNT_CHANGED)
        if refusal.code in _BY_STATE:
            return _by_state(visit, at_least=CONFLICT)
    if refusal.code in errors.STATUS:
        return errors.answer(errors.STATUS[refusal.code], retry_url=url_for("pay.show", token=token))
    raise refusal


# --- a new link ------------------------------------------------------------------------------------------------------
@blueprint.post("/renew")
@writes
def renew(ctx: Context, token: str) -> BaseResponse:
    """To the address that the old one went to. The same answer if there is no one to send it to."""
    visit = outcomes.visit(ctx, token)
    link = visit.view.link
    if visit.view.state in outcomes.RENEWABLE and limits.hit(
        ctx.session, RENEWALS_PER_LINK, str(link.id), ctx.clock.now()
    ):
        renewals.renew(ctx, link, visit.view.invoices)
    return redirect(url_for("pay.renewed", token=token), 303)


@blueprint.get("/renew")
@reads
def renewed(ctx: Context, token: str) -> Response:
    visit = outcomes.visit(ctx, token)
    return framing.show(LinkSentPage(frame=visit.frame, channel=visit.channel, sign_in_url=visit.portal_url))


# --- pieces ----------------------------------------------------------------------------------------------------------
def _by_state(
    visit: Visit, *, at_least: int = 200, notice: Notice | None = None, problem: Problem | None = None
) -> Response:
    state = visit.view.state
    answer = max(_STATUS[state], at_least)
    if state is LinkState.PAYABLE:
        return framing.show(_pay_page(visit, notice, problem), answer)
    at = outcomes.stage(visit.view.payment) if visit.view.payment else None
    if state is LinkState.IN_FLIGHT and visit.view.payment and at in (Stage.IN_TRANSIT, Stage.UNKNOWN):
        return framing.show(outcomes.processing_page(visit, visit.view.payment, at), answer)
    return framing.show(outcomes.stop_page(visit, state), answer)


def _outcome(visit: Visit, found: Payment) -> BaseResponse:
    at = outcomes.stage(found)
    if at is not None:
        return framing.show(outcomes.processing_page(visit, found, at))
    onward = outcomes.next_url(visit, found)
    if onward != visit.payment_url(found):
        return redirect(onward, 303)
    return framing.show(outcomes.declined_page(visit, found))


def _under_way(visit: Visit, in_the_way: Payment) -> Response:
    """Being paid already. Only an attempt over nothing but this link's invoices is told about."""
    shown = visit.view.payment
    at = outcomes.stage(in_the_way)
    if shown is not None and shown.id == in_the_way.id and at is not None:
        return framing.show(outcomes.processing_page(visit, in_the_way, at), CONFLICT)
    return framing.show(outcomes.stop_page(visit, LinkState.IN_FLIGHT), CONFLICT)


def _pay_page(visit: Visit, notice: Notice | None, problem: Problem | None) -> PayPage:
    view = visit.view
    provider = PROVIDERS[runtime().ports.gateway.name]
    g.form_origins = (runtime().site.base_url, *provider.origins)
    due = [invoice for invoice in view.invoices if invoice.is_payable]
    return PayPage(
        frame=visit.frame,
        notice=notice,
        problem=problem,
        action=visit.link_url,
        idempotency_key=secrets.token_hex(16),
        amount=view.total,
        seen_version=view.version,
        lines=[
            InvoiceLine(value="", number=i.number, description=i.description, amount=i.balance, due_on=i.due_on)
            for i in due
        ],
        methods=[PayMethod(kind=kind, host=provider.name) for kind in PAY_METHODS],
        works_until=view.link.expires_at,
        selected_method=MethodKind.NETWORK,
        change_url=visit.invoices_url,
    )


def _method() -> Method | None:
    chosen = request.form.get("method", "")
    return next((method for method in ONLINE_METHODS if method.value == chosen), None)


def _seen_amount(currency: str) -> Money:
    """What the page showed; nothing readable is no amount, and begin then asks to look again."""
    text = request.form.get("seen_amount", "")
    readable = text.isascii() and text.isdigit() and len(text) <= MAX_AMOUNT_DIGITS
    return Money(int(text), currency) if readable else Money(0, currency)
