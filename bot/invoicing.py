"""Emails a customer their invoice: line items, files, a button, and an address that a reply reaches the bot at.
Refuses what may not reach a mailbox: drafts, test invoices, addresses that said stop or that bounce."""

from collections.abc import Sequence
from pathlib import PurePath

import sqlalchemy as sa

from bot import letters, messenger, optouts, rendering, threads
from bot.own_words import book as books
from models.context import Context
from models.customer import Channel, ContactPoint, Customer
from models.errors import DomainError
from models.invoice import Invoice
from models.merchant import Merchant, Mode
from models.message import Direction, Message, MessageStatus, Route
from models.money import Money
from models.papers import Attachment, InvoiceLine
from payments import papers


def send_invoice(ctx: Context, invoice: Invoice, to: ContactPoint | None = None) -> Message:
    """Queue it to the primary email on file, or to that other one; again each time it is called. The caller's
    transaction decides. Raises DomainError: "invoice_state", "test_invoice", "no_email", "opted_out"."""
    if not invoice.is_payable:
        raise DomainError("invoice_state")
    if invoice.mode is not Mode.LIVE:
        raise DomainError("test_invoice")
    point = to or email_on_file(ctx, invoice.customer_id)
    if point is None or point.customer_id != invoice.customer_id or point.channel is not Channel.EMAIL:
        raise DomainError("no_email")
    if optouts.is_opted_out(ctx, invoice.merchant_id, Channel.EMAIL, point.address):
        raise DomainError("opted_out")
    return messenger.queue(ctx, _message(ctx, invoice, point))


def email_on_file(ctx: Context, customer_id: int) -> ContactPoint | None:
    """Where this customer's mail goes: the primary address, unless it bounces."""
    reachable = (
        sa.select(ContactPoint)
        .where(
            ContactPoint.customer_id == customer_id,
            ContactPoint.channel == Channel.EMAIL,
            ContactPoint.mode == Mode.LIVE,
            ContactPoint.bad_since_at.is_(None),
        )
        .order_by(ContactPoint.is_primary.desc(), ContactPoint.id)
    )
    return ctx.session.scalars(reachable).first()


def thread_with(ctx: Context, merchant: Merchant, point: ContactPoint) -> int:
    """The conversation that an answer to this email goes on in."""
    db, ours = ctx.session.connection(), merchant.inbound_email or merchant.email
    return threads.find_or_start(db, merchant.id, Channel.EMAIL, point.address, ours, ctx.clock.now()).id


def letter_for(ctx: Context, invoice: Invoice) -> letters.Letter:
    """`{link}` and `{stop}` still in place."""
    merchant = ctx.session.get_one(Merchant, invoice.merchant_id)
    customer = ctx.session.get_one(Customer, invoice.customer_id)
    locale, paid = customer.locale, invoice.total.minor - invoice.balance.minor
    files = papers.enclosed(ctx, invoice)
    return letters.letter(
        "invoice",
        locale,
        merchant=merchant,
        book=books.load(ctx, merchant.id),
        name=customer.name,
        inv=rendering.clean(invoice.number, 16),
        amt=rendering.money(invoice.balance, locale),
        date=rendering.full_day(invoice.due_on, locale),
        total=rendering.money(invoice.total, locale),
        paid=rendering.money(Money(paid, invoice.currency), locale) if paid else None,
        lines=_lines(papers.lines(ctx, invoice), invoice, locale),
        files=[_shown(file) for file in files],
        more_files=len(papers.attachments(ctx, invoice)) > len(files),
    )


def _lines(lines: Sequence[InvoiceLine], invoice: Invoice, locale: str) -> list[tuple[str, str | None, str]]:
    """An invoice without line items is one line: what it is for."""
    if not lines:
        return [(invoice.description or invoice.number, None, rendering.money(invoice.total, locale))]
    return [
        (line.description, _detail(line, invoice, locale), rendering.money(line.amount(invoice.currency), locale))
        for line in lines
    ]


def _detail(line: InvoiceLine, invoice: Invoice, locale: str) -> str | None:
    if line.quantity == 1:
        return None
    return f"{line.quantity} x {rendering.money(line.unit_price(invoice.currency), locale)}"


def _shown(file: Attachment) -> str:
    """Mail programs make a link of "terms.zip"; what kind of file it is says its content, not its name."""
    return f"{PurePath(file.name).stem} ({file.content_type.name})"


def _message(ctx: Context, invoice: Invoice, point: ContactPoint) -> Message:
    merchant = ctx.session.get_one(Merchant, invoice.merchant_id)
    parts = letter_for(ctx, invoice)
    link = f"{ctx.site.base_url}/m/{merchant.slug}"
    return Message(
        merchant_id=merchant.id,
        conversation_id=thread_with(ctx, merchant, point),
        customer_id=invoice.customer_id,
        direction=Direction.OUT,
        channel=Channel.EMAIL,
        kind=messenger.INVOICE,
        our_address=merchant.inbound_email or merchant.email,
        their_address=point.address,
        subject=parts.subject,
        body=parts.text.replace("{link}", link),
        html=parts.html.replace("{link}", link),
        locale=ctx.session.get_one(Customer, invoice.customer_id).locale,
        invoice_id=invoice.id,
        status=MessageStatus.QUEUED,
        route=Route.MESSENGER,
        created_at=ctx.clock.now(),
    )
