"""A member's browser: its cookies, and the session that begins after the second factor. A new id at each sign-in."""

import hashlib
import re
import secrets
from datetime import timedelta

import sqlalchemy as sa
from flask import request
from werkzeug.wrappers import Response

from models.context import Context
from models.member import ConsoleSession, Member
from models.merchant import Merchant, MerchantStatus
from models.session import session_hash
from web.context import runtime
from web.security import client_network, cookie_name
from web.services import settings

SESSION_COOKIE = "console"
BROWSER_COOKIE = "console-browser"
BACKGROUND = "X-Background"
TOUCH_EVERY = timedelta(minutes=1)

_BROWSER_ID = re.compile(r"[\w-]{43}", re.ASCII)
Found = tuple[ConsoleSession, Member, Merchant]


def browser_id() -> str | None:
    found = request.cookies.get(cookie_name(settings(), BROWSER_COOKIE), "")
    return found if _BROWSER_ID.fullmatch(found) else None


def new_browser_id() -> str:
    return secrets.token_urlsafe(32)


def browser_hash(browser: str) -> str:
    return hashlib.sha256(f"console/{browser}".encode()).hexdigest()


def begin(ctx: Context, member: Member) -> str:
    """The new session's token, which only the browser keeps."""
    end(ctx)  # whoever was signed in here is not any more
    token, now = secrets.token_urlsafe(32), ctx.clock.now()
    ctx.session.add(
        ConsoleSession(
            token_hash=session_hash(token),
            merchant_id=member.merchant_id,
            member_id=member.id,
            network=client_network(),
            created_at=now,
            seen_at=now,
            fresh_at=now,
        )
    )
    return token


def find() -> Found | None:
    """Who is signed in. A member taken out, a merchant suspended: nobody, at once."""
    with runtime().read() as ctx:
        found, now = _row(ctx), ctx.clock.now()
    if found is None:
        return None
    session, member, merchant = found
    is_welcome = member.disabled_at is None and merchant.status is MerchantStatus.ACTIVE
    if not (session.is_live(now) and is_welcome):
        return None
    # A page that looks by itself is nobody's activity.
    if now - session.seen_at >= TOUCH_EVERY and BACKGROUND not in request.headers:
        _touch(session.id)
    return found


def has_cookie() -> bool:
    return bool(request.cookies.get(cookie_name(settings(), SESSION_COOKIE)))


def end(ctx: Context) -> None:
    """On our side, whatever the browser does with its cookie."""
    found = _row(ctx)
    if found is not None and found[0].revoked_at is None:
        found[0].revoked_at = ctx.clock.now()


def end_all(ctx: Context, member_id: int, but: int | None = None) -> None:
    """Every session of a member, at once: signed out, taken out, another email or authenticator."""
    open_ones = (ConsoleSession.member_id == member_id) & ConsoleSession.revoked_at.is_(None)
    others = open_ones & (ConsoleSession.id != but) if but is not None else open_ones
    ctx.session.execute(sa.update(ConsoleSession).where(others).values(revoked_at=ctx.clock.now()))


def keep(response: Response, name: str, value: str) -> None:
    """Strict: no other site can make a member's browser act here. Until the browser closes; the row says no earlier."""
    name, is_secure = cookie_name(settings(), name), settings().is_secure
    response.set_cookie(name, value, secure=is_secure, httponly=True, samesite="Strict", path="/")


def drop(response: Response, name: str) -> None:
    name, is_secure = cookie_name(settings(), name), settings().is_secure
    response.delete_cookie(name, secure=is_secure, httponly=True, samesite="Strict", path="/")


def _row(ctx: Context) -> Found | None:
    token = request.cookies.get(cookie_name(settings(), SESSION_COOKIE))
    if not token:
        return None
    rows = ctx.session.execute(
        sa.select(ConsoleSession, Member, Merchant)
        .join(Member, Member.id == ConsoleSession.member_id)
        .join(Merchant, Merchant.id == ConsoleSession.merchant_id)
        .where(ConsoleSession.token_hash == session_hash(token))
    )
    found = rows.first()
    return (found[0], found[1], found[2]) if found is not None else None


def _touch(session_id: int) -> None:
    still_live = (ConsoleSession.id == session_id) & ConsoleSession.revoked_at.is_(None)
    with runtime().write() as ctx:
        ctx.session.execute(sa.update(ConsoleSession).where(still_live).values(seen_at=ctx.clock.now()))
