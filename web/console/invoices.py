"""The list of invoices, and one of them with all that happened to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import Blueprint, Response, request, url_for
from sqlalchemy.orm import Session

from bot import messenger
from models.audit import AuditEntry
from models.context import Context
from models.customer import Channel, Customer
from models.invoice import Invoice
from models.message import Direction, Message, MessageStatus
from models.money import Money
from models.papers import InvoiceLine
from models.payment import Allocation, Payment
from payments import papers
from web.console import frame, invoice_query
from web.console.access import mine
from web.console.frame import ConsolePage, parts
from web.console.invoice_query import PAGE, Ask
from web.console.visitor import visitor
from web.context import reads

blueprint = Blueprint("console_invoices", __name__, url_prefix="/console/invoices")

HISTORY = 50


@dataclass(frozen=True, slots=True)
class Contact:
    """The last message to a customer."""

    channel: Channel
    at: datetime
    failed: bool


@dataclass(frozen=True, slots=True)
class Row:
    invoice: Invoice
    customer: Customer
    contact: Contact | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicesPage(ConsolePage):
    template: ClassVar[str] = "web/console/invoices.html"
    section: ClassVar[str] = "invoices"
    ask: Ask
    rows: Sequence[Row]
    count: int
    counted: int
    next_url: str | None
    first_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicePage(ConsolePage):
    template: ClassVar[str] = "web/console/invoice.html"
    section: ClassVar[str] = "invoices"
    invoice: Invoice
    customer: Customer
    lines: Sequence[InvoiceLine]
    paid: Sequence[tuple[Payment, Money]]
    """The attempts to pay it, the newest first, each with its share."""
    history: Sequence[AuditEntry]

    @property
    def received(self) -> Money:
        return self.invoice.total - self.invoice.balance


@blueprint.get("")
@reads
def index(ctx: Context) -> Response:
    ask, around = Ask.read(request.args), parts()
    found = invoice_query.listing(ctx, visitor().merchant, ask, around["frame"].today)
    contacts = last_contacts(ctx.session, [customer.id for _, customer in found.rows])
    onward: dict[str, Any] = {**ask.args(), "after": found.next, "seen": str(ask.seen + PAGE)}
    page = InvoicesPage(
        **around,
        ask=ask,
        rows=[Row(invoice, customer, contacts.get(customer.id)) for invoice, customer in found.rows],
        count=found.count,
        counted=invoice_query.COUNTED,
        next_url=url_for("console_invoices.index", **onward) if found.next else None,
        first_url=url_for("console_invoices.index", **ask.args()) if ask.after else None,
    )
    return frame.show(page)


@blueprint.get("/<public_id>")
@reads
def show(ctx: Context, public_id: str) -> Response:
    invoice = mine(ctx, Invoice, public_id)
    page = InvoicePage(
        **parts(),
        invoice=invoice,
        customer=ctx.session.get_one(Customer, invoice.customer_id),
        lines=papers.lines(ctx, invoice),
        paid=_payments(ctx.session, invoice),
        history=history_of(ctx.session, invoice.merchant_id, "invoice", public_id),
    )
    return frame.show(page)


def last_contacts(session: Session, customer_ids: Sequence[int]) -> Mapping[int, Contact]:
    """The newest message to each, codes aside."""
    newest = (
        sa.select(sa.func.max(Message.id))
        .where(
            Message.customer_id.in_(customer_ids),
            Message.direction == Direction.OUT,
            Message.kind.not_in(messenger.CODES),
            Message.status != MessageStatus.CANCELLED,
        )
        .group_by(Message.customer_id)
    )
    rows = session.scalars(sa.select(Message).where(Message.id.in_(newest)))
    return {
        message.customer_id: Contact(message.channel, message.created_at, message.status is MessageStatus.FAILED)
        for message in rows
        if message.customer_id is not None
    }


def history_of(session: Session, merchant_id: int, subject: str, public_id: str) -> Sequence[AuditEntry]:
    """What members did to it, the newest first."""
    entry = AuditEntry
    about = (entry.merchant_id == merchant_id) & (entry.subject == subject) & (entry.subject_id == public_id)
    return session.scalars(sa.select(entry).where(about).order_by(entry.id.desc()).limit(HISTORY)).all()


def _payments(session: Session, invoice: Invoice) -> list[tuple[Payment, Money]]:
    rows = session.execute(
        sa.select(Payment, Allocation.amount_minor)
        .join(Allocation, Allocation.payment_id == Payment.id)
        .where(Allocation.invoice_id == invoice.id)
        .order_by(Payment.id.desc())
    )
    return [(payment, Money(share, payment.currency)) for payment, share in rows]
