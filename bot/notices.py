"""What Till says because something happened: receipts, bank payments under way, failures, a call for a person."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import sqlalchemy as sa

from bot import invoicing, letters, messenger, optouts, rendering
from bot.own_words import book as books
from bot.own_words.book import TILLS
from bot.own_words.catalogue import CUSTOMER_CHARS
from models.context import Context
from models.conversation import Conversation
from models.customer import Channel, Customer
from models.invoice import Invoice
from models.merchant import Merchant
from models.message import Direction, Message, MessageStatus, Route
from models.money import Money
from models.paylink import PayLink, PayLinkState
from models.payment import Allocation, Payment, PaymentEvent, PaymentStatus
from payments import links

KINDS: dict[PaymentStatus, str] = {
    PaymentStatus.SUCCEEDED: "receipt",
    PaymentStatus.VERIFYING: "deposits_sent",
    PaymentStatus.PROCESSING: "bank_started",
    PaymentStatus.FAILED: "pay_failed",
    PaymentStatus.RETURNED: "bank_returned",
}
"""The words for what a payment became; everything else needs none."""
RETURN_REASONS = {"R01": "funds", "R09": "funds", "R02": "closed", "R03": "unknown", "R04": "unknown"} | dict.fromkeys(
    ("R05", "R07", "R08", "R10", "R11", "R29"), "unauthorised"
)
"""Nacha's return codes, as far as people can do something about it."""
REASONS = RETURN_REASONS | {code: code for code in ("deposits_wrong", "deposits_late", "deposits_refused")}
DEPOSITS_HERE = "deposits_here"
RETRY_KINDS = frozenset({"pay_failed", "bank_returned"})

Covered = Sequence[tuple[Invoice, Money]]
"""What a payment pays, and how much of each."""


def announce(ctx: Context, payment: Payment, became: PaymentStatus | None) -> None:
    """Tell the customer what their payment became: in the thread it came from, and to the email on file."""
    kind = KINDS.get(became) if became is not None else None
    if kind is not None:
        tell(ctx, payment, kind)


def tell(ctx: Context, payment: Payment, kind: str, **more: str) -> None:
    """One kind of news about a payment to its customer; `more` fills slots in its own way. Nobody is told of
    an erased customer's but the merchant."""
    merchant = ctx.session.get_one(Merchant, payment.merchant_id)
    customer = ctx.session.get_one(Customer, payment.customer_id)
    if customer.erased_at is not None:
        return
    thread = ctx.session.get_one(Conversation, payment.conversation_id) if payment.conversation_id is not None else None
    if thread is not None and thread.channel is not Channel.EMAIL:
        _text(ctx, merchant, customer, payment, thread, kind, more)
    if kind != "pay_failed" or _is_news(ctx, payment, thread):
        _email(ctx, merchant, customer, payment, kind, thread, more)


def _is_news(ctx: Context, payment: Payment, thread: Conversation | None) -> bool:
    """A failure that the page has not shown: of a bank payment that was on its way, or to who writes by email."""
    was_on_its_way = sa.select(PaymentEvent.id).where(
        PaymentEvent.payment_id == payment.id,
        PaymentEvent.effect.in_((PaymentStatus.PROCESSING.value, PaymentStatus.VERIFYING.value)),
    )
    by_email = thread is not None and thread.channel is Channel.EMAIL
    return by_email or ctx.session.scalars(was_on_its_way.limit(1)).first() is not None


def _retry_link(ctx: Context, payment: Payment) -> PayLink:
    """The way to try again: the same link while it is open, else a new one to the same conversation."""
    link = ctx.session.get(PayLink, payment.pay_link_id) if payment.pay_link_id is not None else None
    if link is not None and link.state(ctx.clock.now()) is PayLinkState.OPEN:
        return link
    return links.open_link(
        ctx,
        merchant_id=payment.merchant_id,
        customer_id=payment.customer_id,
        invoices=[invoice for invoice, _ in _covered(ctx, payment)],
        conversation_id=payment.conversation_id,
    )


def _text(
    ctx: Context,
    merchant: Merchant,
    customer: Customer,
    payment: Payment,
    thread: Conversation,
    kind: str,
    more: Mapping[str, str],
) -> None:
    if optouts.is_opted_out(ctx, merchant.id, thread.channel, thread.address):
        return
    locale = thread.locale or customer.locale
    retry = _retry_link(ctx, payment) if kind in RETRY_KINDS else None
    slots = _slots(payment, _covered(ctx, payment), locale) | dict(more)
    said = {"biz": rendering.clean(merchant.name), "customer": rendering.clean(customer.name, CUSTOMER_CHARS)}
    said |= {"phone": merchant.phone, "inv": slots["inv"] or rendering.several(slots["count"], locale)}
    body = rendering.text(kind, locale, books.load(ctx, merchant.id), **{**slots, **said})
    messenger.queue(
        ctx,
        _outgoing(
            ctx,
            merchant,
            thread.channel,
            kind,
            thread.address,
            locale,
            conversation_id=thread.id,
            customer_id=customer.id,
            our_address=thread.our_address,
            body=body,
            slots=slots | {"inv": said["inv"]},
            payment_id=payment.id,
            pay_link_id=retry.id if retry else None,
        ),
    )


