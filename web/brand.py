"""Style and script files: our own, and each merchant's colours. Their addresses change with their content, so browsers
keep them for ever. Refuses every name that is not a file of ours."""

import gzip
import re
from functools import lru_cache

import sqlalchemy as sa
from flask import Blueprint, Response, abort, request

from models.context import Context
from models.logo import Logo
from models.merchant import Merchant
from web import branding, templating
from web.context import reads

blueprint = Blueprint("brand", __name__)

FOR_EVER = "public, max-age=31536000, immutable"
FOR_A_WHILE = "public, max-age=300"
"""For an address without its version: someone typed it."""
PICTURE_CSP = "default-src 'none'; sandbox"
"""For whoever opens a picture as a page of its own."""
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_PUBLIC_ID = re.compile(r"[0-9a-f]{32}")


@blueprint.get("/brand/<public_id>.css")
@reads
def stylesheet(ctx: Context, public_id: str) -> Response:
    if _PUBLIC_ID.fullmatch(public_id) is None:
        abort(404)
    colours = sa.select(Merchant.colour).where(Merchant.public_id == public_id)
    colour = ctx.session.scalars(colours).one_or_none()
    if colour is None:
        abort(404)
    return _file(branding.stylesheet(colour).encode(), _TYPES[".css"], branding.stylesheet_url(public_id, colour))


@blueprint.get("/brand/<public_id>.png")
@reads
def logo(ctx: Context, public_id: str) -> Response:
    if _PUBLIC_ID.fullmatch(public_id) is None:
        abort(404)
    mine: sa.Select[Merchant, Logo] = sa.select(Merchant, Logo).join(Logo, Logo.merchant_id == Merchant.id)
    found = ctx.session.execute(mine.where(Merchant.public_id == public_id)).one_or_none()
    if found is None:
        abort(404)
    merchant, kept = found
    response = _file(kept.png, "image/png", branding.logo_url(merchant.public_id, merchant.logo_version) or "")
    response.headers["Content-Security-Policy"] = PICTURE_CSP
    return response


@blueprint.get("/static/<name>")
def static_file(name: str) -> Response:
    path = templating.STATIC_FOLDER / name
    if path.suffix not in _TYPES or path.parent != templating.STATIC_FOLDER or not path.is_file():
        abort(404)
    return _file(path.read_bytes(), _TYPES[path.suffix], templating.asset(name))


def _file(content: bytes, content_type: str, address: str) -> Response:
    """`address` is the one that names this very content."""
    zipped = request.accept_encodings["gzip"] > 0 and not content_type.startswith("image/png")
    response = Response(_zip(content) if zipped else content, content_type=content_type)
    response.headers["Cache-Control"] = FOR_EVER if request.full_path.rstrip("?") == address else FOR_A_WHILE
    response.headers["Vary"] = "Accept-Encoding"
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    response.add_etag()
    response.make_conditional(request)
    return response


@lru_cache(maxsize=256)
def _zip(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)
