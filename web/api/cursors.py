"""Pages of a list, the newest first. A cursor is signed and good for the list it came from only."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, TypeVar

import sqlalchemy as sa
from flask import request
from pydantic import BaseModel, ConfigDict, Field

from models.base import Base
from models.errors import DomainError
from models.signing import Purpose
from web.api.operations import Call

MOST = 100
USUAL = 25
LIFETIME = timedelta(days=30)

Row = TypeVar("Row", bound=Base)


class PageQuery(BaseModel):
    """`cursor`: the `next_cursor` of the page before."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(USUAL, ge=1, le=MOST)
    cursor: str | None = Field(None, min_length=1, max_length=200)


def page(
    call: Call, which: "sa.Select[Any]", row_type: type[Row], query: PageQuery
) -> tuple[Sequence[Row], str | None]:
    """The rows of one page and the cursor of the next. Raises DomainError("bad_cursor")."""
    key = row_type.__table__.c.id
    if query.cursor is not None:
        which = which.where(key < _read(call, query.cursor))
    rows = call.ctx.session.scalars(which.order_by(key.desc()).limit(query.limit + 1)).all()
    if len(rows) <= query.limit:
        return rows, None
    rows = rows[: query.limit]
    return rows, _mint(call, rows[-1].id)


def _mint(call: Call, last_id: int) -> str:
    payload = last_id.to_bytes(8, "big") + _list(call)
    return call.ctx.signer.mint(Purpose.CURSOR, payload, call.ctx.clock.now())


def _read(call: Call, cursor: str) -> int:
    try:
        payload = call.ctx.signer.read(Purpose.CURSOR, cursor, now=call.ctx.clock.now(), max_age=LIFETIME)
    except DomainError as error:
        raise DomainError("bad_cursor") from error
    if payload[8:] != _list(call):
        raise DomainError("bad_cursor")
    return int.from_bytes(payload[:8], "big")


def _list(call: Call) -> bytes:
    """Names the list: whose, in which mode, where, and filtered by what."""
    filters = sorted((name, value) for name, value in request.args.items() if name not in ("cursor", "limit"))
    named = repr((call.caller.merchant_id, call.caller.mode.value, request.path, filters))
    return hashlib.blake2b(named.encode(), digest_size=8).digest()
