"""The outbox for merchants' programs: an event and its deliveries are written in the transaction of what happened, or
not at all. Snapshots hold ids and figures; never an address, a body or a link."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from models.context import Context
from models.customer import Channel, ContactPoint, Customer
from models.invoice import Invoice
from models.merchant import Mode
from models.message import Message
from models.payment import Payment
from models.reminder import Reminder
from models.webhook import EventType, WebhookDelivery, WebhookEndpoint, WebhookEvent

QUEUE = "webhooks"
JOB = "deliver_webhook"


def emit(ctx: Context, merchant_id: int, mode: Mode, kind: EventType, payload: dict[str, Any]) -> WebhookEvent:
    """Tell every endpoint of the merchant that wants to hear of it, after the caller's commit."""
    now = ctx.clock.now()
    event = WebhookEvent(merchant_id=merchant_id, mode=mode, kind=kind, payload=payload, created_at=now)
    ctx.session.add(event)
    ctx.session.flush()
    mine = (WebhookEndpoint.merchant_id == merchant_id) & (WebhookEndpoint.mode == mode)
    for endpoint in ctx.session.scalars(sa.select(WebhookEndpoint).where(mine, WebhookEndpoint.disabled_at.is_(None))):
        if endpoint.wants(kind):
            deliver(ctx, event, endpoint)
    return event


def emit_to(ctx: Context, endpoint: WebhookEndpoint, kind: EventType, payload: dict[str, Any]) -> WebhookEvent:
    """Tell this endpoint only."""
    now = ctx.clock.now()
    event = WebhookEvent(
        merchant_id=endpoint.merchant_id, mode=endpoint.mode, kind=kind, payload=payload, created_at=now
    )
    ctx.session.add(event)
    ctx.session.flush()
    deliver(ctx, event, endpoint)
    return event


def deliver(ctx: Context, event: WebhookEvent, endpoint: WebhookEndpoint) -> WebhookDelivery:
    """One event to one endpoint."""
    now = ctx.clock.now()
    delivery = WebhookDelivery(
        merchant_id=event.merchant_id,
        mode=event.mode,
        endpoint_id=endpoint.id,
        event_id=event.id,
        attempt=0,
        next_at=now,
        created_at=now,
    )
    ctx.session.add(delivery)
    ctx.session.flush()
    enqueue(ctx, delivery)
    return delivery


def enqueue(ctx: Context, delivery: WebhookDelivery) -> str:
    """One job for each attempt, however often this is called. The job's id."""
    waits = delivery.next_at - ctx.clock.now() if delivery.next_at is not None else timedelta()
    job_id = f"hook-{delivery.id}-{delivery.attempt}"
    ctx.ports.jobs.enqueue(
        ctx.session, JOB, delivery.id, queue=QUEUE, job_id=job_id, delay_s=max(0.0, waits.total_seconds())
    )
    return job_id


# --- what happened ---------------------------------------------------------------------------------------------------
def invoice(ctx: Context, kind: EventType, about: Invoice) -> None:
    payload = {
        "object": "invoice",
        "id": about.public_id,
        "number": about.number,
        "customer_id": _customer_id(ctx, about.customer_id),
        "status": about.status.value,
        "currency": about.currency,
        "total_minor": about.total_minor,
        "balance_minor": about.balance_minor,
        "due_on": about.due_on.isoformat(),
    }
    emit(ctx, about.merchant_id, about.mode, kind, payload)


def payment(ctx: Context, kind: EventType, about: Payment, **more: Any) -> None:
    payload = {
        "object": "payment",
        "id": about.public_id,
        "reference": about.reference,
        "customer_id": _customer_id(ctx, about.customer_id),
        "status": about.status.value,
        "method": about.method.value,
        "currency": about.currency,
        "amount_minor": about.amount_minor,
        "failure_code": about.failure_code,
    }
    emit(ctx, about.merchant_id, about.mode, kind, payload | more)


def message_failed(ctx: Context, about: Message) -> None:
    payload = {
        "object": "message",
        "id": about.public_id,
        "customer_id": _customer_id(ctx, about.customer_id),
        "channel": about.channel.value,
        "kind": about.kind,
        "failure": about.failure.value if about.failure else None,
        "error_code": about.error_code,
    }
    emit(ctx, about.merchant_id, Mode.LIVE, EventType.MESSAGE_FAILED, payload)


def opted_out(ctx: Context, merchant_id: int, channel: Channel, address: str, source: str) -> None:
    """One event, however many customers share the address."""
    points = sa.select(ContactPoint.public_id, Customer.public_id).join(
        Customer, Customer.id == ContactPoint.customer_id
    )
    whose = (ContactPoint.merchant_id == merchant_id) & (ContactPoint.channel == channel)
    found = ctx.session.execute(
        points.where(whose, ContactPoint.address == address, ContactPoint.mode == Mode.LIVE).order_by(ContactPoint.id)
    ).all()
    payload = {
        "object": "opt_out",
        "channel": channel.value,
        "source": source,
        "contact_point_ids": [point for point, _ in found],
        "customer_ids": [customer for _, customer in found],
    }
    emit(ctx, merchant_id, Mode.LIVE, EventType.CUSTOMER_OPTED_OUT, payload)


def erased(ctx: Context, about: Customer) -> None:
    emit(ctx, about.merchant_id, about.mode, EventType.CUSTOMER_ERASED, {"object": "customer", "id": about.public_id})


def case_opened(
    ctx: Context, merchant_id: int, kind: str, public_id: str, customer_id: int | None, invoice_id: int | None
) -> None:
    about = ctx.session.get(Invoice, invoice_id) if invoice_id is not None else None
    payload = {
        "object": "case",
        "id": public_id,
        "kind": kind,
        "customer_id": _customer_id(ctx, customer_id),
        "invoice_id": about.public_id if about is not None else None,
    }
    emit(ctx, merchant_id, Mode.LIVE, EventType.CASE_OPENED, payload)


def reminder_sent(ctx: Context, about: Reminder) -> None:
    payload = {
        "object": "reminder",
        "id": about.public_id,
        "customer_id": _customer_id(ctx, about.customer_id),
        "invoice_id": ctx.session.get_one(Invoice, about.invoice_id).public_id,
        "channel": about.channel.value if about.channel is not None else None,
        "step": about.step,
    }
    emit(ctx, about.merchant_id, Mode.LIVE, EventType.REMINDER_SENT, payload)


def _customer_id(ctx: Context, customer_id: int | None) -> str | None:
    customer = ctx.session.get(Customer, customer_id) if customer_id is not None else None
    return customer.public_id if customer is not None else None
