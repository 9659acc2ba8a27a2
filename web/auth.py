"""Who is signed in at a merchant's portal: the browser's cookies, its approval by code, its session. A session is for
one customer at one merchant, and opens nothing at another."""

import re
import secrets
from datetime import timedelta

import sqlalchemy as sa
from flask import request
from werkzeug.wrappers import Response

from bot import verifying
from bot.verifying import Asker
from models.context import Context
from models.customer import Channel, ContactPoint, Customer
from models.merchant import Merchant, Mode
from models.session import WebSession, session_hash
from models.verification import Verification, VerificationStatus
from web.context import runtime
from web.security import cookie_name
from web.services import settings

SESSION_COOKIE = "portal"
BROWSER_COOKIE = "browser"
TOUCH_EVERY = timedelta(minutes=1)
"""Each look at a page keeps a session alive; writing that down more often would only cost."""
CHOOSING_LIFETIME = timedelta(minutes=10)
"""From the right code to the choice of an account, where one email has several."""

_BROWSER_ID = re.compile(r"[\w-]{43}", re.ASCII)


# --- before the code -------------------------------------------------------------------------------------------------
def browser_id() -> str | None:
    """The random id this browser got when it asked for a code. Never set on a GET: scanners open links, too."""
    found = request.cookies.get(cookie_name(settings(), BROWSER_COOKIE), "")
    return found if _BROWSER_ID.fullmatch(found) else None


def new_browser_id() -> str:
    return secrets.token_urlsafe(32)


def asker(merchant: Merchant, browser: str) -> Asker:
    """One browser at one merchant: a code asked for at another merchant's portal is good only there."""
    return Asker(channel=None, browser_hash=verifying.browser_hash(f"{merchant.public_id}/{browser}"))


def challenge(ctx: Context, merchant: Merchant, browser: str) -> Verification | None:
    """What this browser was asked last."""
    mine = Verification.browser_hash == asker(merchant, browser).browser_hash
    return ctx.session.scalars(sa.select(Verification).where(mine).order_by(Verification.id.desc()).limit(1)).first()


# --- between the code and the account --------------------------------------------------------------------------------
def let_choose(ctx: Context, merchant: Merchant, browser: str) -> None:
    """The approval stays good for one choice, for a while."""
    approved = challenge(ctx, merchant, browser)
    if approved is not None:
        approved.expires_at = ctx.clock.now() + CHOOSING_LIFETIME


def accounts(ctx: Context, merchant: Merchant, browser: str | None) -> list[tuple[Customer, ContactPoint]]:
    """Whom this browser may be, by the email it has proven and as the file is now. Empty without a fresh approval."""
    approved = challenge(ctx, merchant, browser) if browser is not None else None
    if approved is None or approved.status is not VerificationStatus.APPROVED:
        return []
    if ctx.clock.now() >= approved.expires_at:
        return []
    rows = ctx.session.execute(
        sa.select(Customer, ContactPoint)
        .join(ContactPoint, ContactPoint.customer_id == Customer.id)
        .where(
            Customer.merchant_id == merchant.id,
            ContactPoint.channel == Channel.EMAIL,
            ContactPoint.address == approved.email,
            ContactPoint.mode == Mode.LIVE,
            ContactPoint.bad_since_at.is_(None),
        )
        .order_by(Customer.id)
    )
    return [(customer, point) for customer, point in rows]


# --- the session -----------------------------------------------------------------------------------------------------
def enter(ctx: Context, merchant: Merchant, browser: str, customer_id: int) -> str | None:
    """Use the approval up for a session; its token, which only the browser keeps. None: not one of its accounts, or
    used up already."""
    found = [point for customer, point in accounts(ctx, merchant, browser) if customer.id == customer_id]
    if not found or not _use_up(ctx, merchant, browser):
        return None
    leave(ctx)  # whoever was signed in here is not any more
    now, token = ctx.clock.now(), WebSession.new_token()
    ctx.session.add(
        WebSession(
            token_hash=session_hash(token),
            merchant_id=merchant.id,
            customer_id=customer_id,
            contact_point_id=found[0].id,
            created_at=now,
            seen_at=now,
        )
    )
    return token


def _use_up(ctx: Context, merchant: Merchant, browser: str) -> bool:
    """One conditional update: of two who choose at once, one gets in."""
    now = ctx.clock.now()
    mine = Verification.browser_hash == asker(merchant, browser).browser_hash
    still_good = (Verification.status == VerificationStatus.APPROVED) & (Verification.expires_at > now)
    used = sa.update(Verification).where(mine, still_good).values(expires_at=now).returning(Verification.id)
    return ctx.session.execute(used.execution_options(synchronize_session=False)).first() is not None


def visitor(merchant: Merchant) -> WebSession | None:
    """This browser's live session at this merchant."""
    with runtime().read() as ctx:
        found = _session(ctx)
        now = ctx.clock.now()
    if found is None or found.merchant_id != merchant.id or not found.is_live(now):
        return None
    if now - found.seen_at >= TOUCH_EVERY:
        _touch(found)
    return found


def was_signed_in(merchant: Merchant) -> bool:
    """True where the browser shows a session of this merchant that has ended by itself."""
    with runtime().read() as ctx:
        found = _session(ctx)
    return found is not None and found.merchant_id == merchant.id and found.revoked_at is None


def leave(ctx: Context) -> None:
    """End the browser's session on our side, whatever the browser does with its cookie."""
    found = _session(ctx)
    if found is not None and found.revoked_at is None:
        found.revoked_at = ctx.clock.now()


def _session(ctx: Context) -> WebSession | None:
    token = request.cookies.get(cookie_name(settings(), SESSION_COOKIE))
    if not token:
        return None
    return ctx.session.scalars(sa.select(WebSession).where(WebSession.token_hash == session_hash(token))).one_or_none()


def _touch(session: WebSession) -> None:
    still_live = (WebSession.id == session.id) & WebSession.revoked_at.is_(None)
    with runtime().write() as ctx:
        ctx.session.execute(sa.update(WebSession).where(still_live).values(seen_at=ctx.clock.now()))


# --- cookies ---------------------------------------------------------------------------------------------------------
def keep(response: Response, name: str, value: str) -> None:
    """Until the browser closes; the row behind it says no earlier."""
    is_secure = settings().is_secure
    response.set_cookie(cookie_name(settings(), name), value, secure=is_secure, httponly=True, samesite="Lax", path="/")


def drop(response: Response, name: str) -> None:
    is_secure = settings().is_secure
    response.delete_cookie(cookie_name(settings(), name), secure=is_secure, httponly=True, samesite="Lax", path="/")
