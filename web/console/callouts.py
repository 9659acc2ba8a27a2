"""Webhook endpoints of the merchant's programs: added, switched, tested; the log of deliveries, sending one again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import sqlalchemy as sa
from flask import Blueprint, Response, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from models import events
from models.context import Context, Environment
from models.merchant import Mode
from models.webhook import DisabledWhy, EventType, WebhookDelivery, WebhookEndpoint, WebhookEvent
from web.callouts import guarded
from web.console import audit, frame
from web.console.access import mine
from web.console.frame import ConsolePage, done, parts, unchanged
from web.console.visitor import visitor
from web.context import reads, writes

blueprint = Blueprint("console_callouts", __name__, url_prefix="/console/settings/webhooks")

MOST_ENDPOINTS = 20
LOGGED = 50
URL_CHARS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhooksPage(ConsolePage):
    """`secret`: of the endpoint just added, shown this once."""

    template: ClassVar[str] = "web/console/callouts.html"
    section: ClassVar[str] = "settings"
    endpoints: Sequence[WebhookEndpoint]
    deliveries: Sequence[tuple[WebhookDelivery, WebhookEvent, WebhookEndpoint]]
    secret: str | None = None
    url: str = ""


@blueprint.get("")
@reads
def index(ctx: Context) -> Response:
    return _page(ctx)


@blueprint.post("")
@writes
def add(ctx: Context) -> Response:
    url = request.form.get("url", "").strip()[:URL_CHARS]
    mode = Mode.TEST if request.form.get("mode") == Mode.TEST else Mode.LIVE
    try:
        guarded.target(url, allow_local=ctx.site.environment is not Environment.PRODUCTION)
    except guarded.Refused:
        return _page(ctx, url=url, problem="url_not_allowed")
    if len(_endpoints(ctx)) >= MOST_ENDPOINTS:
        return _page(ctx, url=url, problem="too_many_endpoints")
    endpoint = WebhookEndpoint(
        merchant_id=visitor().merchant.id,
        mode=mode,
        url=url,
        secret=WebhookEndpoint.new_secret(),
        created_at=ctx.clock.now(),
    )
    ctx.session.add(endpoint)
    ctx.session.flush()
    audit.record(ctx, "webhook.added", endpoint, label=url, after={"mode": mode})
    return _page(ctx, secret=endpoint.secret)


@blueprint.get("/<public_id>")
@reads
def show(ctx: Context, public_id: str) -> Response:
    """Where the second factor leads back to."""
    _endpoint(ctx, public_id)
    return _page(ctx)


@blueprint.post("/<public_id>")
@writes
def change(ctx: Context, public_id: str) -> AnyResponse:
    """`act`: test, off, on or remove."""
    endpoint, act, now = _endpoint(ctx, public_id), request.form.get("act", ""), ctx.clock.now()
    here = url_for("console_callouts.index")
    if act == "test" and endpoint.is_on:
        events.emit_to(ctx, endpoint, EventType.ENDPOINT_TEST, {"object": "endpoint", "id": endpoint.public_id})
    elif act == "on":
        endpoint.enable()
    elif act in ("off", "remove"):
        endpoint.disable(DisabledWhy.BY_MERCHANT, now)
        endpoint.removed_at = now if act == "remove" else None
    else:
        return unchanged("webhook_off", here)
    audit.record(ctx, f"webhook.{act}", endpoint, label=endpoint.url)
    return done(f"webhook_{act}_done", here)


@blueprint.post("/deliveries/<public_id>/again")
@writes
def replay(ctx: Context, public_id: str) -> AnyResponse:
    """As a new delivery; receivers know a repeat by its id."""
    old = mine(ctx, WebhookDelivery, public_id)
    endpoint, event = (
        ctx.session.get_one(WebhookEndpoint, old.endpoint_id),
        ctx.session.get_one(WebhookEvent, old.event_id),
    )
    if not endpoint.is_on:
        return unchanged("webhook_off", url_for("console_callouts.index"))
    events.deliver(ctx, event, endpoint)
    audit.record(ctx, "webhook.replayed", endpoint, label=endpoint.url, after={"event": event.kind})
    return done("webhook_test_done", url_for("console_callouts.index"))


def _page(ctx: Context, *, secret: str | None = None, url: str = "", problem: str | None = None) -> Response:
    page = WebhooksPage(
        **parts(),
        endpoints=_endpoints(ctx),
        deliveries=_deliveries(ctx),
        secret=secret,
        url=url,
        problems={"url": problem} if problem else {},
    )
    return frame.show(page, 422 if problem else 200)


def _endpoints(ctx: Context) -> Sequence[WebhookEndpoint]:
    own = (WebhookEndpoint.merchant_id == visitor().merchant.id) & WebhookEndpoint.removed_at.is_(None)
    return ctx.session.scalars(sa.select(WebhookEndpoint).where(own).order_by(WebhookEndpoint.id)).all()


def _endpoint(ctx: Context, public_id: str) -> WebhookEndpoint:
    found = mine(ctx, WebhookEndpoint, public_id, lock=True)
    if found.removed_at is not None:
        raise NotFound
    return found


def _deliveries(ctx: Context) -> list[tuple[WebhookDelivery, WebhookEvent, WebhookEndpoint]]:
    rows = ctx.session.execute(
        sa.select(WebhookDelivery, WebhookEvent, WebhookEndpoint)
        .join(WebhookEvent, WebhookEvent.id == WebhookDelivery.event_id)
        .join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id)
        .where(WebhookDelivery.merchant_id == visitor().merchant.id)
        .order_by(WebhookDelivery.id.desc())
        .limit(LOGGED)
    )
    return [(delivery, event, endpoint) for delivery, event, endpoint in rows]
