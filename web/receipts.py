"""Receipts: long-lived, read-only, and authority over one payment's own lines and nothing else."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, request, url_for

from models.context import Context
from models.customer import Channel as Address
from models.errors import DomainError
from models.message import Direction, Message, MessageStatus
from models.money import Money
from models.payment import Payment
from models.refund import Refund, RefundStatus
from payments import links
from payments.links import LinkView, ReceiptView
from payments.standing import LinkState
from web import framing
from web.context import reads
from web.outcome_pages import ReceiptPage, Reversal
from web.outcomes import local_day, method_used
from web.pages import Channel, InvoiceLine

blueprint = Blueprint("receipts", __name__)

_SENT = {Address.SMS: Channel.SMS, Address.WHATSAPP: Channel.WHATSAPP, Address.EMAIL: Channel.EMAIL}
_NOT_SENT = (MessageStatus.FAILED, MessageStatus.CANCELLED)


@blueprint.get("/receipt/<token>")
@reads
def show(ctx: Context, token: str) -> Response:
    view = links.read_receipt(ctx, token)
    merchant, payment = view.merchant, view.payment
    rest = _rest(ctx, payment)
    return framing.show(
        ReceiptPage(
            frame=framing.frame(merchant, prefers=view.customer.locale, mode=payment.mode),
            amount=payment.amount,
            reference=payment.reference,
            paid_at=view.paid_at,
            method=method_used(payment),
            payer=payment.payer_name or view.customer.name,
            description=payment.description,
            fee=view.fee or None,
            credited=view.credited or None,
            rest=rest.total if rest is not None else None,
            rest_url=url_for("pay.show", token=request.args["rest"]) if rest is not None else None,
            lines=_lines(view),
            sent_by=_sent_by(ctx, payment),
            invoices_url=url_for("portal.home", slug=merchant.slug) if payment.conversation_id is None else None,
            **_reversal(ctx, view),
        )
    )


def _reversal(ctx: Context, view: ReceiptView) -> dict[str, Any]:
    """The money went back: all of it by the bank, or what the merchant gave back."""
    if view.returned_at is not None:
        return {"reversal": Reversal.RETURNED, "reversed_on": local_day(view.returned_at, view.merchant)}
    given: sa.Select[int, datetime | None] = sa.select(
        sa.func.coalesce(sa.func.sum(Refund.amount_minor), 0), sa.func.max(Refund.finished_at)
    )
    mine = (Refund.payment_id == view.payment.id) & (Refund.status == RefundStatus.SUCCEEDED)
    minor, last_at = ctx.session.execute(given.where(mine)).one()
    if not minor or last_at is None:
        return {}
    return {
        "reversal": Reversal.REFUNDED,
        "reversed_on": local_day(last_at, view.merchant),
        "reversed_amount": Money(int(minor), view.payment.currency),
    }


def _lines(view: ReceiptView) -> list[InvoiceLine]:
    """Of an invoice that was paid in part, also what is left of it."""
    return [
        InvoiceLine(
            value="",
            number=invoice.number,
            description=invoice.description,
            amount=share,
            due_on=None,
            left=invoice.balance if invoice.is_payable else None,
        )
        for invoice, share in view.lines
    ]


def _rest(ctx: Context, payment: Payment) -> LinkView | None:
    """What else the link can pay through which this was paid: for those who bring that very link along."""
    try:
        view = links.read(ctx, request.args.get("rest", ""))
    except DomainError:
        return None
    is_its_own = view.link.id == payment.pay_link_id
    return view if is_its_own and view.state is LinkState.PAYABLE else None


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
