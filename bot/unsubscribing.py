"""The link that ends a merchant's emails to one address (RFC 8058). Its token names one address at one merchant; it
proves nothing else, and stops working when the address is edited."""

import hashlib
from datetime import timedelta

from bot import messenger, optouts
from models.context import Context
from models.customer import Channel, ContactPoint
from models.errors import DomainError
from models.signing import Purpose

MERCHANT_STARTED = frozenset({messenger.INVOICE, "remind_before", "remind_due", "remind_after", "remind_several"})
"""Emails that nobody asked for: they say how to end them, in `{stop}` and to the mail program itself (RFC 8058)."""
LIFETIME = timedelta(days=5 * 365)
"""Mails are kept for years, and a refusal is welcome at any time."""


def url(ctx: Context, point: ContactPoint) -> str:
    payload = point.id.to_bytes(8, "big") + _fingerprint(point)
    return f"{ctx.site.base_url}/u/{ctx.signer.mint(Purpose.UNSUBSCRIBE, payload, point.created_at)}"


def headers(ctx: Context, point: ContactPoint) -> dict[str, str]:
    """For mails that a merchant starts. A press in the mail program posts at once, without a page."""
    return {"List-Unsubscribe": f"<{url(ctx, point)}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def find(ctx: Context, token: str) -> ContactPoint:
    """Raises DomainError: "bad_token", "expired_token"."""
    payload = ctx.signer.read(Purpose.UNSUBSCRIBE, token, now=ctx.clock.now(), max_age=LIFETIME)
    point = ctx.session.get(ContactPoint, int.from_bytes(payload[:8], "big"))
    if point is None or payload[8:] != _fingerprint(point):
        raise DomainError("bad_token")
    ctx.turn_to(point.merchant_id)
    return point


def is_done(ctx: Context, point: ContactPoint) -> bool:
    return optouts.is_opted_out(ctx, point.merchant_id, Channel.EMAIL, point.address)


def unsubscribe(ctx: Context, token: str) -> ContactPoint:
    """Raises DomainError. Twice does no more than once."""
    point = find(ctx, token)
    if not is_done(ctx, point):
        optouts.opt_out(ctx, point.merchant_id, Channel.EMAIL, point.address, "unsubscribe_link")
    return point


def _fingerprint(point: ContactPoint) -> bytes:
    return hashlib.blake2b(point.address.encode(), digest_size=4).digest()
