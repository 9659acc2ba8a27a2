"""A merchant's portal: sign in with an emailed code, see what is owed and paid, choose what to pay. Every answer before
the code is right is the same for emails on file and for any other."""

import re

from flask import Blueprint, Response, abort, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from bot import verifying
from bot.verifying import Checked, Outcome
from models import limits
from models.context import Context
from models.customer import normalise_email
from models.merchant import Merchant
from models.session import WebSession
from payments import links
from web import auth, errors, framing, portal_invoices, sign_in_pages
from web.context import reads, runtime, writes
from web.pages import Notice, Problem
from web.portal_visits import Guest, for_guests, merchant_of, to_door
from web.security import client_network

blueprint = Blueprint("portal", __name__, url_prefix="/m/<slug>")

MAX_EMAIL_CHARS = 254  # RFC 5321
MAX_CODE_CHARS = 32
# No stricter than what merchants may have on file: who cannot type it cannot sign in.
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}@[^@\s\x00-\x1f\x7f]+\.[^@\s\x00-\x1f\x7f]{2,}")


# --- the door --------------------------------------------------------------------------------------------------------
@blueprint.get("")
def home(slug: str) -> Response:
    merchant = merchant_of(slug)
    session = auth.visitor(merchant)
    if session is not None:
        with runtime().read() as ctx:
            return framing.show(
                portal_invoices.page(
                    ctx,
                    merchant,
                    session,
                    all_paid="all" in request.args,
                    notice=Notice.CREDIT_USED if "credit" in request.args else None,
                )
            )
    notice = Notice.SIGNED_OUT if "bye" in request.args else None
    notice = Notice.REMINDER_OVER if "over" in request.args else notice
    if notice is None and auth.was_signed_in(merchant):
        notice = Notice.SESSION_ENDED
    return sign_in_pages.sign_in_page(merchant, notice=notice)


@blueprint.post("")
@writes
def ask(ctx: Context, slug: str) -> BaseResponse:
    """Send a code, if there is anyone to send it to."""
    merchant = merchant_of(slug)
    typed = request.form.get("email", "").strip()
    problem = email_problem(typed)
    if problem is not None:
        return sign_in_pages.sign_in_page(merchant, problem=problem, email=typed[:MAX_EMAIL_CHARS])
    browser = auth.browser_id() or auth.new_browser_id()
    if _may_ask(ctx):
        verifying.start(ctx, merchant, auth.asker(merchant, browser), typed)
    response = redirect(url_for("portal.code", slug=slug), 303)
    auth.keep(response, auth.BROWSER_COOKIE, browser)
    return response


@blueprint.get("/code")
@reads
def code(ctx: Context, slug: str) -> BaseResponse:
    merchant, browser = _asked(slug)
    if verifying.lock_of(ctx, merchant, auth.asker(merchant, browser)) is not None:
        return sign_in_pages.code_page(ctx, merchant, browser, problem=Problem.CODE_LOCKED)
    return sign_in_pages.code_page(
        ctx, merchant, browser, notice=Notice.CODE_RESENT if "again" in request.args else None
    )


@blueprint.post("/code/again")
@writes
def send_again(ctx: Context, slug: str) -> BaseResponse:
    merchant, browser = _asked(slug)
    if _may_ask(ctx):
        verifying.again(ctx, merchant, auth.asker(merchant, browser))
    return redirect(url_for("portal.code", slug=slug, again=1), 303)


@blueprint.post("/code")
@writes
def check(ctx: Context, slug: str) -> BaseResponse:
    merchant, browser = _asked(slug)
    typed = request.form.get("code", "")[:MAX_CODE_CHARS]
    if not (digits := re.sub(r"[\s.-]", "", typed)):
        return sign_in_pages.code_page(ctx, merchant, browser, problem=Problem.CODE_MISSING)
    checked = verifying.check(ctx, merchant, auth.asker(merchant, browser), digits)
    if checked.outcome is Outcome.APPROVED:
        return _approved(ctx, merchant, browser, checked)
    return _refused(ctx, merchant, browser, checked, typed)


@blueprint.get("/accounts")
@reads
def accounts(ctx: Context, slug: str) -> BaseResponse:
    merchant = merchant_of(slug)
    return sign_in_pages.accounts_page(ctx, merchant) or to_door(slug)


