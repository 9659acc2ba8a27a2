"""When what is owed has changed: attempts over the old amount are to be closed at the provider. The jobs are enqueued
in the transaction of the change, so that no crash leaves a page open on which the old amount can be confirmed."""

from collections.abc import Collection

import sqlalchemy as sa

from models.context import Context
from models.payment import UNCONFIRMED_STATUSES, Allocation, Payment

JOB = "close_attempt"
RETRY_S = (5, 30, 120, 600)
"""The provider cannot be reached: the pauses until it is tried again. Then only the attempt's own end is left."""


def close_later(ctx: Context, invoice_ids: Collection[int]) -> None:
    """Close every attempt that nobody has confirmed yet, once this is committed."""
    holding = sa.select(Allocation.payment_id).where(Allocation.invoice_id.in_(invoice_ids), Allocation.is_open)
    waiting = sa.select(Payment.public_id).where(Payment.id.in_(holding), Payment.status.in_(UNCONFIRMED_STATUSES))
    for public_id in ctx.session.scalars(waiting):
        enqueue(ctx, public_id, 0)


def enqueue(ctx: Context, public_id: str, tries: int) -> None:
    delay_s = RETRY_S[tries - 1] if tries else 0
    job_id = f"close-{public_id}-{ctx.clock.now():%Y%m%d%H%M%S}-{tries}"
    ctx.ports.jobs.enqueue(ctx.session, JOB, public_id, tries, queue="jobs", job_id=job_id, delay_s=delay_s)
