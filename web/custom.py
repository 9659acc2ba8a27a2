"""Paying without an invoice, for a signed-in customer of a merchant that allows it: an amount, what it is for, a name.
Where the money lands is the merchant's choice; nothing here knows it."""

from dataclasses import dataclass

from flask import Blueprint, Response, abort, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from models.context import Context
from models.customer import Customer
from models.errors import DomainError
from models.merchant import Merchant
from models.money import Money
from models.payment import DESCRIPTION_CHARS, PAYER_CHARS, Payment
from payments import custom, fees
from payments.custom import Wish
from payments.starting import BeginResult
from web import checkout, errors, framing, outcomes, terms
from web.checkout import Form
from web.checkout_pages import CustomPage
from web.context import retrying, runtime, writes
from web.outcome_pages import Stage
from web.pages import Frame, MethodKind, Notice, Problem
from web.portal_visits import Guest, for_guests

blueprint = Blueprint("custom", __name__, url_prefix="/m/<slug>/payment")


@dataclass(frozen=True, slots=True)
class Stay:
    """A customer in the portal, as the place where such a payment is told about."""

    ctx: Context
    guest: Guest
    customer: Customer

    @property
    def frame(self) -> Frame:
        return self.guest.frame(self.customer)

    @property
    def retry_url(self) -> str:
        return url_for("custom.show", slug=self.guest.merchant.slug)

    @property
    def invoices_url(self) -> str | None:
        return self.guest.home_url

    def payment_url(self, payment: Payment) -> str:
        return url_for("custom.payment", slug=self.guest.merchant.slug, public_id=payment.public_id)

    def status_url(self, payment: Payment, was: Stage) -> str:
        slug = self.guest.merchant.slug
        return url_for("custom.status", slug=slug, public_id=payment.public_id, was=was.value)

    def receipt_url(self, payment: Payment) -> str | None:
        return outcomes.receipt_path(self.ctx, payment)


# --- asking ----------------------------------------------------------------------------------------------------------
@blueprint.get("")
@for_guests
def show(guest: Guest) -> BaseResponse:
    _allowed(guest.merchant)
    with runtime().read() as ctx:
        return framing.show(_page(_stay(ctx, guest)))


@blueprint.post("")
@for_guests
def start(guest: Guest) -> BaseResponse:
    """No transaction of ours is open while the provider is called."""
    merchant = _allowed(guest.merchant)
    form = checkout.sent(merchant.currency)
    with runtime().read() as ctx:
        asked = _asked_again(_stay(ctx, guest), form)
        if asked is not None:
            return asked
    if merchant.terms:
        _record_terms(guest)
    try:
        begun = retrying(lambda: _begin(guest, form))
    except DomainError as refusal:
        return _refused(guest, form, refusal)
    where = url_for("custom.payment", slug=merchant.slug, public_id=begun.payment.public_id)
    return redirect(begun.redirect_url or where, 303)


def _asked_again(stay: Stay, form: Form) -> Response | None:
    merchant = stay.guest.merchant
    problem = _problem(merchant, form)
    if problem is not None:
        return framing.show(_page(stay, problem=problem, form=form), 400)
    if form.amount and form.method and form.needs_fee_shown(fees.quote(merchant, form.method, form.amount)):
        return framing.show(_page(stay, notice=Notice.FEE_SHOWN, form=form))
    return None


def _problem(merchant: Merchant, form: Form) -> Problem | None:
    if not form.typed_amount:
        return Problem.AMOUNT_MISSING
    if not form.amount:
        return Problem.AMOUNT_MALFORMED
    if not _typed("description", DESCRIPTION_CHARS):
        return Problem.DESCRIPTION_MISSING
    return form.problem(merchant)


@writes
def _record_terms(ctx: Context, guest: Guest) -> None:
    terms.record(ctx, guest.merchant, guest.session.customer_id)


def _begin(guest: Guest, form: Form) -> BeginResult:
    slug = guest.merchant.slug
    if form.method is None or form.amount is None:
        raise DomainError("method_unknown")
    wish = Wish(
        customer_id=guest.session.customer_id,
        method=form.method,
        amount=form.amount,
        description=_typed("description", DESCRIPTION_CHARS),
        payer_name=_typed("payer", PAYER_CHARS),
        return_url=runtime().site.base_url + url_for("custom.show", slug=slug),
        shown_fee=form.seen_fee,
        terms_version=form.terms_version if guest.merchant.terms else None,
    )
    return custom.begin(runtime(), wish, idempotency_key=form.key)


def _refused(guest: Guest, form: Form, refusal: DomainError) -> BaseResponse:
    if refusal.code == "custom_not_allowed":
        abort(404)
    if refusal.code in checkout.PROBLEMS or refusal.code == "amount_changed":
        problem = checkout.PROBLEMS.get(refusal.code)
        notice = None if problem else Notice.FEE_SHOWN
        with runtime().read() as ctx:
            return framing.show(_page(_stay(ctx, guest), problem=problem, notice=notice, form=form), 400)
    if refusal.code in errors.STATUS:
        retry_url = url_for("custom.show", slug=guest.merchant.slug)
        return errors.answer(errors.STATUS[refusal.code], retry_url=retry_url)
    raise refusal


# --- what became of it -----------------------------------------------------------------------------------------------
@blueprint.get("/<public_id>")
@for_guests
def payment(guest: Guest, public_id: str) -> BaseResponse:
    with runtime().read() as ctx:
        return outcomes.tell(_stay(ctx, guest), _own(ctx, guest, public_id))


@blueprint.get("/<public_id>/status")
@for_guests
def status(guest: Guest, public_id: str) -> BaseResponse:
    with runtime().read() as ctx:
        return outcomes.poll(_stay(ctx, guest), _own(ctx, guest, public_id))


# --- pieces ----------------------------------------------------------------------------------------------------------
def _allowed(merchant: Merchant) -> Merchant:
    if not merchant.allows_custom:
        abort(404)
    return merchant


def _stay(ctx: Context, guest: Guest) -> Stay:
    return Stay(ctx, guest, guest.customer(ctx))


def _own(ctx: Context, guest: Guest, public_id: str) -> Payment:
    found = outcomes.own_payment(ctx, guest.session.customer_id, public_id)
    if found is None or not found.is_custom:
        abort(404)
    return found


def _typed(name: str, most: int) -> str:
    return " ".join(request.form.get(name, "").split())[:most]


def _page(
    stay: Stay, *, notice: Notice | None = None, problem: Problem | None = None, form: Form | None = None
) -> CustomPage:
    merchant = stay.guest.merchant
    amount = form.amount if form is not None else None
    return CustomPage(
        frame=stay.frame,
        notice=notice,
        problem=problem,
        action=stay.retry_url,
        idempotency_key=checkout.new_key(),
        currency=merchant.currency,
        amount=amount,
        typed_amount=form.typed_amount if form is not None else "",
        description=_typed("description", DESCRIPTION_CHARS),
        payer=_typed("payer", PAYER_CHARS) if form is not None else stay.customer.name,
        methods=checkout.methods(merchant, amount or Money(0, merchant.currency)),
        selected_method=form.kind if form is not None else MethodKind.NETWORK,
        terms=checkout.terms_of(merchant, form),
        back_url=stay.guest.home_url,
    )
