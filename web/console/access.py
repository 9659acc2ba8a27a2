"""The console's doorkeeper: asks the table (roles.py) before each view, finds only the merchant's own rows, and notices
a change that left no trace."""

from typing import TypeVar

import sqlalchemy as sa
import structlog
from flask import Response, abort, g, redirect, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from models.case import Case
from models.context import Context
from models.conversation import Conversation
from models.customer import ContactPoint, Customer
from models.file_import import FileImport
from models.invoice import Invoice
from models.member import Member
from models.merchant import ApiKey
from models.message import Message
from models.payment import Payment
from models.walls import ALL_MERCHANTS
from models.webhook import WebhookDelivery, WebhookEndpoint
from web.console import door_pages, frame, roles, session
from web.console.door_pages import DoorNotice
from web.console.visitor import Visitor, visitor
from web.context import runtime

log = structlog.get_logger()

Owned = TypeVar(
    "Owned",
    ApiKey,
    Case,
    ContactPoint,
    Conversation,
    Customer,
    FileImport,
    Invoice,
    Member,
    Message,
    Payment,
    WebhookDelivery,
    WebhookEndpoint,
)


def guard() -> AnyResponse | None:
    """Runs before every view of the console."""
    g.recorded = 0
    g.whose = ALL_MERCHANTS  # until the session tells whose it is; a door is everybody's
    needed = roles.TABLE.get(request.endpoint or "")
    if needed is None:
        abort(404)
    if needed.role is None:
        return None
    found = session.find()
    if found is None:
        return _to_door()
    g.visitor, g.whose = Visitor(*found), found[2].id
    if not found[1].role.covers(needed.role):
        return frame.refuse()
    if needed.fresh and not found[0].is_fresh(runtime().clock.now()):
        g.is_unchanged = True
        return redirect(url_for("console.confirm", next=request.path), 303)
    return None


def expect_a_record(response: Response) -> Response:
    """What a member changed without leaving a trace is our own fault, and is told to us."""
    needed = roles.TABLE.get(request.endpoint or "")
    did = request.method == "POST" and response.status_code in (200, 303) and g.get("visitor") is not None
    if did and not g.get("is_unchanged") and needed is not None and needed.records and not g.recorded:
        log.error("console.unrecorded", endpoint=request.endpoint)
    return response


def mine(ctx: Context, kind: type[Owned], public_id: str, *, lock: bool = False) -> Owned:
    """The row of this public id, if it is the merchant's own. Anybody else's is as absent as one that never was."""
    query = sa.select(kind).where(kind.public_id == public_id, kind.merchant_id == visitor().merchant.id)
    found = ctx.session.scalars(query.with_for_update() if lock else query).one_or_none()
    if found is None:
        raise NotFound
    return found


def safe_next(asked: str | None) -> str:
    """A page of the console's own, or its first page: never another site (`//evil`, `/\\evil`, `https:evil`)."""
    home = url_for("console_overview.show")
    if not asked or not asked.startswith("/console") or any(c in asked for c in "\\\r\n\t@:%") or "//" in asked:
        return home
    return asked


def _to_door() -> AnyResponse:
    """401 for what was once a session and is none any more: a replayed cookie, a page left open over lunch."""
    if request.method != "GET" or session.has_cookie():
        return door_pages.sign_in(notice=DoorNotice.SESSION_ENDED, wanted=request.path, status=401)
    wanted = request.path if request.path != url_for("console_overview.show") else None
    return redirect(url_for("console.sign_in", next=wanted), 303)
