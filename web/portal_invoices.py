"""What a signed-in customer sees of their own account: to pay, on its way, paid. Live invoices of one customer only."""

from collections.abc import Iterable, Sequence
from itertools import groupby

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from models.context import Context
from models.customer import ContactPoint, Customer
from models.invoice import Invoice, InvoiceStatus
from models.merchant import Merchant, Mode
from models.money import Money
from models.paylink import PayLink
from models.payment import PAID_STATUSES, Allocation, Payment, PaymentStatus
from models.session import WebSession
from payments import accounts, attempts, credit, holds, invoices, links
from web import framing
from web.outcomes import local_day, method_used
from web.pages import DueGroup, FlightLine, InvoiceLine, InvoicesPage, Notice, PaidLine, Problem

RECENTLY_PAID = 5
MAX_PICKED = 500
"""More than any list on a page; a longer form was not made by ours."""


def page(
    ctx: Context,
    merchant: Merchant,
    session: WebSession,
    *,
    all_paid: bool = False,
    problem: Problem | None = None,
    notice: Notice | None = None,
) -> InvoicesPage:
    customer = ctx.session.get_one(Customer, session.customer_id)
    owed = invoices.outstanding(ctx, customer.id)
    busy = _in_flight(ctx, [invoice.id for invoice in owed])
    held = {invoice.id for _, held in busy for invoice in held}
    due = [invoice for invoice in owed if invoice.id not in held]
    paid_count = _count_paid(ctx.session, customer.id)
    home = url_for("portal.home", slug=merchant.slug)
    return InvoicesPage(
        frame=framing.frame(
            merchant,
            prefers=customer.locale,
            sign_out_action=url_for("portal.sign_out", slug=merchant.slug),
        ),
        problem=problem,
        notice=notice,
        action=url_for("portal.pay", slug=merchant.slug),
        customer_name=customer.name,
        customer_email=ctx.session.get_one(ContactPoint, session.contact_point_id).address,
        groups=_groups(merchant.slug, due),
        in_flight=[_flight_line(ctx, merchant, payment, held) for payment, held in busy],
        paid=_paid_lines(ctx, merchant, customer.id, None if all_paid else RECENTLY_PAID),
        paid_count=paid_count,
        all_paid_url=f"{home}?all" if paid_count > RECENTLY_PAID and not all_paid else None,
        credits=[held for held in credit.balances(ctx, customer.id) if held.minor > 0],
        statement_url=url_for("papers.statement", slug=merchant.slug),
        saved_url=url_for("saved.show", slug=merchant.slug) if accounts.of(ctx, customer.id) else None,
        custom_url=url_for("custom.show", slug=merchant.slug) if merchant.allows_custom else None,
    )


def pick(ctx: Context, session: WebSession, public_ids: Iterable[str]) -> Sequence[Invoice]:
    """The ticked invoices, the oldest due first; none at all if one of them cannot be paid now. Raises NotFound for
    anyone else's."""
    wanted = set(public_ids)
    if len(wanted) > MAX_PICKED:
        raise NotFound
    found = ctx.session.scalars(
        sa.select(Invoice)
        .where(
            Invoice.customer_id == session.customer_id,
            Invoice.public_id.in_(wanted),
            Invoice.mode == Mode.LIVE,
            Invoice.status != InvoiceStatus.DRAFT,
        )
        .order_by(Invoice.due_on, Invoice.id)
    ).all()
    if len(found) != len(wanted):
        raise NotFound
    free = all(invoice.is_payable for invoice in found) and not _in_flight(ctx, [i.id for i in found])
    one_currency = len({invoice.currency for invoice in found}) == 1
    return found if free and one_currency else []


def _groups(slug: str, due: Sequence[Invoice]) -> list[DueGroup]:
    """By currency, the one with the oldest due date first."""
    order = list(dict.fromkeys(invoice.currency for invoice in due))
    by_currency = sorted(due, key=lambda invoice: order.index(invoice.currency))
    return [
        DueGroup(lines=[_due_line(slug, i) for i in group], total=Money(sum(i.balance_minor for i in group), currency))
        for currency, members in groupby(by_currency, key=lambda invoice: invoice.currency)
        for group in [list(members)]
    ]


