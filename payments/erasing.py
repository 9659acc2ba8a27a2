"""The money side of erasing a customer: what stands against it, and what of payments is a person's. Invoices, amounts,
refunds and the ledger stay as they are; nothing here changes a balance."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from models.context import Context, Runtime
from models.customer import Customer
from models.errors import DomainError
from models.invoice import Invoice, InvoiceStatus
from models.isolation import each
from models.money import Money
from models.paylink import PayLink
from models.payment import OPEN_STATUSES, Payment, PaymentStatus
from models.refund import Dispute, DisputeStatus, Refund, RefundStatus
from models.saved_account import SavedAccount
from payments import accounts, credit, invoices

FORGOTTEN = "erased:"
"""How the token of a saved account begins that its provider has forgotten, too."""


class Standing(StrEnum):
    """Why a customer cannot be erased yet: money that somebody would have to talk to them about."""

    OWES = "owes"
    """To be paid, voided or written off first: erasing never loses a debt by itself."""
    DRAFT = "draft"
    UNDER_WAY = "under_way"
    DISPUTED = "disputed"
    REFUND = "refund"
    CREDIT = "credit"
    """Their money: to be given back, or put on an invoice."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    why: Standing
    name: str
    """The invoice's number, the payment's reference; nothing for credit."""
    amount: Money


class ErasureRefused(DomainError):
    def __init__(self, obstacles: Sequence[Obstacle]) -> None:
        super().__init__("customer_in_use")
        self.obstacles = obstacles


def hold(ctx: Context, customer_id: int) -> Customer:
    """Their payments, invoices and they themselves, locked in the order that everybody locks them in. The last one in
    full: whoever is about to add a row of theirs waits, and then finds them erased."""
    theirs = sa.select(Payment.id).where(Payment.customer_id == customer_id).order_by(Payment.id)
    ctx.session.execute(theirs.with_for_update(key_share=True))
    own = ctx.session.scalars(sa.select(Invoice.id).where(Invoice.customer_id == customer_id)).all()
    invoices.lock(ctx.session, own)
    which = sa.select(Customer).where(Customer.id == customer_id)
    return ctx.session.scalars(which.with_for_update().execution_options(populate_existing=True)).one()


def obstacles(ctx: Context, customer: Customer) -> list[Obstacle]:
    """Everything that is open, in the order that it is best settled in."""
    return [
        *_payments(ctx, customer, OPEN_STATUSES, Standing.UNDER_WAY),
        *_disputed(ctx, customer),
        *_refunds(ctx, customer),
        *_invoices(ctx, customer),
        *(Obstacle(Standing.CREDIT, "", amount) for amount in credit.balances(ctx, customer.id)),
    ]


def forget_payer(ctx: Context, customer: Customer) -> None:
    """What their payments hold of them, and the links that lead to one."""
    theirs = Payment.customer_id == customer.id
    gone = {"payer_name": None, "return_url": None, "redirect_url": None, "method_label": None, "saves_account": False}
    ctx.session.execute(sa.update(Payment).where(theirs).values(gone))
    ctx.session.execute(sa.update(Payment).where(theirs, Payment.is_custom).values(description=None))
    is_open = (PayLink.customer_id == customer.id) & PayLink.spent_at.is_(None) & PayLink.revoked_at.is_(None)
    ctx.session.execute(sa.update(PayLink).where(is_open).values(revoked_at=ctx.clock.now()))
    now = ctx.clock.now()
    for account in ctx.session.scalars(sa.select(SavedAccount).where(SavedAccount.customer_id == customer.id)):
        account.removed_at, account.name, account.last4 = account.removed_at or now, "", ""


def forget_accounts(runtime: Runtime, customer_id: int | None = None) -> int:
    """At the providers, too: those of one erased customer, or whatever is left of all. Call with no transaction open;
    what cannot be reached is tried again every night. Returns how many were forgotten."""
    whose = sa.true() if customer_id is None else SavedAccount.customer_id == customer_id
    left = sa.select(SavedAccount).join(Customer, Customer.id == SavedAccount.customer_id)
    left = left.where(whose, Customer.erased_at.is_not(None), ~SavedAccount.token.startswith(FORGOTTEN))
    with runtime.read() as ctx:
        found = ctx.session.scalars(left.order_by(SavedAccount.id)).all()
    return sum(each(found, lambda account: _forget(runtime, account)))


def _forget(runtime: Runtime, account: SavedAccount) -> bool:
    if not accounts.forget_at_provider(runtime, account):
        return False
    with runtime.write() as ctx:
        ctx.session.get_one(SavedAccount, account.id).token = f"{FORGOTTEN}{account.public_id}"
    return True


# --- what is open -----------------------------------------------------------------------------------------------------
def _payments(
    ctx: Context, customer: Customer, statuses: frozenset[PaymentStatus], why: Standing
) -> Sequence[Obstacle]:
    which = (Payment.customer_id == customer.id) & Payment.status.in_(statuses)
    found = ctx.session.scalars(sa.select(Payment).where(which).order_by(Payment.id))
    return [Obstacle(why, payment.reference, payment.amount) for payment in found]


def _disputed(ctx: Context, customer: Customer) -> Sequence[Obstacle]:
    open_ones = sa.select(Dispute.payment_id).where(Dispute.status == DisputeStatus.OPEN)
    which = Payment.id.in_(open_ones) | (Payment.status == PaymentStatus.DISPUTED)
    found = ctx.session.scalars(
        sa.select(Payment).where(Payment.customer_id == customer.id, which).order_by(Payment.id)
    )
    return [Obstacle(Standing.DISPUTED, payment.reference, payment.amount) for payment in found]


def _refunds(ctx: Context, customer: Customer) -> Sequence[Obstacle]:
    both: sa.Select[Refund, Payment] = sa.select(Refund, Payment).join(Payment, Payment.id == Refund.payment_id)
    waiting = (Payment.customer_id == customer.id) & (Refund.status == RefundStatus.PENDING)
    found = ctx.session.execute(both.where(waiting).order_by(Refund.id)).all()
    return [Obstacle(Standing.REFUND, p.reference, Money(r.amount_minor, p.currency)) for r, p in found]


def _invoices(ctx: Context, customer: Customer) -> Sequence[Obstacle]:
    asked = Invoice.status.in_((InvoiceStatus.OPEN, InvoiceStatus.DRAFT))
    found = ctx.session.scalars(
        sa.select(Invoice).where(Invoice.customer_id == customer.id, asked).order_by(Invoice.due_on, Invoice.id)
    )
    return [
        Obstacle(Standing.DRAFT if one.status is InvoiceStatus.DRAFT else Standing.OWES, one.number, one.balance)
        for one in found
    ]
