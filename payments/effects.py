"""A payment's history: each effect in it once, which is what makes every word about it bear repeating."""

import sqlalchemy as sa

from models.context import Context
from models.gateway import GatewayEvent
from models.inserting import insert
from models.payment import Payment, PaymentEvent


def note(ctx: Context, payment: Payment, effect: str, event: GatewayEvent | None = None) -> bool:
    """Add to it. False: this event, or another with the same effect, is in it already."""
    statement = insert(ctx.session, PaymentEvent).values(
        payment_id=payment.id,
        provider=payment.provider,
        provider_event_id=event.event_id if event else None,
        effect=effect,
        detail={"failure_code": event.failure_code} if event and event.failure_code else None,
        created_at=ctx.clock.now(),
    )
    return ctx.session.execute(statement.on_conflict_do_nothing().returning(PaymentEvent.id)).first() is not None


def is_noted(ctx: Context, payment: Payment, effect: str) -> bool:
    which = (PaymentEvent.payment_id == payment.id) & (PaymentEvent.effect == effect)
    return ctx.session.scalars(sa.select(PaymentEvent.id).where(which)).first() is not None
