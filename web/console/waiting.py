"""What waits for a person, the newest first: customers who asked for one, messages that did not arrive, payments that
the bank took back, and all that matters.py finds."""

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from flask import url_for

from bot import receipts
from models.context import Context
from models.conversation import Conversation, ConversationState
from models.customer import Channel, ContactPoint, Customer
from models.merchant import Merchant, Mode
from models.message import Direction, Message, MessageStatus
from models.payment import Payment, PaymentStatus
from web.console import matters
from web.console.matters import Need, Waiting

RECENT = timedelta(days=14)


def waiting(ctx: Context, merchant: Merchant, limit: int) -> list[Waiting]:
    found = [
        *_hand_offs(ctx, merchant, limit),
        *_failures(ctx, merchant, limit),
        *_returns(ctx, merchant, limit),
        *matters.found(ctx, merchant, limit),
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)[:limit]


def _hand_offs(ctx: Context, merchant: Merchant, limit: int) -> list[Waiting]:
    threads = ctx.session.scalars(
        sa.select(Conversation)
        .where(Conversation.merchant_id == merchant.id, Conversation.state == ConversationState.HUMAN)
        .order_by(Conversation.last_inbound_at.desc())
        .limit(limit)
    ).all()
    names = names_at(ctx, merchant, [(thread.channel, thread.address) for thread in threads])
    return [
        Waiting(
            Need.ASKED_FOR_PERSON,
            names.get((thread.channel, thread.address), ""),
            thread.address,
            thread.last_inbound_at or thread.created_at,
            url_for("console_messages.thread", public_id=thread.public_id),
        )
        for thread in threads
    ]


def _failures(ctx: Context, merchant: Merchant, limit: int) -> list[Waiting]:
    failed = ctx.session.scalars(
        sa.select(Message)
        .where(
            Message.merchant_id == merchant.id,
            Message.status == MessageStatus.FAILED,
            Message.direction == Direction.OUT,
            Message.created_at >= ctx.clock.now() - RECENT,
            Message.customer_id.is_not(None),
            ~receipts.is_put_aside(),
        )
        .order_by(Message.id.desc())
        .limit(limit)
    ).all()
    people = _customers(ctx, [message.customer_id for message in failed])
    newest = {(message.customer_id, message.channel): message for message in reversed(failed)}
    return [
        Waiting(
            Need.EMAIL_FAILED if channel is Channel.EMAIL else Need.TEXT_FAILED,
            people[customer_id].name,
            message.their_address,
            message.created_at,
            url_for("console_customers.show", public_id=people[customer_id].public_id),
        )
        for (customer_id, channel), message in newest.items()
        if customer_id is not None
    ]


def _returns(ctx: Context, merchant: Merchant, limit: int) -> list[Waiting]:
    rows = ctx.session.execute(
        sa.select(Payment, Customer)
        .join(Customer, Customer.id == Payment.customer_id)
        .where(
            Payment.merchant_id == merchant.id,
            Payment.status.in_((PaymentStatus.RETURNED, PaymentStatus.DISPUTED)),
            Payment.finished_at >= ctx.clock.now() - RECENT,
            Payment.mode == Mode.LIVE,
        )
        .order_by(Payment.id.desc())
        .limit(limit)
    )
    return [
        Waiting(
            Need.PAYMENT_DISPUTED if payment.status is PaymentStatus.DISPUTED else Need.PAYMENT_RETURNED,
            customer.name,
            payment.reference,
            payment.finished_at or payment.created_at,
            url_for("console_customers.show", public_id=customer.public_id),
        )
        for payment, customer in rows
    ]


def names_at(ctx: Context, merchant: Merchant, places: Sequence[tuple[Channel, str]]) -> dict[tuple[Channel, str], str]:
    """Who is on file at each address; several names joined, where an address is shared."""
    if not places:
        return {}
    rows = ctx.session.execute(
        sa.select(ContactPoint.channel, ContactPoint.address, Customer.name)
        .join(Customer, Customer.id == ContactPoint.customer_id)
        .where(
            ContactPoint.merchant_id == merchant.id,
            ContactPoint.address.in_({address for _, address in places}),
        )
        .order_by(Customer.id)
    )
    found: dict[tuple[Channel, str], list[str]] = {}
    for channel, address, name in rows:
        found.setdefault((channel, address), []).append(name)
    return {place: " or ".join(dict.fromkeys(names)) for place, names in found.items()}


def _customers(ctx: Context, ids: Sequence[int | None]) -> dict[int, Customer]:
    rows = ctx.session.scalars(sa.select(Customer).where(Customer.id.in_({one for one in ids if one is not None})))
    return {customer.id: customer for customer in rows}
