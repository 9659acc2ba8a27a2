"""The merchant's own portal seen from the console: its link to pass on, the logo on it, a look at it with made-up
people. There is no way from here to a customer's own pages."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from flask import Blueprint, Response, abort, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from models.context import Context
from models.errors import DomainError
from models.merchant import Merchant
from web import framing, logos, portal_preview, portal_share
from web.console import audit, frame
from web.console.frame import ConsolePage, parts
from web.console.visitor import visitor
from web.context import writes
from web.services import directory

blueprint = Blueprint("console_portal", __name__, url_prefix="/console/portal")

FORM_BYTES = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalPage(ConsolePage):
    template: ClassVar[str] = "web/console/portal.html"
    section: ClassVar[str] = "portal"
    portal_url: str
    qr_url: str
    button: Callable[[str], str]
    """HTML of the button for a website, by its label."""


@blueprint.url_value_preprocessor
def _allow_a_picture(_endpoint: str | None, _values: object) -> None:
    """Before the token is looked for in the form: by then too large a form has been refused."""
    request.max_content_length = logos.MAX_UPLOAD_BYTES + FORM_BYTES


@blueprint.get("")
def show() -> Response:
    return _show()


@blueprint.post("/logo")
def save_logo() -> AnyResponse:
    try:
        _keep_logo()
    except DomainError as refusal:
        return _show({"logo": refusal.code}, 400)
    directory().forget()
    return frame.done("logo_saved", url_for("console_portal.show"))


@blueprint.post("/logo/remove")
def remove_logo() -> AnyResponse:
    _remove_logo()
    directory().forget()
    return frame.done("logo_removed", url_for("console_portal.show"))


@blueprint.get("/preview/<name>")
def preview(name: str) -> Response:
    if name not in portal_preview.STEPS:
        abort(404)
    return framing.show(portal_preview.page(visitor().merchant, name, _preview_url))


@blueprint.post("/preview/<name>")
def walk(name: str) -> AnyResponse:
    """The buttons of the preview turn its pages and do nothing else."""
    if name not in portal_preview.STEPS:
        abort(404)
    return redirect(_preview_url(portal_preview.after(name)), 303)


@writes
def _keep_logo(ctx: Context) -> None:
    upload = request.files.get("logo")
    merchant = ctx.session.get_one(Merchant, visitor().merchant.id)
    logos.keep(ctx, merchant, upload.stream.read(logos.MAX_UPLOAD_BYTES + 1) if upload is not None else b"")
    audit.record(ctx, "logo.saved", merchant)


@writes
def _remove_logo(ctx: Context) -> None:
    merchant = ctx.session.get_one(Merchant, visitor().merchant.id)
    logos.remove(ctx, merchant)
    audit.record(ctx, "logo.removed", merchant)


def _preview_url(name: str) -> str:
    return url_for("console_portal.preview", name=name)


def _show(problems: dict[str, str] | None = None, status: int = 200) -> Response:
    merchant = visitor().merchant
    page = PortalPage(
        **parts(),
        problems=problems or {},
        portal_url=portal_share.portal_url(merchant),
        qr_url=url_for("share.qr_code", slug=merchant.slug),
        button=partial(portal_share.button, merchant),
    )
    return frame.show(page, status)
