"""A merchant's branded link as it is passed on: a QR code for paper, a button for a website. Both say nothing but the
link itself."""

from importlib import import_module
from io import BytesIO

from flask import Blueprint, Response, url_for
from markupsafe import Markup

from models.merchant import Merchant
from web import branding
from web.brand import FOR_A_WHILE, PICTURE_CSP
from web.branding import Mode
from web.context import runtime
from web.portal_visits import merchant_of

blueprint = Blueprint("share", __name__, url_prefix="/m/<slug>")

QUIET_ZONE = 4  # modules of white around the code: ISO/IEC 18004 asks for them, and scanners need them
BUTTON = Markup(
    '<a href="{url}" rel="noopener" style="display:inline-block;padding:12px 20px;border-radius:10px;'
    'background:{fill};color:{text};font:600 16px/1.3 system-ui,sans-serif;text-decoration:none">{label}</a>'
)


@blueprint.get("/qr.svg")
def qr_code(slug: str) -> Response:
    """Black on white whatever the brand: some scanners read nothing else."""
    response = Response(qr_svg(portal_url(merchant_of(slug))), content_type="image/svg+xml")
    response.headers["Cache-Control"] = FOR_A_WHILE
    response.headers["Content-Security-Policy"] = PICTURE_CSP
    return response


def portal_url(merchant: Merchant) -> str:
    return runtime().site.base_url + url_for("portal.home", slug=merchant.slug)


def qr_svg(text: str) -> bytes:
    drawn = BytesIO()
    code = import_module("segno").make(text, error="m", micro=False)
    code.save(drawn, kind="svg", border=QUIET_ZONE, scale=8, light="#fff", xmldecl=False, omitsize=False)
    return drawn.getvalue()


def button(merchant: Merchant, label: str) -> str:
    """HTML for the merchant's own website. It needs no script and no file of ours, so it cannot break their page."""
    roles = branding.palette(merchant.colour, Mode.LIGHT)
    return str(BUTTON.format(url=portal_url(merchant), fill=roles.fill, text=roles.on_fill, label=label))
