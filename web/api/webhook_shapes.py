"""Webhook endpoints, events and deliveries as programs see them and ask for them."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

from models.webhook import DeliveryStatus, DisabledWhy, EventType
from web.api.cursors import PageQuery
from web.api.fields import Body, Id

_HOST = r"[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?"
_PORT = r"([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_PATH = r"(/[A-Za-z0-9._~/-]*)?(\?[A-Za-z0-9._~=&-]*)?"
Url = Annotated[str, StringConstraints(max_length=500, pattern=rf"^https?://{_HOST}(:{_PORT})?{_PATH}$")]
Types = Annotated[list[Annotated[EventType, Field(strict=False)]], Field(min_length=1, max_length=len(EventType))]


class EndpointShape(BaseModel):
    """`event_types` null: all, those to come included."""

    id: str
    url: str
    event_types: list[EventType] | None
    is_on: bool
    disabled_why: DisabledWhy | None
    failing_since_at: datetime | None
    created_at: datetime


class EndpointWithSecret(EndpointShape):
    secret: str


class EndpointList(BaseModel):
    items: list[EndpointShape]
    next_cursor: str | None


class NewEndpoint(Body):
    url: Url
    event_types: Types | None = None


class EndpointChange(Body):
    """`is_on` true also ends a switching-off by us."""

    url: Url | None = None
    event_types: Types | None = None
    is_on: bool | None = None


class EventShape(BaseModel):
    id: str
    type: EventType
    timestamp: datetime
    data: dict[str, Any]


class EventList(BaseModel):
    items: list[EventShape]
    next_cursor: str | None


class EventQuery(PageQuery):
    type: EventType | None = None


class DeliveryShape(BaseModel):
    """`attempts` so far, and how the last one ended: `response_status`, or `error` where there was no answer."""

    id: str
    endpoint_id: str
    event_id: str
    event_type: EventType
    status: DeliveryStatus
    attempts: int
    next_at: datetime | None
    response_status: int | None
    error: str | None
    took_ms: int | None
    created_at: datetime
    finished_at: datetime | None


class DeliveryList(BaseModel):
    items: list[DeliveryShape]
    next_cursor: str | None


class DeliveryQuery(PageQuery):
    endpoint_id: Id | None = None
    status: DeliveryStatus | None = None
