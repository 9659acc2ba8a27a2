"""The phones of a merchant's own people: each proves itself by a code texted to it before its texts are commands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot import staff_phones
from models.context import Context
from models.customer import Channel
from models.errors import DomainError
from models.merchant import Merchant
from web import typed
from web.console import audit, frame
from web.console.frame import ConsolePage, done, parts, unchanged
from web.console.visitor import visitor
from web.context import reads, writes
from web.services import directory

blueprint = Blueprint("console_phones", __name__, url_prefix="/console/settings/phones")


@dataclass(frozen=True, slots=True, kw_only=True)
class PhonesPage(ConsolePage):
    template: ClassVar[str] = "web/console/phones.html"
    section: ClassVar[str] = "settings"
    merchant: Merchant
    phone: str = ""
    """What was typed, or waits for its code."""


@blueprint.get("")
@reads
def index(ctx: Context) -> Response:
    return _page(ctx.session.get_one(Merchant, visitor().merchant.id), phone=request.args.get("phone", "")[:20])


@blueprint.post("")
@writes
def add(ctx: Context) -> AnyResponse:
    merchant, told = _merchant(ctx), request.form.get("phone", "")[:40]
    try:
        phone = typed.address(Channel.SMS, told, merchant.country)
        staff_phones.ask(ctx, merchant, phone)
    except DomainError as error:
        return _page(merchant, {"phone": error.code}, told)
    audit.record(ctx, "phone.asked", merchant, label=phone)
    return done("phone_asked", url_for("console_phones.index", phone=phone), phone)


@blueprint.post("/confirm")
@writes
def confirm(ctx: Context) -> AnyResponse:
    merchant, phone = _merchant(ctx), request.form.get("phone", "")[:20]
    if not staff_phones.confirm(ctx, merchant, phone, request.form.get("code", "")[:10]):
        return _page(merchant, {"code": "code_wrong"}, phone)
    return _changed(ctx, merchant, "phone.added", phone)


@blueprint.post("/remove")
@writes
def remove(ctx: Context) -> AnyResponse:
    merchant, phone = _merchant(ctx), request.form.get("phone", "")[:20]
    if not staff_phones.remove(ctx, merchant, phone):
        return unchanged("saved", url_for("console_phones.index"))
    return _changed(ctx, merchant, "phone.removed", phone)


@blueprint.get("/confirm")
@blueprint.get("/remove")
@reads
def again(ctx: Context) -> Response:
    """Where the second factor leads back to."""
    return _page(ctx.session.get_one(Merchant, visitor().merchant.id))


def _changed(ctx: Context, merchant: Merchant, action: str, phone: str) -> AnyResponse:
    audit.record(ctx, action, merchant, label=phone)
    directory().forget()
    return done(action.replace(".", "_"), url_for("console_phones.index"), phone)


def _page(merchant: Merchant, problems: Mapping[str, str] | None = None, phone: str = "") -> Response:
    page = PhonesPage(**parts(), problems=problems or {}, merchant=merchant, phone=phone)
    return frame.show(page, 422 if problems else 200)


def _merchant(ctx: Context) -> Merchant:
    return ctx.session.get_one(Merchant, visitor().merchant.id, with_for_update=True)
