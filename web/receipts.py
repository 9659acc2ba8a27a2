"""Receipts: long-lived, read-only, and authority over one payment's own lines and nothing else."""

import sqlalchemy as sa
from flask import Blueprint, Response, url_for

from models.context import Context
from models.customer import Channel as Address
from models.message import Direction, Message, MessageStatus
from models.payment import Payment
from payments import links
from payments.links import ReceiptView
from web import framing
from web.context import reads
from web.outcome_pages import ReceiptPage, Reversal
from web.outcomes import local_day, method_used
from web.pages import Channel, InvoiceLine

blueprint = Blueprint("receipts", __name__)

_SENT = {Address.SMS: Channel.SMS, Address.WHATSAPP: Channel.SMS, Address.EMAIL: Channel.EMAIL}
_NOT_SENT = (MessageStatus.FAILED, MessageStatus.CANCELLED)


@blueprint.get("/receipt/<token>")
@reads
def show(ctx: Context, token: str) -> Response:
    view = links.read_receipt(ctx, token)
    merchant, payment = view.merchant, view.payment
    return framing.show(
        ReceiptPage(
            frame=framing.frame(merchant, prefers=view.customer.locale, mode=payment.mode),
            amount=payment.amount,
            reference=payment.reference,
            paid_at=view.paid_at,
            method=method_used(payment),
            payer=view.customer.name,
            lines=_lines(view),
            sent_by=_sent_by(ctx, payment),
            invoices_url=url_for("portal.home", slug=merchant.slug) if payment.conversation_id is None else None,
            reversal=Reversal.RETURNED if view.returned_at else None,
            reversed_on=local_day(view.returned_at, merchant) if view.returned_at else None,
        )
    )


def _lines(view: ReceiptView) -> list[InvoiceLine]:
    return [
        InvoiceLine(value="", number=i.number, description=i.description, amount=share, due_on=None)
        for i, share in view.lines
    ]


def _sent_by(ctx: Context, payment: Payment) -> list[Channel]:
    channels = ctx.session.scalars(
        sa.select(Message.channel)
        .where(
            Message.payment_id == payment.id,
            Message.kind == "receipt",
            Message.direction == Direction.OUT,
            Message.status.not_in(_NOT_SENT),
        )
        .distinct()
    )
    return sorted({_SENT[channel] for channel in channels}, reverse=True)
