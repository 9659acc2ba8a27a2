"""Invoices as money sees them: locked in one order, changed only together with the ledger."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.context import Context
from models.invoice import Invoice, InvoiceStatus
from models.merchant import Mode
from models.money import Money
from payments import closing, ledger, papers
from payments.papers import Item


def lock(session: Session, ids: Collection[int] | sa.CompoundSelect[int]) -> list[Invoice]:
    """These invoices, fresh, held until the transaction ends. Always in id order: two that want overlapping sets then
    wait for each other instead of killing each other."""
    return list(
        session.scalars(
            sa.select(Invoice)
            .where(Invoice.id.in_(ids))
            .order_by(Invoice.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
    )


def outstanding(ctx: Context, customer_id: int, mode: Mode = Mode.LIVE) -> Sequence[Invoice]:
    """What a customer owes, the oldest due first."""
    return ctx.session.scalars(
        sa.select(Invoice)
        .where(
            Invoice.customer_id == customer_id,
            Invoice.status == InvoiceStatus.OPEN,
            Invoice.mode == mode,
            Invoice.balance_minor > 0,
        )
        .order_by(Invoice.due_on, Invoice.id)
    ).all()


def issue(ctx: Context, invoice: Invoice) -> None:
    """Raises DomainError("invoice_state") for anything but a draft."""
    ctx.session.flush()
    ledger.issue(ctx, _locked(ctx, invoice))


def amend(ctx: Context, invoice: Invoice, total: Money, items: Sequence[Item] = ()) -> None:
    """Ask for another total. Lines that no longer add up to it go; `items` come instead. What is being paid of it and
    was not confirmed yet is closed afterwards. Raises DomainError("invoice_state"), DomainError("below_paid"),
    DomainError("mixed_currencies"), and what papers.itemise raises."""
    held = _locked(ctx, invoice)
    changes = total != held.total
    ledger.adjust(ctx, held, total)
    if changes or items:
        papers.itemise(ctx, held, items)
    closing.close_later(ctx, [held.id])


def void(ctx: Context, invoice: Invoice) -> None:
    """Ask no more, and close what is being paid of it, as after amend. Raises DomainError("invoice_state")."""
    ledger.void(ctx, _locked(ctx, invoice))
    closing.close_later(ctx, [invoice.id])


def _locked(ctx: Context, invoice: Invoice) -> Invoice:
    return lock(ctx.session, [invoice.id])[0]
