"""The way in: an emailed code, then the authenticator's. Nobody learns here whose email is a member's."""

from dataclasses import dataclass
from typing import Any, ClassVar

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot import member_codes
from bot.member_codes import Checked
from models import limits
from models.context import Context
from models.errors import DomainError
from models.member import ConsoleSession, Member, SignIn
from models.merchant import Merchant
from web.console import audit, door_pages, factors, frame, session
from web.console.access import safe_next
from web.console.door_pages import DoorNotice
from web.console.frame import ConsolePage, parts
from web.console.visitor import visitor
from web.context import reads, writes
from web.pages import Choice
from web.portal import email_problem
from web.security import client_network

blueprint = Blueprint("console", __name__, url_prefix="/console")

MAX_CHARS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmPage(ConsolePage):
    template: ClassVar[str] = "web/console/confirm.html"
    wanted: str
    wrong: str | None = None


# --- the email -------------------------------------------------------------------------------------------------------
@blueprint.get("/sign-in")
def sign_in() -> Response:
    notice = DoorNotice.SIGNED_OUT if "bye" in request.args else None
    return door_pages.sign_in(notice=notice, wanted=_wanted())


@blueprint.post("/sign-in")
@writes
def ask(ctx: Context) -> AnyResponse:
    """Send a code, if there is anyone to send it to."""
    typed = request.form.get("email", "").strip()
    problem = email_problem(typed)
    if problem is not None:
        return door_pages.sign_in(wrong=problem.value, email=typed[:254], wanted=_wanted(), status=400)
    browser = session.browser_id() or session.new_browser_id()
    if limits.hit(ctx.session, limits.CODES_PER_BROWSER_NETWORK, f"console/{client_network()}", ctx.clock.now()):
        member_codes.start(ctx, session.browser_hash(browser), typed)
    response = redirect(url_for("console.code", **_onward()), 303)
    session.keep(response, session.BROWSER_COOKIE, browser)
    return response


# --- the code --------------------------------------------------------------------------------------------------------
@blueprint.get("/sign-in/code")
@reads
def code(ctx: Context) -> AnyResponse:
    asked = _asked(ctx)
    return door_pages.code(asked.email, _wanted()) if asked is not None else _to_start()


@blueprint.post("/sign-in/code")
@writes
def check_code(ctx: Context) -> AnyResponse:
    asked = _asked(ctx)
    if asked is None:
        return _to_start()
    typed = "".join(c for c in request.form.get("code", "")[:MAX_CHARS] if c.isalnum())
    if not typed:
        return door_pages.code(asked.email, _wanted(), wrong="code_missing")
    checked = member_codes.check(ctx, asked, typed)
    if checked is Checked.RIGHT:
        return redirect(url_for("console.factor", **_onward()), 303)
    return door_pages.code(asked.email, _wanted(), wrong=checked.value)


# --- the authenticator -----------------------------------------------------------------------------------------------
@blueprint.get("/sign-in/authenticator")
@writes
def factor(ctx: Context) -> AnyResponse:
    asked = _proven(ctx)
    return _factor_page(ctx, asked) if asked is not None else _to_start()


@blueprint.post("/sign-in/authenticator")
@writes
def check_factor(ctx: Context) -> AnyResponse:
    asked = _proven(ctx)
    if asked is None:
        return _to_start()
    found = _candidate(ctx, asked, request.form.get("member", ""))
    if found is None:
        return _factor_page(ctx, asked, "choice_missing" if "member" in request.form else None)
    if "code" not in request.form:  # a merchant was chosen, and its authenticator comes next
        return _factor_page(ctx, asked)
    member = factors.locked(ctx, found[0].id)
    try:
        right = factors.check(ctx, member, request.form["code"][:MAX_CHARS])
    except DomainError:
        return _factor_page(ctx, asked, "locked")
    if not right:
        return _factor_page(ctx, asked, "factor_wrong")
    return _enter(ctx, asked, member)


