"""The pay page behind a link. Looking shows what is true and changes nothing; only the button starts a payment, and
only the provider's own word ends one."""

from datetime import timedelta

from flask import Blueprint, Response, abort, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from bot import renewals
from models import limits
from models.context import Context
from models.errors import DomainError
from models.limits import Limit
from models.payment import Method, Payment, PaymentStatus
from payments import begin
from payments.begin import PaymentInFlight
from payments.standing import LinkState
from payments.starting import BeginResult
from web import checkout, errors, framing, invoice_view, kept, outcomes, pay_page, terms
from web.announcing import announce
from web.checkout import Form
from web.context import reads, retrying, runtime, writes
from web.invoice_view import Doors
from web.outcome_pages import LinkSentPage, Stage
from web.outcomes import Visit
from web.pages import Notice, Problem
from web.security import bind_forms_to_link

blueprint = Blueprint("pay", __name__, url_prefix="/p/<token>")
bind_forms_to_link(blueprint)

RENEWALS_PER_LINK = Limit("renewals_per_link", 3, timedelta(hours=1))
"""Whoever finds an old link can make a phone ring that often, and no more."""

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
    visit = outcomes.visit(ctx, token)
    found = outcomes.find_payment(visit, public_id)
    if found is None:
        abort(404)
    if found.status is PaymentStatus.CANCELLED and visit.view.state in (LinkState.PAID, LinkState.IN_FLIGHT):
        return _by_state(visit)  # another tab took over: what became of that is the news
    return outcomes.tell(visit, found)


@blueprint.get("/status")
@reads
def status(ctx: Context, token: str) -> Response:
    visit = outcomes.visit(ctx, token)
    asked = request.args.get("payment")
    return outcomes.poll(visit, outcomes.find_payment(visit, asked) if asked else visit.view.payment)


@blueprint.get("/invoices/<public_id>")
@reads
def invoice(ctx: Context, token: str, public_id: str) -> BaseResponse:
    """While the link can pay, its holder may read what for."""
    visit = outcomes.visit(ctx, token)
    if visit.view.state is not LinkState.PAYABLE:
        return redirect(visit.link_url, 303)
    found = visit.covered(public_id)
    doors = Doors(
        file_url=lambda one: url_for("pay.file", token=token, public_id=public_id, file_id=one.public_id),
        back_url=visit.link_url,
        is_back_to_pay=True,
    )
    return framing.show(invoice_view.page(ctx, visit.view.merchant, found, visit.frame, doors, ()))


@blueprint.get("/invoices/<public_id>/files/<file_id>")
@reads
def file(ctx: Context, token: str, public_id: str, file_id: str) -> BaseResponse:
    visit = outcomes.visit(ctx, token)
    if visit.view.state is not LinkState.PAYABLE:
        return redirect(visit.link_url, 303)
    return invoice_view.download(ctx, visit.covered(public_id), file_id)


# --- paying ----------------------------------------------------------------------------------------------------------
@blueprint.post("")
def start(token: str) -> BaseResponse:
    """No transaction of ours is open here: begin commits its own, then calls the provider."""
    with runtime().read() as ctx:
        visit = outcomes.visit(ctx, token)
        form = kept.resolved(visit, checkout.sent(visit.view.link.currency))
        asked = _asked_again(visit, form) if visit.view.state is LinkState.PAYABLE else None
        if asked is not None:
            return asked
    if visit.view.merchant.terms and form.terms_version == visit.view.merchant.terms_version:
        _record_terms(visit)
    try:
        begun = retrying(lambda: _begin(visit, form))
    except DomainError as refusal:
        return _refused(token, form, refusal)
    return redirect(begun.redirect_url or visit.payment_url(begun.payment), 303)


def _asked_again(visit: Visit, form: Form) -> Response | None:
    """The page once more: something is missing, or costs what was not shown yet."""
    problem = form.problem(visit.view.merchant) or pay_page.refusal(visit, form)
    if problem is not None:
        return _by_state(visit, at_least=400, problem=problem, form=form)
    quote = pay_page.quote(visit, form)
    if quote is not None and form.needs_fee_shown(quote):
        return _by_state(visit, notice=Notice.FEE_SHOWN, form=form)
    return None


@writes
def _record_terms(ctx: Context, visit: Visit) -> None:
    link = visit.view.link
    terms.record(ctx, visit.view.merchant, link.customer_id, pay_link_id=link.id)


def _begin(visit: Visit, form: Form) -> BeginResult:
    return begin.begin(
        runtime(),
        visit.token,
        form.method or Method.CARD,
        idempotency_key=form.key,
        shown_total=checkout.minor("seen_amount", visit.view.link.currency),
        shown_version=request.form.get("seen_version") or None,
        shown_fee=form.seen_fee,
        amount=form.amount,
        terms_version=form.terms_version if visit.view.merchant.terms else None,
        saves_account=form.keeps,
        saved_account=form.kept,
        announce=announce,
    )


def _refused(token: str, form: Form, refusal: DomainError) -> BaseResponse:
    with runtime().read() as ctx:
        visit = outcomes.visit(ctx, token)
        if isinstance(refusal, PaymentInFlight):
            return _under_way(visit, refusal.payment)
        if refusal.code == "amount_changed":
            return _by_state(visit, at_least=CONFLICT, notice=Notice.AMOUNT_CHANGED, form=form)
        if refusal.code in _BY_STATE:
            return _by_state(visit, at_least=CONFLICT)
        if refusal.code in checkout.PROBLEMS:
            return _by_state(visit, at_least=400, problem=checkout.PROBLEMS[refusal.code], form=form)
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
    if outcomes.is_renewable(visit) and limits.hit(ctx.session, RENEWALS_PER_LINK, str(link.id), ctx.clock.now()):
        renewals.renew(ctx, link, visit.view.invoices)
    return redirect(url_for("pay.renewed", token=token), 303)


@blueprint.get("/renew")
@reads
def renewed(ctx: Context, token: str) -> Response:
    visit = outcomes.visit(ctx, token)
    return framing.show(LinkSentPage(frame=visit.frame, channel=visit.channel, sign_in_url=visit.portal_url))


# --- pieces ----------------------------------------------------------------------------------------------------------
def _by_state(
    visit: Visit,
    *,
    at_least: int = 200,
    notice: Notice | None = None,
    problem: Problem | None = None,
    form: Form | None = None,
) -> Response:
    state = visit.view.state
    answer = max(_STATUS[state], at_least)
    if state is LinkState.PAYABLE:
        return framing.show(pay_page.page(visit, notice=notice, problem=problem, form=form), answer)
    at = outcomes.stage(visit.view.payment) if visit.view.payment and not outcomes.has_others(visit) else None
    if state is LinkState.IN_FLIGHT and visit.view.payment and at in (Stage.VERIFYING, Stage.IN_TRANSIT, Stage.UNKNOWN):
        return framing.show(outcomes.processing_page(visit, visit.view.payment, at), answer)
    return framing.show(outcomes.stop_page(visit, state), answer)


def _under_way(visit: Visit, in_the_way: Payment) -> Response:
    """Being paid already. Only an attempt over nothing but this link's invoices is told about."""
    shown = visit.view.payment
    at = outcomes.stage(in_the_way) if not outcomes.has_others(visit) else None
    if shown is not None and shown.id == in_the_way.id and at is not None:
        return framing.show(outcomes.processing_page(visit, in_the_way, at), CONFLICT)
    return framing.show(outcomes.stop_page(visit, LinkState.IN_FLIGHT), CONFLICT)
