"""What a signed-in customer reads: one of their invoices, its files, a statement of their account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import structlog
from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from models.context import Context
from models.errors import DomainError
from models.merchant import Merchant
from payments import credit, history
from web import checkout, errors, framing, invoice_view, portal_invoices
from web.context import runtime, writes
from web.outcomes import local_day
from web.paper_pages import Account, Period, StatementPage
from web.portal_visits import Guest, for_guests

blueprint = Blueprint("papers", __name__, url_prefix="/m/<slug>")

EVERYTHING = "all"
log = structlog.get_logger()


@blueprint.get("/invoices/<public_id>")
@for_guests
def invoice(guest: Guest, public_id: str) -> BaseResponse:
    with runtime().read() as ctx:
        found = invoice_view.own(ctx, guest.session.customer_id, public_id)
        slug = guest.merchant.slug
        doors = invoice_view.Doors(
            file_url=lambda one: url_for("papers.file", slug=slug, public_id=public_id, file_id=one.public_id),
            back_url=guest.home_url,
            pay_action=url_for("portal.pay", slug=slug),
            credit_action=url_for("papers.use_credit", slug=slug, public_id=public_id),
        )
        pending = portal_invoices.flight_lines(ctx, guest.merchant, [found])
        frame = guest.frame(guest.customer(ctx))
        return framing.show(invoice_view.page(ctx, guest.merchant, found, frame, doors, pending))


@blueprint.get("/invoices/<public_id>/files/<file_id>")
@for_guests
def file(guest: Guest, public_id: str, file_id: str) -> BaseResponse:
    with runtime().read() as ctx:
        found = invoice_view.own(ctx, guest.session.customer_id, public_id)
        return invoice_view.download(ctx, found, file_id)


@blueprint.post("/invoices/<public_id>/credit")
@for_guests
def use_credit(guest: Guest, public_id: str) -> BaseResponse:
    return _use_credit(guest, public_id)


@writes
def _use_credit(ctx: Context, guest: Guest, public_id: str) -> BaseResponse:
    """Exactly what the button said: if it is no longer there, nothing is used."""
    found = invoice_view.own(ctx, guest.session.customer_id, public_id)
    try:
        credit.apply(ctx, found, checkout.minor("seen", found.currency))
    except DomainError as refusal:
        log.info("credit.refused", code=refusal.code)
        retry_url = url_for("papers.invoice", slug=guest.merchant.slug, public_id=public_id)
        return errors.answer(409, retry_url=retry_url)
    return redirect(url_for("portal.home", slug=guest.merchant.slug, credit=1), 303)


@blueprint.get("/statement")
@for_guests
def statement(guest: Guest) -> BaseResponse:
    """Of this year, of an earlier one, or of everything there is."""
    with runtime().read() as ctx:
        customer = guest.customer(ctx)
        accounts = [history.of_customer(ctx, customer, currency) for currency in history.currencies(ctx, customer)]
        span = _span(ctx, guest.merchant, [step.at for told in accounts for step in told])
        return framing.show(
            StatementPage(
                frame=guest.frame(customer),
                customer_name=customer.name,
                first=span.first,
                last=span.last,
                made_at=ctx.clock.now(),
                periods=_periods(guest, span),
                accounts=[_account(ctx, guest.merchant, told, span) for told in accounts if told],
                back_url=guest.home_url,
            )
        )


@dataclass(frozen=True, slots=True)
class _Span:
    """From one day to another, both included. `year` None: from the first entry to today."""

    year: int | None
    years: range
    first: date
    last: date


def _span(ctx: Context, merchant: Merchant, moments: Sequence[datetime]) -> _Span:
    today = local_day(ctx.clock.now(), merchant)
    oldest = min([local_day(at, merchant) for at in moments], default=today)
    years = range(oldest.year, today.year + 1)
    asked = request.args.get("year", str(today.year))
    if asked == EVERYTHING:
        return _Span(None, years, oldest, today)
    if asked not in [str(year) for year in years]:
        abort(404)
    year = int(asked)
    return _Span(year, years, date(year, 1, 1), min(date(year, 12, 31), today))


def _periods(guest: Guest, span: _Span) -> list[Period]:
    """The newest year first, then everything. A single year needs no choice."""
    if len(span.years) == 1:
        return []
    url = url_for("papers.statement", slug=guest.merchant.slug)
    by_year = [
        Period(label=str(year), url=f"{url}?year={year}", is_current=year == span.year) for year in reversed(span.years)
    ]
    return [*by_year, Period(label=None, url=f"{url}?year={EVERYTHING}", is_current=span.year is None)]


def _account(ctx: Context, merchant: Merchant, told: Sequence[history.Step], span: _Span) -> Account:
    nothing = told[0].amount - told[0].amount
    before = [step.amount for step in told if local_day(step.at, merchant) < span.first]
    within = [step for step in told if span.first <= local_day(step.at, merchant) <= span.last]
    opening = sum(before, start=nothing)
    return Account(
        opening=opening,
        steps=invoice_view.steps(ctx, merchant, within, opening),
        closing=sum([step.amount for step in within], start=opening),
    )
