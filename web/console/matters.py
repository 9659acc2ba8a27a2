"""What else waits for a person: cases that customers opened, money nobody has placed or knows about, addresses that no
code can reach, jobs that failed. Each with where to act."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from flask import url_for

from models.case import Case, CaseKind
from models.context import Context
from models.conversation import Conversation
from models.customer import Channel, ContactPoint, Customer
from models.invoice import Invoice, InvoiceStatus
from models.ledger import Account, LedgerEntry
from models.merchant import Merchant, Mode
from models.money import Money
from models.payment import Payment, PaymentStatus
from web.console import failed_jobs


class Need(StrEnum):
    ASKED_FOR_PERSON = "asked_for_person"
    TEXT_FAILED = "text_failed"
    EMAIL_FAILED = "email_failed"
    PAYMENT_RETURNED = "payment_returned"
    PAYMENT_DISPUTED = "payment_disputed"
    PAYMENT_UNKNOWN = "payment_unknown"
    ALREADY_PAID = "already_paid"
    WRONG_AMOUNT = "wrong_amount"
    REFUND_WISH = "refund_wish"
    WRONG_NUMBER = "wrong_number"
    CREDIT = "credit"
    CODES_BLOCKED = "codes_blocked"
    """No email of theirs works, so they cannot show who they are."""
    JOB_FAILED = "job_failed"


@dataclass(frozen=True, slots=True)
class Waiting:
    need: Need
    name: str
    address: str
    at: datetime
    url: str
    case_id: str = ""
    """Of a case that can be closed here."""
    credit: Money | None = None
    customer_id: str = ""
    """Whose credit can be put on an invoice here."""
    detail: str = field(default="")


def found(ctx: Context, merchant: Merchant, limit: int) -> list[Waiting]:
    """Unsorted, at most `limit` of each kind."""
    parts: Sequence[Callable[[Context, Merchant, int], list[Waiting]]] = (_cases, _credits, _unknown, _blocked, _jobs)
    return [one for part in parts for one in part(ctx, merchant, limit)]


def _cases(ctx: Context, merchant: Merchant, limit: int) -> list[Waiting]:
    """A person wanted is told by the thread."""
    of_cases: sa.Select[Case, Conversation, Customer | None, str | None] = sa.select(
        Case, Conversation, Customer, Invoice.number
    )
    rows = ctx.session.execute(
        of_cases.join(Conversation, Conversation.id == Case.conversation_id)
        .outerjoin(Customer, Customer.id == Case.customer_id)
        .outerjoin(Invoice, Invoice.id == Case.invoice_id)
        .where(
            Case.merchant_id == merchant.id,
            Case.resolved_at.is_(None),
            Case.kind != CaseKind.PERSON_WANTED,
        )
        .order_by(Case.id.desc())
        .limit(limit)
    )
    return [
        Waiting(
            Need(case.kind.value),
            customer.name if customer is not None else "",
            thread.address,
            case.opened_at,
            url_for("console_messages.thread", public_id=thread.public_id),
            case_id=case.public_id,
            detail=number or "",
        )
        for case, thread, customer, number in rows
    ]


def _credits(ctx: Context, merchant: Merchant, limit: int) -> list[Waiting]:
    held = -sa.func.sum(LedgerEntry.amount_minor)
    rows = ctx.session.execute(
        sa.select(
            Customer, LedgerEntry.currency, held, sa.func.max(LedgerEntry.created_at), _owes(LedgerEntry.currency)
        )
        .join(Customer, Customer.id == LedgerEntry.customer_id)
        .where(LedgerEntry.account == Account.CREDIT, Customer.merchant_id == merchant.id, Customer.mode == Mode.LIVE)
        .group_by(Customer.id, LedgerEntry.currency)
        .having(held > 0)
        .order_by(sa.func.max(LedgerEntry.id).desc())
        .limit(limit)
    )
    return [
        Waiting(
            Need.CREDIT,
            customer.name,
            "",
            at,
            url_for("console_customers.show", public_id=customer.public_id),
            credit=Money(int(minor), currency),
            customer_id=customer.public_id if owes else "",
        )
        for customer, currency, minor, at, owes in rows
    ]


def _owes(currency: sa.ColumnElement[str] | sa.orm.InstrumentedAttribute[str]) -> sa.Exists:
    return sa.exists().where(
        Invoice.customer_id == Customer.id,
        Invoice.status == InvoiceStatus.OPEN,
        Invoice.balance_minor > 0,
        Invoice.currency == currency,
    )


def _unknown(ctx: Context, merchant: Merchant, limit: int) -> list[Waiting]:
    """The provider was asked and did not say: nobody may pay these invoices again before it does."""
    rows = ctx.session.execute(
        sa.select(Payment, Customer)
        .join(Customer, Customer.id == Payment.customer_id)
        .where(
            Payment.merchant_id == merchant.id,
            Payment.status == PaymentStatus.UNKNOWN,
            Payment.mode == Mode.LIVE,
        )
        .order_by(Payment.id.desc())
        .limit(limit)
    )
    return [
        Waiting(
            Need.PAYMENT_UNKNOWN,
            customer.name,
            payment.reference,
            payment.created_at,
            url_for("console_customers.show", public_id=customer.public_id),
        )
        for payment, customer in rows
    ]


def _blocked(ctx: Context, merchant: Merchant, limit: int) -> list[Waiting]:
    """Customers who owe something and whose every email bounced or complained: codes do not reach them."""
    other = sa.orm.aliased(ContactPoint)
    works = sa.exists().where(
        other.customer_id == ContactPoint.customer_id, other.channel == Channel.EMAIL, other.bad_since_at.is_(None)
    )
    owing = sa.exists().where(Invoice.customer_id == Customer.id, Invoice.status == InvoiceStatus.OPEN)
    rows = ctx.session.execute(
        sa.select(ContactPoint, Customer)
        .join(Customer, Customer.id == ContactPoint.customer_id)
        .where(
            ContactPoint.merchant_id == merchant.id,
            ContactPoint.mode == Mode.LIVE,
            ContactPoint.channel == Channel.EMAIL,
            ContactPoint.bad_since_at.is_not(None),
            ~works,
            owing,
        )
        .order_by(ContactPoint.bad_since_at.desc())
        .limit(limit)
    )
    return [
        Waiting(
            Need.CODES_BLOCKED,
            customer.name,
            point.address,
            point.bad_since_at or point.created_at,
            url_for("console_customers.show", public_id=customer.public_id),
        )
        for point, customer in {customer.id: (point, customer) for point, customer in rows}.values()
    ]


def _jobs(ctx: Context, merchant: Merchant, limit: int) -> list[Waiting]:
    url = url_for("console_failures.index")
    return [
        Waiting(Need.JOB_FAILED, "", job.job_id, ctx.clock.now(), url, detail=job.name)
        for job in failed_jobs.of(ctx, merchant)[:limit]
    ]