@blueprint.post("/accounts")
@writes
def choose_account(ctx: Context, slug: str) -> BaseResponse:
    merchant = merchant_of(slug)
    browser, chosen = auth.browser_id(), request.form.get("customer")
    if not chosen:
        return sign_in_pages.accounts_page(ctx, merchant, Problem.CHOICE_MISSING) or to_door(slug)
    found = [customer.id for customer, _ in auth.accounts(ctx, merchant, browser) if customer.public_id == chosen]
    if browser is None or not found:
        abort(404)
    return _enter(ctx, merchant, browser, found[0])


@blueprint.post("/sign-out")
@writes
def sign_out(ctx: Context, slug: str) -> BaseResponse:
    merchant_of(slug)
    auth.leave(ctx)
    response = redirect(url_for("portal.home", slug=slug, bye=1), 303)
    auth.drop(response, auth.SESSION_COOKIE)
    return response


# --- inside ----------------------------------------------------------------------------------------------------------
@blueprint.post("/pay")
@for_guests
def pay(guest: Guest) -> BaseResponse:
    return _to_pay_page(guest.merchant, guest.session)


@writes
def _to_pay_page(ctx: Context, merchant: Merchant, session: WebSession) -> BaseResponse:
    """A pay link for what was ticked: only ever this customer's, only what can be paid now."""
    ticked = request.form.getlist("invoice")
    if not ticked:
        page = portal_invoices.page(ctx, merchant, session, problem=Problem.NOTHING_SELECTED)
        return framing.show(page, 400)
    picked = portal_invoices.pick(ctx, session, ticked)
    if not picked:  # someone else paid or changed it while this page was open
        return errors.answer(409, retry_url=url_for("portal.home", slug=merchant.slug))
    link = links.open_link(ctx, merchant_id=merchant.id, customer_id=session.customer_id, invoices=picked)
    return redirect(url_for("pay.show", token=links.token(ctx, link)), 303)


# --- pieces ----------------------------------------------------------------------------------------------------------
def _asked(slug: str) -> tuple[Merchant, str]:
    """Behind the question for a code; a browser that was never asked is sent to the door."""
    merchant, browser = merchant_of(slug), auth.browser_id()
    if browser is None:
        abort(to_door(slug))
    return merchant, browser


def email_problem(typed: str) -> Problem | None:
    if not typed:
        return Problem.EMAIL_MISSING
    well_formed = len(normalise_email(typed)) <= MAX_EMAIL_CHARS and _EMAIL.fullmatch(typed)
    return None if well_formed else Problem.EMAIL_MALFORMED


def _may_ask(ctx: Context) -> bool:
    return limits.hit(ctx.session, limits.CODES_PER_BROWSER_NETWORK, client_network(), ctx.clock.now())


def _refused(ctx: Context, merchant: Merchant, browser: str, checked: Checked, typed: str) -> BaseResponse:
    match checked.outcome:
        case Outcome.WRONG:
            left = checked.tries_left
            return sign_in_pages.code_page(
                ctx, merchant, browser, problem=Problem.CODE_WRONG, typed=typed, tries_left=left
            )
        case Outcome.EXPIRED:
            return sign_in_pages.code_page(
                ctx, merchant, browser, problem=Problem.CODE_EXPIRED, notice=Notice.CODE_RESENT
            )
        case Outcome.LOCKED | Outcome.BLOCKED:
            return sign_in_pages.code_page(ctx, merchant, browser, problem=Problem.CODE_LOCKED)
        case _:
            return to_door(merchant.slug)


def _approved(ctx: Context, merchant: Merchant, browser: str, checked: Checked) -> BaseResponse:
    auth.let_choose(ctx, merchant, browser)
    if len(checked.customers) == 1:
        return _enter(ctx, merchant, browser, checked.customers[0])
    return redirect(url_for("portal.accounts", slug=merchant.slug), 303)


def _enter(ctx: Context, merchant: Merchant, browser: str, customer_id: int) -> BaseResponse:
    token = auth.enter(ctx, merchant, browser, customer_id)
    response = to_door(merchant.slug)
    if token is not None:
        auth.keep(response, auth.SESSION_COOKIE, token)
        auth.drop(response, auth.BROWSER_COOKIE)
    return response
