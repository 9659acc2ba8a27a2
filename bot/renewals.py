"""A new pay link for one that cannot pay, sent to the very address that the old one went to: whoever asks learns
nothing, and only that address can open it."""

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from bot import email_answers, messenger, optouts, rendering
from bot.turn import Reply
from models.context import Context
from models.conversation import PROOF_IDLE_LIFETIME, Conversation, Proof
from models.customer import Channel, Customer
from models.invoice import Invoice
from models.merchant import Merchant
from models.message import Direction, Message, MessageStatus, Route
from models.money import Money
from models.paylink import PayLink
from payments import links, standing


def renew(ctx: Context, dead: PayLink, invoices: Sequence[Invoice]) -> PayLink | None:
    """Queue the new link, over what can be paid now. None, and nothing is sent: the link was no text's, nothing can be
    paid, the address has opted out, or its owner must prove again who they are."""
    thread = ctx.session.get(Conversation, dead.conversation_id) if dead.conversation_id is not None else None
    due = standing.free(ctx, dead, invoices)
    if thread is None or not due or not _may_have(ctx, thread, dead.customer_id):
        return None
    link = links.open_link(
        ctx, merchant_id=dead.merchant_id, customer_id=dead.customer_id, invoices=due, conversation_id=thread.id
    )
    dead.replaced_by_id = link.id
    messenger.queue(ctx, _message(ctx, thread, link, due))
    return link


def _may_have(ctx: Context, thread: Conversation, customer_id: int) -> bool:
    """The proof that let the old link be sent must still stand: numbers change hands, and STOP ends it."""
    if optouts.is_opted_out(ctx, thread.merchant_id, thread.channel, thread.address):
        return False
    idle = ctx.clock.now() - thread.last_inbound_at if thread.last_inbound_at else timedelta.max
    stands = sa.select(Proof.id).where(
        Proof.conversation_id == thread.id, Proof.customer_id == customer_id, Proof.ended_at.is_(None)
    )
    return idle <= PROOF_IDLE_LIFETIME and ctx.session.scalars(stands).first() is not None


def _message(ctx: Context, thread: Conversation, link: PayLink, due: Sequence[Invoice]) -> Message:
    merchant = ctx.session.get_one(Merchant, thread.merchant_id)
    customer = ctx.session.get_one(Customer, link.customer_id)
    locale = thread.locale or customer.locale
    total = rendering.money(Money(sum(invoice.balance_minor for invoice in due), link.currency), locale)
    kind, slots = "pay_all", {"n": str(len(due)), "total": total}
    if len(due) == 1:
        kind, slots = "pay_link", {"inv": rendering.clean(due[0].number, 16), "amt": total}
    parts = email_answers.letter_of(Reply(kind, slots), locale, merchant) if thread.channel is Channel.EMAIL else None
    text = rendering.text(kind, locale, biz=rendering.clean(merchant.name), **slots)
    return Message(
        merchant_id=merchant.id,
        conversation_id=thread.id,
        customer_id=customer.id,
        direction=Direction.OUT,
        channel=thread.channel,
        kind=kind,
        our_address=thread.our_address,
        their_address=thread.address,
        subject=parts.subject if parts else None,
        body=parts.text if parts else text,
        slots=slots,
        html=parts.html if parts else None,
        locale=locale,
        pay_link_id=link.id,
        status=MessageStatus.QUEUED,
        route=Route.MESSENGER,
        created_at=ctx.clock.now(),
    )
