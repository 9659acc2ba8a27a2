"""Idempotency keys: what a POST was answered, kept and given again. The claim, the work and the answer are one
transaction, so that of several equal requests at once one works and the others wait for its answer."""

import hashlib
import json
import re
from datetime import timedelta

import sqlalchemy as sa
from flask import Response, request

from models.context import Context
from models.errors import DomainError
from models.idempotency import KEY_MAX_CHARS, ApiAnswer
from models.inserting import insert
from web.api.callers import Caller
from web.api.problems import CONTENT_TYPE

LEFT_BEHIND = timedelta(minutes=2)
"""No vendor call takes so long."""
HEADER = "Idempotency-Key"
_PRINTABLE = re.compile(rf"[\x20-\x7e]{{1,{KEY_MAX_CHARS}}}")


def key() -> str | None:
    """None: the caller sent none. Raises DomainError("idempotency_key_invalid")."""
    found = request.headers.get(HEADER)
    if found is not None and not _PRINTABLE.fullmatch(found):
        raise DomainError("idempotency_key_invalid")
    return found


def digest(wanted: str) -> str:
    """For others who keep keys of their own: short, and the same for the same key."""
    return hashlib.sha256(wanted.encode()).hexdigest()[:32]


def claim(ctx: Context, caller: Caller, wanted: str) -> Response | None:
    """None: the key is ours to work under. Otherwise the answer that was given before.
    Raises DomainError("idempotency_mismatch")."""
    statement = insert(ctx.session, ApiAnswer).values(
        merchant_id=caller.merchant_id,
        mode=caller.mode,
        key=wanted,
        fingerprint=_fingerprint(),
        created_at=ctx.clock.now(),
    )
    claimed = ctx.session.execute(statement.on_conflict_do_nothing().returning(ApiAnswer.key))
    return None if claimed.first() is not None else _given_before(ctx, caller, wanted)


def keep(ctx: Context, caller: Caller, wanted: str, answer: Response) -> None:
    ctx.session.execute(
        sa.update(ApiAnswer)
        .where(_mine(caller, wanted))
        .values(status=answer.status_code, body=answer.get_data(as_text=True))
    )


def give_up(ctx: Context, caller: Caller, wanted: str) -> None:
    """Nothing was done: the key may be used again."""
    ctx.session.execute(sa.delete(ApiAnswer).where(_mine(caller, wanted)))


def _given_before(ctx: Context, caller: Caller, wanted: str) -> Response | None:
    known = ctx.session.scalars(sa.select(ApiAnswer).where(_mine(caller, wanted))).one()
    if known.fingerprint != _fingerprint():
        raise DomainError("idempotency_mismatch")
    if known.status is None:
        if ctx.clock.now() - known.created_at < LEFT_BEHIND:
            raise DomainError("in_progress")
        return None  # whoever worked on it died; what it may have done knows this key itself
    status = known.status
    kind = "application/json" if status < 400 else CONTENT_TYPE
    return Response(known.body or "", status, content_type=kind, headers={"Idempotent-Replayed": "true"})


def _mine(caller: Caller, wanted: str) -> sa.ColumnElement[bool]:
    of_caller = (ApiAnswer.merchant_id == caller.merchant_id) & (ApiAnswer.mode == caller.mode)
    return of_caller & (ApiAnswer.key == wanted)


def _fingerprint() -> str:
    """Of what is asked, not of how it is written: spaces and the order of names do not matter."""
    asked = f"{request.method}\0{request.full_path}\0".encode()
    return hashlib.sha256(asked + _canonical(request.get_data())).hexdigest()


def _canonical(body: bytes) -> bytes:
    try:
        return json.dumps(json.loads(body), sort_keys=True).encode()
    except (ValueError, RecursionError):
        return body
