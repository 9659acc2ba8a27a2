"""All that waits for a person, and the acts that settle it: a case closed with a note, credit put on invoices."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import sqlalchemy as sa
from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from models.case import NOTE_CHARS, Case
from models.context import Context
from models.customer import Customer
from models.errors import DomainError
from models.invoice import Invoice, InvoiceStatus
from models.money import Money
from payments import credit
from web.console import audit, frame, typed, waiting
from web.console.access import mine
from web.console.frame import ConsolePage, done, parts, unchanged
from web.console.matters import Waiting
from web.console.visitor import visitor
from web.context import reads, writes

blueprint = Blueprint("console_needs", __name__, url_prefix="/console/needs")

LISTED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsPage(ConsolePage):
    template: ClassVar[str] = "web/console/needs.html"
    section: ClassVar[str] = "overview"
    needs: Sequence[Waiting]


@blueprint.get("")
@reads
def index(ctx: Context) -> Response:
    return frame.show(NeedsPage(**parts(), needs=waiting.waiting(ctx, visitor().merchant, LISTED)))


@blueprint.post("/cases/<public_id>")
@writes
def close(ctx: Context, public_id: str) -> AnyResponse:
    """With a note of how it was settled. Twice is once."""
    case = mine(ctx, Case, public_id, lock=True)
    note = typed.line(request.form.get("note", ""), NOTE_CHARS)
    here = url_for("console_needs.index")
    if not case.resolve(ctx.clock.now(), visitor().member.name, note or None):
        return unchanged("case_resolved_before", here)
    customer = ctx.session.get(Customer, case.customer_id) if case.customer_id is not None else None
    label = customer.name if customer is not None else ""
    audit.record(ctx, "case.resolved", customer or case, label=label, after={"case": case.kind, "note": note})
    return done("case_resolved", here)


@blueprint.post("/credit/<public_id>")
@writes
def apply_credit(ctx: Context, public_id: str) -> AnyResponse:
    """On what is due longest, as far as it reaches. What a payment is under way for is left out."""
    customer, here = mine(ctx, Customer, public_id, lock=True), url_for("console_needs.index")
    placed = [
        (number, share) for held in credit.balances(ctx, customer.id) for number, share in _place(ctx, customer, held)
    ]
    if not placed:
        return unchanged("credit_not_placed", here)
    after = {number: f"{share.decimal:f} {share.currency}" for number, share in placed}
    audit.record(ctx, "credit.applied", customer, label=customer.name, after=after)
    return done("credit_placed", here, ", ".join(after))


def _place(ctx: Context, customer: Customer, held: Money) -> list[tuple[str, Money]]:
    owed = sa.select(Invoice).where(
        Invoice.customer_id == customer.id,
        Invoice.status == InvoiceStatus.OPEN,
        Invoice.mode == customer.mode,
        Invoice.currency == held.currency,
        Invoice.balance_minor > 0,
    )
    placed: list[tuple[str, Money]] = []
    for invoice in ctx.session.scalars(owed.order_by(Invoice.due_on, Invoice.id)):
        try:
            placed.append((invoice.number, credit.apply(ctx, invoice)))
        except DomainError as error:
            if error.code == "no_credit":
                break
    return placed
