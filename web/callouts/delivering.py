"""Webhooks out, by Standard Webhooks: one attempt to deliver one event, and what follows from how it ended.
Claimed and recorded in two short transactions; nothing is open while the receiver is called."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from standardwebhooks import Webhook

from bot import notices
from models import events
from models.context import Context, Environment, Runtime
from models.merchant import Merchant
from models.webhook import (
    EVENTS_KEPT,
    DeliveryStatus,
    DisabledWhy,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from web.callouts import guarded

log = structlog.get_logger()

BACKOFF = (
    *(timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=5)),
    *(timedelta(hours=10), timedelta(hours=14), timedelta(hours=20), timedelta(hours=24)),
)
"""Standard Webhooks' own table: ten tries in three days."""
DISABLED_AFTER = timedelta(days=3)
"""Without one success in between."""
CHUNK = 200
GONE = 410

Post = Callable[[str, Mapping[str, str], bytes], int]
"""Raises guarded.Refused, guarded.Unanswered."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    delivery_id: int
    merchant_id: int
    number: int
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class _Ending:
    status: int | None
    error: str | None
    took_ms: int

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def deliver(runtime: Runtime, delivery_id: int, post: Post | None = None) -> str:
    """For the queue. A delivery that is not waiting any more is left alone."""
    attempt = _claim(runtime, delivery_id)
    if attempt is None:
        return "nothing to do"
    ending = _call(attempt, post or _guarded(runtime))
    with runtime.of(attempt.merchant_id).write() as ctx:
        return _record(ctx, attempt, ending)


def sweep(runtime: Runtime) -> int:
    """Enqueue every delivery that is due, in case its job was lost or the demo's clock has jumped over its delay."""
    with runtime.write() as ctx:
        due = (WebhookDelivery.status == DeliveryStatus.PENDING) & (WebhookDelivery.next_at <= ctx.clock.now())
        waiting = ctx.session.scalars(sa.select(WebhookDelivery).where(due).order_by(WebhookDelivery.id).limit(CHUNK))
        job_ids = [events.enqueue(ctx, delivery) for delivery in waiting]
    runtime.ports.jobs.bring_forward(job_ids)
    return len(job_ids)


def forget(ctx: Context) -> None:
    """Events that nobody will ask for again, and their deliveries."""
    old = sa.select(WebhookEvent.id).where(WebhookEvent.created_at < ctx.clock.now() - EVENTS_KEPT)
    ctx.session.execute(sa.delete(WebhookDelivery).where(WebhookDelivery.event_id.in_(old)))
    ctx.session.execute(sa.delete(WebhookEvent).where(WebhookEvent.id.in_(old)))


def _guarded(runtime: Runtime) -> Post:
    allow_local = runtime.site.environment is not Environment.PRODUCTION
    return lambda url, headers, body: guarded.post(url, headers, body, allow_local=allow_local)


def _claim(runtime: Runtime, delivery_id: int) -> _Attempt | None:
    with runtime.write() as ctx:
        delivery = ctx.session.get(WebhookDelivery, delivery_id, with_for_update=True)
        if delivery is None or delivery.status is not DeliveryStatus.PENDING:
            return None
        ctx.turn_to(delivery.merchant_id)
        endpoint = ctx.session.get_one(WebhookEndpoint, delivery.endpoint_id)
        if not endpoint.is_on:
            _finish(ctx, delivery, DeliveryStatus.FAILED, "endpoint_disabled")
            return None
        now, event = ctx.clock.now(), ctx.session.get_one(WebhookEvent, delivery.event_id)
        delivery.attempt += 1
        # If this process dies now, the sweep finds the delivery and tries again.
        delivery.next_at = now + BACKOFF[min(delivery.attempt, len(BACKOFF)) - 1]
        body = _body(event)
        headers = _headers(event, body, endpoint.signing_secrets(now), now)
        return _Attempt(delivery.id, delivery.merchant_id, delivery.attempt, endpoint.url, headers, body.encode())


def _body(event: WebhookEvent) -> str:
    told = {"type": event.kind.value, "timestamp": event.created_at.isoformat(), "data": event.payload}
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False)


def _headers(event: WebhookEvent, body: str, secrets: list[str], now: datetime) -> dict[str, str]:
    """`webhook-id` is the event's and the same on every try: receivers know a repeat by it."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "Till-Webhooks/1",
        "webhook-id": event.public_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(event.public_id, now, body) for secret in secrets),
    }


def _call(attempt: _Attempt, post: Post) -> _Ending:
    started = time.perf_counter()
    status, error = None, None
    try:
        status = post(attempt.url, attempt.headers, attempt.body)
    except (guarded.Refused, guarded.Unanswered) as failure:
        error = failure.code
    return _Ending(status, error, round((time.perf_counter() - started) * 1000))


def _record(ctx: Context, attempt: _Attempt, ending: _Ending) -> str:
    delivery = ctx.session.get_one(WebhookDelivery, attempt.delivery_id, with_for_update=True)
    if delivery.attempt != attempt.number or delivery.status is not DeliveryStatus.PENDING:
        return "overtaken"
    endpoint = ctx.session.get_one(WebhookEndpoint, delivery.endpoint_id, with_for_update=True)
    delivery.response_status, delivery.error, delivery.took_ms = ending.status, ending.error, ending.took_ms
    if ending.is_success:
        endpoint.failing_since_at = None
        _finish(ctx, delivery, DeliveryStatus.DELIVERED)
        return "delivered"
    return _failed(ctx, endpoint, delivery)


def _failed(ctx: Context, endpoint: WebhookEndpoint, delivery: WebhookDelivery) -> str:
    now = ctx.clock.now()
    endpoint.failing_since_at = endpoint.failing_since_at or now
    log.warning("webhook.not_delivered", delivery=delivery.public_id, attempt=delivery.attempt, error=delivery.error)
    if delivery.response_status == GONE:
        endpoint.disable(DisabledWhy.GONE, now)
    elif delivery.attempt > len(BACKOFF) and now - endpoint.failing_since_at >= DISABLED_AFTER:
        endpoint.disable(DisabledWhy.FAILING, now)
        notices.tell_webhook_disabled(ctx, ctx.session.get_one(Merchant, endpoint.merchant_id))
    if delivery.attempt > len(BACKOFF) or not endpoint.is_on:
        _finish(ctx, delivery, DeliveryStatus.FAILED)
        return "failed"
    events.enqueue(ctx, delivery)
    return "tried again later"


def _finish(ctx: Context, delivery: WebhookDelivery, status: DeliveryStatus, error: str | None = None) -> None:
    delivery.move_to(status)
    delivery.error = error or delivery.error
    delivery.next_at, delivery.finished_at = None, ctx.clock.now()