def _email(
    ctx: Context,
    merchant: Merchant,
    customer: Customer,
    payment: Payment,
    kind: str,
    thread: Conversation | None,
    more: Mapping[str, str],
) -> None:
    point = invoicing.email_on_file(ctx, customer.id)
    if point is None:
        return
    if kind not in optouts.EMAILED_ANYWAY and optouts.is_opted_out(ctx, merchant.id, Channel.EMAIL, point.address):
        return
    parts = payment_letter(ctx, merchant, payment, kind, more)
    in_thread = thread is not None and thread.address == point.address
    retry = _retry_link(ctx, payment) if kind == "pay_failed" and in_thread else None
    # A pay link lives for minutes and is renewed only in the thread it came in; else our page is the way.
    link = f"{ctx.site.base_url}/m/{merchant.slug}" if kind == "pay_failed" and retry is None else "{link}"
    if kind == DEPOSITS_HERE:
        link = payment.redirect_url or link
    messenger.queue(
        ctx,
        _outgoing(
            ctx,
            merchant,
            Channel.EMAIL,
            kind,
            point.address,
            customer.locale,
            conversation_id=invoicing.thread_with(ctx, merchant, point),
            customer_id=customer.id,
            our_address=merchant.inbound_email or merchant.email,
            subject=parts.subject,
            body=parts.text.replace("{link}", link),
            html=parts.html.replace("{link}", escape(link)),
            payment_id=payment.id,
            pay_link_id=retry.id if retry else None,
        ),
    )


def payment_letter(
    ctx: Context, merchant: Merchant, payment: Payment, kind: str, more: Mapping[str, str] | None = None
) -> letters.Letter:
    customer = ctx.session.get_one(Customer, payment.customer_id)
    covered = _covered(ctx, payment)
    lines = _lines(covered, customer.locale)
    slots = _slots(payment, covered, customer.locale) | dict(more or {})
    book = books.load(ctx, merchant.id)
    return letters.letter(kind, customer.locale, merchant=merchant, book=book, name=customer.name, lines=lines, **slots)


def ask_for_person(ctx: Context, merchant: Merchant, address: str, name: str | None, kind: str) -> None:
    """Mail the merchant that a customer wants one of them. Carries no message text: the thread has it."""
    who = rendering.clean(name) if name else address
    tell_merchant(ctx, merchant, "person_wanted", who=who, about=kind)


def tell_undeliverable(ctx: Context, merchant: Merchant, name: str, *, is_complaint: bool) -> None:
    """Without an email on file that works, a customer cannot show who they are: only the merchant can mend that."""
    tell_merchant(ctx, merchant, "undeliverable", who=rendering.plain(name), is_complaint=is_complaint)


def tell_unreachable(ctx: Context, merchant: Merchant, name: str, channel: Channel, address: str) -> None:
    """The carrier says that a number takes no messages."""
    tell_merchant(ctx, merchant, "unreachable", who=rendering.plain(name), channel=channel.value, number=address)


def tell_paused(ctx: Context, merchant: Merchant, reach: str, code: str) -> None:
    """The carrier refuses: what waits, and what the merchant can do about it."""
    tell_merchant(ctx, merchant, "texts_paused", reach=reach, code=code)


def tell_webhook_disabled(ctx: Context, merchant: Merchant) -> None:
    """Without the address, which may hold a secret: the delivery log has it."""
    tell_merchant(ctx, merchant, "webhook_disabled")


def tell_merchant(ctx: Context, merchant: Merchant, kind: str, **slots: object) -> None:
    """By email, to the merchant's own address."""
    parts = letters.letter(kind, merchant.locale, merchant=merchant, book=TILLS, **slots)
    messenger.queue(
        ctx,
        _outgoing(
            ctx,
            merchant,
            Channel.EMAIL,
            kind,
            merchant.email,
            merchant.locale,
            our_address=merchant.inbound_email or merchant.email,
            subject=parts.subject,
            body=parts.text,
            html=parts.html,
        ),
    )


def _slots(payment: Payment, covered: Covered, locale: str) -> dict[str, Any]:
    numbers = [rendering.clean(invoice.number, 16) for invoice, _ in covered]
    return {
        "amt": rendering.money(payment.amount, locale),
        "inv": rendering.clean(payment.description or "", 40) if payment.is_custom else _only(numbers),
        "count": len(numbers),
        "ref": payment.reference,
        "why": REASONS.get(payment.failure_code or "", "other"),
        "deposits": payment.deposits,
        "url": payment.redirect_url,
    }


def _only(numbers: Sequence[str]) -> str | None:
    return numbers[0] if len(numbers) == 1 else None


def _lines(covered: Covered, locale: str) -> list[tuple[str, str]]:
    return [(rendering.clean(invoice.number, 16), rendering.money(share, locale)) for invoice, share in covered]


def _covered(ctx: Context, payment: Payment) -> Covered:
    rows = ctx.session.execute(
        sa.select(Invoice, Allocation.amount_minor)
        .join(Allocation, Allocation.invoice_id == Invoice.id)
        .where(Allocation.payment_id == payment.id)
        .order_by(Invoice.due_on, Invoice.id)
    )
    return [(invoice, Money(share, payment.currency)) for invoice, share in rows]


def _outgoing(
    ctx: Context, merchant: Merchant, channel: Channel, kind: str, to: str, locale: str, **fields: Any
) -> Message:
    return Message(
        merchant_id=merchant.id,
        direction=Direction.OUT,
        channel=channel,
        kind=kind,
        their_address=to,
        locale=locale,
        status=MessageStatus.QUEUED,
        route=Route.MESSENGER,
        created_at=ctx.clock.now(),
        **fields,
    )
