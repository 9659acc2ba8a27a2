"""The pages before someone is signed in: email, code, which account. They say the same whoever is on file."""

from datetime import timedelta

from flask import Response, url_for

from bot.verifying import LOCKED_FOR
from models.context import Context
from models.merchant import Merchant
from models.session import IDLE_LIFETIME
from models.verification import CODE_DIGITS, CODE_LIFETIME
from web import auth, framing
from web.pages import AccountsPage, Choice, CodePage, Notice, Problem, SignInPage


def sign_in_page(
    merchant: Merchant, *, problem: Problem | None = None, notice: Notice | None = None, email: str = ""
) -> Response:
    page = SignInPage(
        frame=framing.frame(merchant),
        problem=problem,
        notice=notice,
        action=url_for("portal.ask", slug=merchant.slug),
        email=email,
        idle_minutes=minutes(IDLE_LIFETIME),
    )
    return framing.show(page, _status(problem))


def code_page(
    ctx: Context,
    merchant: Merchant,
    browser: str,
    *,
    problem: Problem | None = None,
    notice: Notice | None = None,
    typed: str = "",
    tries_left: int = 0,
) -> Response:
    asked = auth.challenge(ctx, merchant, browser)
    page = CodePage(
        frame=framing.frame(merchant),
        problem=problem,
        notice=notice,
        action=url_for("portal.check", slug=merchant.slug),
        resend_action=url_for("portal.send_again", slug=merchant.slug),
        restart_url=url_for("portal.home", slug=merchant.slug),
        email=asked.email if asked is not None and not asked.is_email_hidden else None,
        code=typed,
        tries_left=tries_left,
        digits=asked.digits if asked else CODE_DIGITS,
        minutes=minutes(CODE_LIFETIME),
        locked_minutes=minutes(LOCKED_FOR),
    )
    return framing.show(page, _status(problem))


def accounts_page(ctx: Context, merchant: Merchant, problem: Problem | None = None) -> Response | None:
    """None without a fresh approval to choose with."""
    found = auth.accounts(ctx, merchant, auth.browser_id())
    if not found:
        return None
    page = AccountsPage(
        frame=framing.frame(merchant),
        problem=problem,
        action=url_for("portal.choose_account", slug=merchant.slug),
        accounts=[Choice(value=customer.public_id, label=customer.name) for customer, _ in found],
    )
    return framing.show(page, _status(problem))


def _status(problem: Problem | None) -> int:
    if problem is None:
        return 200
    return 429 if problem is Problem.CODE_LOCKED else 400


def minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)
