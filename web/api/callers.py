"""Who calls: the key in the Authorization header, the merchant and the mode that it stands for, and what it may do."""

from dataclasses import dataclass

import sqlalchemy as sa
from flask import request

from models import limits
from models.context import Context
from models.errors import DomainError
from models.merchant import ApiKey, Merchant, MerchantStatus, Mode, Scope
from web.context import runtime
from web.security import client_network

_PARTS = 4


@dataclass(frozen=True, slots=True)
class Caller:
    """One key of one merchant. Everything it touches is that merchant's and of that mode."""

    key_id: int
    key_prefix: str
    merchant_id: int
    mode: Mode


def identify(ctx: Context, scope: Scope) -> Caller:
    """Raises DomainError: "key_missing", "key_unknown", "scope_missing"."""
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    if kind.casefold() != "bearer" or not text:
        raise DomainError("key_missing")
    key = _find(ctx, text.strip())
    if key is None:
        raise DomainError("key_unknown")
    if not key.allows(scope):
        raise DomainError("scope_missing")
    return Caller(key.id, key.prefix, key.merchant_id, key.mode)


def _find(ctx: Context, text: str) -> ApiKey | None:
    parts = text.split("_", _PARTS - 1)
    if len(parts) != _PARTS or parts[0] != "till":
        return None
    _, mode, prefix, secret = parts
    live = sa.select(ApiKey).join(Merchant, Merchant.id == ApiKey.merchant_id)
    live = live.where(ApiKey.prefix == prefix, Merchant.status == MerchantStatus.ACTIVE)
    key = ctx.session.scalars(live).one_or_none() if prefix.isalnum() else None
    return key if key is not None and key.mode == mode and key.accepts(secret) else None


def may_guess_on() -> bool:
    """Count an unknown key against the network it came from: nobody who guesses gets far."""
    with runtime().write() as ctx:
        return limits.hit(ctx.session, limits.BAD_KEYS_PER_NETWORK, client_network(), ctx.clock.now())