def _due_line(slug: str, invoice: Invoice) -> InvoiceLine:
    return InvoiceLine(
        value=invoice.public_id,
        number=invoice.number,
        description=invoice.description,
        amount=invoice.balance,
        due_on=invoice.due_on,
        details_url=url_for("papers.invoice", slug=slug, public_id=invoice.public_id),
        total=invoice.total if invoice.balance != invoice.total else None,
    )


def _in_flight(ctx: Context, invoice_ids: Sequence[int]) -> list[tuple[Payment, list[Invoice]]]:
    """Attempts that the portal may not replace, with the invoices that they hold."""
    now = ctx.clock.now()
    held = holds.open_over(ctx.session, invoice_ids) if invoice_ids else []
    busy = [payment for payment in held if not attempts.may_supersede(payment, None, now)]
    return [(payment, _covered(ctx.session, payment)) for payment in busy]


def _covered(session: Session, payment: Payment) -> list[Invoice]:
    shares = sa.select(Allocation.invoice_id).where(Allocation.payment_id == payment.id)
    in_order = sa.select(Invoice).where(Invoice.id.in_(shares)).order_by(Invoice.due_on, Invoice.id)
    return list(session.scalars(in_order))


def flight_lines(ctx: Context, merchant: Merchant, wanted: Sequence[Invoice]) -> list[FlightLine]:
    """What is being paid of these invoices and not arrived yet."""
    busy = _in_flight(ctx, [invoice.id for invoice in wanted])
    return [_flight_line(ctx, merchant, payment, held) for payment, held in busy]


def _flight_line(ctx: Context, merchant: Merchant, payment: Payment, held: Sequence[Invoice]) -> FlightLine:
    link = ctx.session.get_one(PayLink, payment.pay_link_id)
    return FlightLine(
        numbers=[invoice.number for invoice in held],
        amount=payment.amount,
        started_on=local_day(payment.created_at, merchant),
        is_waiting=payment.status is PaymentStatus.VERIFYING,
        status_url=url_for("pay.payment", token=links.token(ctx, link), public_id=payment.public_id),
    )


def _paid(customer_id: int) -> sa.ColumnElement[bool]:
    return (Invoice.customer_id == customer_id) & (Invoice.status == InvoiceStatus.PAID) & (Invoice.mode == Mode.LIVE)


def _count_paid(session: Session, customer_id: int) -> int:
    return session.scalars(sa.select(sa.func.count()).select_from(Invoice).where(_paid(customer_id))).one()


def _paid_lines(ctx: Context, merchant: Merchant, customer_id: int, limit: int | None) -> list[PaidLine]:
    newest_first = sa.select(Invoice).where(_paid(customer_id)).order_by(Invoice.paid_at.desc(), Invoice.id.desc())
    found = ctx.session.scalars(newest_first.limit(limit)).all()
    by = _last_payments(ctx.session, [invoice.id for invoice in found])
    return [_paid_line(ctx, merchant, invoice, by.get(invoice.id)) for invoice in found]


def _last_payments(session: Session, invoice_ids: Sequence[int]) -> dict[int, Payment]:
    """The payment that paid each of them, or the last of several. What was settled elsewhere has none."""
    rows = session.execute(
        sa.select(Allocation.invoice_id, Payment)
        .join(Payment, Payment.id == Allocation.payment_id)
        .where(Allocation.invoice_id.in_(invoice_ids), Payment.status.in_(PAID_STATUSES))
        .order_by(Payment.id)
    )
    return dict(rows.all())


def _paid_line(ctx: Context, merchant: Merchant, invoice: Invoice, payment: Payment | None) -> PaidLine:
    return PaidLine(
        number=invoice.number,
        details_url=url_for("papers.invoice", slug=merchant.slug, public_id=invoice.public_id),
        amount=invoice.total,
        paid_on=local_day(invoice.paid_at or invoice.created_at, merchant),
        method=method_used(payment) if payment else None,
        receipt_url=links.receipt_url(ctx, payment).removeprefix(ctx.site.base_url) if payment else None,
    )
