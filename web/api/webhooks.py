"""Webhook endpoints, events and deliveries by program. A secret is told when it is made, and never again."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from models import events
from models.context import Environment
from models.errors import DomainError
from models.merchant import Scope
from models.webhook import DisabledWhy, EventType, WebhookDelivery, WebhookEndpoint, WebhookEvent
from web.api import rows
from web.api.cursors import PageQuery, page
from web.api.operations import Call, delete, get, patch, post
from web.api.webhook_shapes import (
    DeliveryList,
    DeliveryQuery,
    DeliveryShape,
    EndpointChange,
    EndpointList,
    EndpointShape,
    EndpointWithSecret,
    EventList,
    EventQuery,
    EventShape,
    NewEndpoint,
)
from web.callouts import guarded

TAG = "Webhooks"
MOST_ENDPOINTS = 20


# --- endpoints -------------------------------------------------------------------------------------------------------
@get("/webhook_endpoints", answer=EndpointList, query=PageQuery, tag=TAG)
def list_webhook_endpoints(call: Call, query: PageQuery) -> EndpointList:
    """Where your programs are told"""
    found, cursor = page(call, _endpoints(call), WebhookEndpoint, query)
    return EndpointList(items=[_endpoint_shape(one) for one in found], next_cursor=cursor)


@get("/webhook_endpoints/<endpoint_id>", answer=EndpointShape, tag=TAG)
def get_webhook_endpoint(call: Call, endpoint_id: str) -> EndpointShape:
    """One endpoint"""
    return _endpoint_shape(_endpoint(call, endpoint_id))


@post("/webhook_endpoints", answer=EndpointWithSecret, body=NewEndpoint, scope=Scope.WEBHOOKS, tag=TAG)
def create_webhook_endpoint(call: Call, body: NewEndpoint) -> EndpointWithSecret:
    """Add an endpoint. Its secret is told here only"""
    _refuse_forbidden(call, body.url)
    count = call.ctx.session.scalars(sa.select(sa.func.count()).select_from(_endpoints(call).subquery())).one()
    if count >= MOST_ENDPOINTS:
        raise DomainError("too_many_endpoints")
    endpoint = WebhookEndpoint(
        merchant_id=call.caller.merchant_id,
        mode=call.caller.mode,
        url=body.url,
        event_types=_values(body.event_types),
        secret=WebhookEndpoint.new_secret(),
        created_at=call.ctx.clock.now(),
    )
    call.ctx.session.add(endpoint)
    call.ctx.session.flush()
    return _with_secret(endpoint)


@patch("/webhook_endpoints/<endpoint_id>", answer=EndpointShape, body=EndpointChange, scope=Scope.WEBHOOKS, tag=TAG)
def update_webhook_endpoint(call: Call, endpoint_id: str, body: EndpointChange) -> EndpointShape:
    """Change an endpoint, or switch it off and on"""
    endpoint = _endpoint(call, endpoint_id)
    if body.url is not None:
        _refuse_forbidden(call, body.url)
        endpoint.url = body.url
    if "event_types" in body.model_fields_set:
        endpoint.event_types = _values(body.event_types)
    if body.is_on is False and endpoint.is_on:
        endpoint.disable(DisabledWhy.BY_MERCHANT, call.ctx.clock.now())
    elif body.is_on:
        endpoint.enable()
    return _endpoint_shape(endpoint)


@delete("/webhook_endpoints/<endpoint_id>", scope=Scope.WEBHOOKS, tag=TAG)
def remove_webhook_endpoint(call: Call, endpoint_id: str) -> None:
    """Remove an endpoint"""
    endpoint = _endpoint(call, endpoint_id)
    endpoint.removed_at = call.ctx.clock.now()
    endpoint.disable(DisabledWhy.BY_MERCHANT, call.ctx.clock.now())


@post(
    "/webhook_endpoints/<endpoint_id>/rotate_secret",
    answer=EndpointWithSecret,
    scope=Scope.WEBHOOKS,
    status=200,
    tag=TAG,
)
def rotate_webhook_secret(call: Call, endpoint_id: str) -> EndpointWithSecret:
    """A new secret. For 24 hours events are signed with both"""
    endpoint = _endpoint(call, endpoint_id)
    endpoint.rotate(call.ctx.clock.now())
    return _with_secret(endpoint)


@post("/webhook_endpoints/<endpoint_id>/test", answer=EventShape, scope=Scope.WEBHOOKS, tag=TAG)
def test_webhook_endpoint(call: Call, endpoint_id: str) -> EventShape:
    """Send `endpoint.test` to an endpoint"""
    endpoint = _endpoint(call, endpoint_id)
    if not endpoint.is_on:
        raise DomainError("endpoint_disabled")
    kind = EventType.ENDPOINT_TEST
    return _event_shape(events.emit_to(call.ctx, endpoint, kind, {"object": "endpoint", "id": endpoint.public_id}))


# --- events and deliveries -------------------------------------------------------------------------------------------
@get("/events", answer=EventList, query=EventQuery, tag=TAG)
def list_events(call: Call, query: EventQuery) -> EventList:
    """What happened in the last 90 days, the newest first"""
    which = rows.mine(call, WebhookEvent)
    if query.type is not None:
        which = which.where(WebhookEvent.kind == query.type)
    found, cursor = page(call, which, WebhookEvent, query)
    return EventList(items=[_event_shape(event) for event in found], next_cursor=cursor)


@get("/events/<event_id>", answer=EventShape, tag=TAG)
def get_event(call: Call, event_id: str) -> EventShape:
    """One event"""
    return _event_shape(rows.find(call, WebhookEvent, event_id))


@get("/webhook_deliveries", answer=DeliveryList, query=DeliveryQuery, tag=TAG)
def list_webhook_deliveries(call: Call, query: DeliveryQuery) -> DeliveryList:
    """The delivery log, the newest first"""
    which = rows.mine(call, WebhookDelivery)
    if query.endpoint_id is not None:
        which = which.where(WebhookDelivery.endpoint_id == _endpoint(call, query.endpoint_id).id)
    if query.status is not None:
        which = which.where(WebhookDelivery.status == query.status)
    found, cursor = page(call, which, WebhookDelivery, query)
    return DeliveryList(items=_delivery_shapes(call, found), next_cursor=cursor)


@post("/webhook_deliveries/<delivery_id>/replay", answer=DeliveryShape, scope=Scope.WEBHOOKS, tag=TAG)
def replay_webhook_delivery(call: Call, delivery_id: str) -> DeliveryShape:
    """Send an event to its endpoint again, as a new delivery"""
    old = rows.find(call, WebhookDelivery, delivery_id)
    endpoint = call.ctx.session.get_one(WebhookEndpoint, old.endpoint_id)
    if not endpoint.is_on:
        raise DomainError("endpoint_disabled")
    event = call.ctx.session.get_one(WebhookEvent, old.event_id)
    return _delivery_shapes(call, [events.deliver(call.ctx, event, endpoint)])[0]


def _endpoints(call: Call) -> "sa.Select[Any]":
    return rows.mine(call, WebhookEndpoint).where(WebhookEndpoint.removed_at.is_(None))


def _endpoint(call: Call, public_id: str) -> WebhookEndpoint:
    found: WebhookEndpoint | None = call.ctx.session.scalars(
        _endpoints(call).where(WebhookEndpoint.public_id == public_id)
    ).one_or_none()
    if found is None:
        raise DomainError("not_found")
    return found


def _refuse_forbidden(call: Call, url: str) -> None:
    try:
        guarded.target(url, allow_local=call.ctx.site.environment is not Environment.PRODUCTION)
    except guarded.Refused as refusal:
        raise DomainError(refusal.code) from refusal


def _values(types: list[EventType] | None) -> list[str] | None:
    return sorted({kind.value for kind in types}) if types is not None else None


def _endpoint_shape(endpoint: WebhookEndpoint) -> EndpointShape:
    return EndpointShape(**_endpoint_fields(endpoint))


def _with_secret(endpoint: WebhookEndpoint) -> EndpointWithSecret:
    return EndpointWithSecret(**_endpoint_fields(endpoint), secret=endpoint.secret)


def _endpoint_fields(endpoint: WebhookEndpoint) -> dict[str, Any]:
    same = ("url", "event_types", "is_on", "disabled_why", "failing_since_at", "created_at")
    return {"id": endpoint.public_id} | {name: getattr(endpoint, name) for name in same}


def _event_shape(event: WebhookEvent) -> EventShape:
    return EventShape(id=event.public_id, type=event.kind, timestamp=event.created_at, data=event.payload)


def _delivery_shapes(call: Call, found: Sequence[WebhookDelivery]) -> list[DeliveryShape]:
    told = call.ctx.session.scalars(sa.select(WebhookEvent).where(WebhookEvent.id.in_({one.event_id for one in found})))
    about = {event.id: event for event in told}
    endpoints = rows.public_ids(call, WebhookEndpoint, {one.endpoint_id for one in found})
    same = ("status", "next_at", "response_status", "error", "took_ms", "created_at", "finished_at")
    return [
        DeliveryShape(
            id=one.public_id,
            endpoint_id=endpoints[one.endpoint_id],
            event_id=about[one.event_id].public_id,
            event_type=about[one.event_id].kind,
            attempts=one.attempt,
            **{name: getattr(one, name) for name in same},
        )
        for one in found
    ]
