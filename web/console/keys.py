"""API keys of the merchant's programs: made, shown once, revoked. Only their hash is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import sqlalchemy as sa
from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from models.context import Context
from models.merchant import ApiKey, Mode, Scope
from web.console import audit, frame, typed
from web.console.access import mine
from web.console.frame import ConsolePage, done, parts
from web.console.visitor import visitor
from web.context import reads, writes

blueprint = Blueprint("console_keys", __name__, url_prefix="/console/settings/keys")

MOST_KEYS = 50
LABEL_CHARS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysPage(ConsolePage):
    """`fresh`: the text of the key just made. It is nowhere else, and on no other page."""

    template: ClassVar[str] = "web/console/keys.html"
    section: ClassVar[str] = "settings"
    keys: Sequence[ApiKey]
    fresh: str | None = None


@blueprint.get("")
@reads
def index(ctx: Context) -> Response:
    return _page(ctx)


@blueprint.post("")
@writes
def create(ctx: Context) -> Response:
    label = typed.line(request.form.get("label", ""), LABEL_CHARS)
    asked = request.form.getlist("scope")
    scopes = [scope for scope in Scope if scope in asked]
    mode = Mode.TEST if request.form.get("mode") == Mode.TEST else Mode.LIVE
    if not label or not scopes or len(_keys(ctx)) >= MOST_KEYS:
        return _page(ctx, problem=("label", "field_missing") if not label else ("scope", "scope_missing"))
    key, text = ApiKey.issue(visitor().merchant.id, mode, label, ctx.clock.now(), scopes)
    ctx.session.add(key)
    ctx.session.flush()
    after = {"mode": mode, "may": ", ".join(scopes), "prefix": key.prefix}
    audit.record(ctx, "key.made", key, label=label, after=after)
    return _page(ctx, fresh=text)


@blueprint.post("/<public_id>/revoke")
@writes
def revoke(ctx: Context, public_id: str) -> AnyResponse:
    key = mine(ctx, ApiKey, public_id, lock=True)
    key.revoked_at = key.revoked_at or ctx.clock.now()
    audit.record(ctx, "key.revoked", key, label=key.label, after={"prefix": key.prefix})
    return done("key_revoked", url_for("console_keys.index"), key.label)


@blueprint.get("/<public_id>/revoke")
@reads
def ask_revoke(ctx: Context, public_id: str) -> AnyResponse:
    """Where the second factor leads back to."""
    mine(ctx, ApiKey, public_id)
    return _page(ctx)


def _page(ctx: Context, fresh: str | None = None, problem: tuple[str, str] | None = None) -> Response:
    page = KeysPage(**parts(), keys=_keys(ctx), fresh=fresh, problems=dict([problem]) if problem else {})
    return frame.show(page, 422 if problem else 200)


def _keys(ctx: Context) -> Sequence[ApiKey]:
    own = sa.select(ApiKey).where(ApiKey.merchant_id == visitor().merchant.id)
    return ctx.session.scalars(own.order_by(ApiKey.revoked_at.is_not(None), ApiKey.id.desc())).all()
