"""How long what people wrote is kept: an owner's setting, with what goes and what stays said beside it."""

from dataclasses import dataclass
from typing import ClassVar

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from models.context import Context
from models.merchant import RETENTION_LEAST, RETENTION_MOST, Merchant
from web.console import audit, frame
from web.console.frame import ConsolePage, done, parts
from web.console.visitor import visitor
from web.context import reads, writes

blueprint = Blueprint("console_retention", __name__, url_prefix="/console/settings/retention")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPage(ConsolePage):
    template: ClassVar[str] = "web/console/settings_retention.html"
    section: ClassVar[str] = "settings"
    months: str
    least: int = RETENTION_LEAST
    most: int = RETENTION_MOST


@blueprint.get("")
@reads
def show(ctx: Context) -> Response:
    merchant = ctx.session.get_one(Merchant, visitor().merchant.id)
    return frame.show(RetentionPage(**parts(), months=str(merchant.retention_months)))


@blueprint.post("")
@writes
def save(ctx: Context) -> AnyResponse:
    merchant = ctx.session.get_one(Merchant, visitor().merchant.id, with_for_update=True)
    typed = request.form.get("months", "").strip()[:8]
    fits = typed.isascii() and typed.isdigit() and RETENTION_LEAST <= int(typed) <= RETENTION_MOST
    if not fits:
        page = RetentionPage(**parts(), months=typed, problems={"months": "months_malformed"})
        return frame.show(page, 422)
    was, now = audit.changes({"months": merchant.retention_months}, {"months": int(typed)})
    merchant.retention_months = int(typed)
    audit.record(ctx, "settings.retention_changed", merchant, label=merchant.name, before=was, after=now)
    return done("saved", url_for("console_retention.show"))