def _enter(ctx: Context, asked: SignIn, member: Member) -> AnyResponse:
    now, is_new = ctx.clock.now(), member.enrolled_at is None
    asked.used_at = now
    member.enrolled_at = member.enrolled_at or now
    token = session.begin(ctx, member)
    audit.record(ctx, "member.signed_in", member, label=member.name, member=member)
    to = safe_next(_wanted())
    codes = factors.new_recovery_codes(ctx, member) if is_new else ()
    response: AnyResponse = door_pages.recovery(codes, to) if codes else redirect(to, 303)
    session.keep(response, session.SESSION_COOKIE, token)
    session.drop(response, session.BROWSER_COOKIE)
    return response


# --- inside ----------------------------------------------------------------------------------------------------------
@blueprint.get("/confirm")
def confirm() -> Response:
    return frame.show(ConfirmPage(**parts(), wanted=safe_next(_wanted())))


@blueprint.post("/confirm")
@writes
def check_confirm(ctx: Context) -> AnyResponse:
    """The authenticator again, for what moves money or hands out keys."""
    member = factors.locked(ctx, visitor().member.id)
    wanted = safe_next(_wanted())
    try:
        wrong = None if factors.check(ctx, member, request.form.get("code", "")[:MAX_CHARS]) else "factor_wrong"
    except DomainError:
        wrong = "locked"
    if wrong is not None:
        return frame.show(ConfirmPage(**parts(), wanted=wanted, wrong=wrong), 429 if wrong == "locked" else 400)
    ctx.session.get_one(ConsoleSession, visitor().session.id).fresh_at = ctx.clock.now()
    return redirect(wanted, 303)


@blueprint.post("/sign-out")
@writes
def sign_out(ctx: Context) -> AnyResponse:
    session.end(ctx)
    audit.record(ctx, "member.signed_out", visitor().member, label=visitor().member.name)
    response = redirect(url_for("console.sign_in", bye=1), 303)
    session.drop(response, session.SESSION_COOKIE)
    return response


# --- pieces ----------------------------------------------------------------------------------------------------------
def _wanted() -> str:
    return (request.form.get("next") or request.args.get("next") or "")[:512]


def _onward() -> dict[str, Any]:
    return {"next": _wanted()} if _wanted() else {}


def _to_start() -> AnyResponse:
    return redirect(url_for("console.sign_in", **_onward()), 303)


def _asked(ctx: Context) -> SignIn | None:
    browser = session.browser_id()
    return member_codes.latest(ctx, session.browser_hash(browser)) if browser is not None else None


def _proven(ctx: Context) -> SignIn | None:
    asked = _asked(ctx)
    is_good = asked is not None and asked.proven_at is not None and asked.is_open(ctx.clock.now())
    return asked if is_good else None


def _candidate(ctx: Context, asked: SignIn, chosen: str) -> tuple[Member, Merchant] | None:
    """Whom the email may come in as; with several merchants, the one that was chosen."""
    found = member_codes.members(ctx, asked.email)
    if len(found) == 1:
        return found[0]
    return next((one for one in found if one[0].public_id == chosen), None)


def _factor_page(ctx: Context, asked: SignIn, wrong: str | None = None) -> Response:
    found = _candidate(ctx, asked, request.form.get("member", ""))
    if found is None:
        others = member_codes.members(ctx, asked.email)
        choices = [Choice(value=member.public_id, label=merchant.name) for member, merchant in others]
        return door_pages.factor(_wanted(), choices=choices, wrong=wrong)
    member, merchant = found
    if member.enrolled_at is not None:
        return door_pages.factor(_wanted(), chosen=member.public_id, wrong=wrong)
    secret = factors.secret_of(ctx, member)
    qr = factors.picture(factors.address(member, merchant, secret))
    return door_pages.factor(_wanted(), chosen=member.public_id, qr=qr, secret=secret, wrong=wrong)
