"""Idempotency keys: a request that was answered is answered the same again, a key used for something else is refused.
Scope is the merchant's keys."""

import hashlib
import re
from collections.abc import Callable

import sqlalchemy as sa

from models.context import Context
from models.errors import DomainError
from models.idempotency import KEY_MAX_CHARS, IdempotencyKey
from models.inserting import insert
from models.payment import Payment

_KEY = re.compile(rf"[!-~]{{1,{KEY_MAX_CHARS}}}")

Answer = Payment | str
"""The payment, or the code of a refusal."""


def check(key: str) -> None:
    """Raises DomainError("idempotency_key_invalid")."""
    if _KEY.fullmatch(key) is None:
        raise DomainError("idempotency_key_invalid")


def fingerprint(*wanted: object) -> str:
    """Names what was asked for."""
    return hashlib.sha256(repr(wanted).encode()).hexdigest()


def answer(
    ctx: Context,
    merchant_id: int,
    key: str,
    asked: str,
    work: Callable[[], Payment],
    *,
    passing: type[DomainError] | None = None,
) -> Answer:
    """What `work` gives or refuses, kept with the key; or what it gave before. A `passing` refusal is raised and not
    kept. Raises DomainError("idempotency_mismatch")."""
    if not _claim(ctx, merchant_id, key, asked):
        return _given_before(ctx, merchant_id, key, asked)
    try:
        payment = work()
    except DomainError as refusal:
        if passing is not None and isinstance(refusal, passing):
            raise
        _keep(ctx, merchant_id, key, error_code=refusal.code)
        return refusal.code
    _keep(ctx, merchant_id, key, payment_id=payment.id)
    return payment


def _claim(ctx: Context, merchant_id: int, key: str, asked: str) -> bool:
    statement = insert(ctx.session, IdempotencyKey).values(
        merchant_id=merchant_id, key=key, fingerprint=asked, created_at=ctx.clock.now()
    )
    claimed = ctx.session.execute(statement.on_conflict_do_nothing().returning(IdempotencyKey.key))
    return claimed.first() is not None


def _keep(ctx: Context, merchant_id: int, key: str, **outcome: object) -> None:
    mine = (IdempotencyKey.merchant_id == merchant_id) & (IdempotencyKey.key == key)
    ctx.session.execute(sa.update(IdempotencyKey).where(mine).values(outcome))


def _given_before(ctx: Context, merchant_id: int, key: str, asked: str) -> Answer:
    row = ctx.session.get_one(IdempotencyKey, (merchant_id, key))
    if row.fingerprint != asked:
        raise DomainError("idempotency_mismatch")
    return row.error_code or ctx.session.get_one(Payment, row.payment_id)
