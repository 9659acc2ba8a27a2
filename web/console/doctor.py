"""The wrong-amount doctor: an email, and why its owner may see another amount than the merchant expects. Shows who
has it on file, who nearly has, what they owe in each workspace, and what changed last."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import sqlalchemy as sa
from flask import Blueprint, Response, request
from rapidfuzz import fuzz, process

from models.audit import AuditEntry
from models.case import Case
from models.consent import OptOut
from models.context import Context
from models.customer import Channel, ContactPoint, Customer, normalise_email
from models.invoice import Invoice, InvoiceStatus
from models.merchant import Merchant
from models.payment import OPEN_STATUSES, Allocation, Payment
from web.console import frame, invoices
from web.console.frame import ConsolePage, parts
from web.console.visitor import visitor
from web.context import reads

blueprint = Blueprint("console_doctor", __name__, url_prefix="/console/doctor")

NEAR_MISSES = 8
NEAR = 82
"""Of 100: "rosa@delgadocafe.example" and "rosa@delgadocaffe.example" are 98 alike."""
LOOKED_AT = 100_000
"""Addresses of one merchant, which takes a fifth of a second."""
LAST = 8


@dataclass(frozen=True, slots=True)
class Finding:
    """One customer who matches, with everything that decides which amount they see."""

    customer: Customer
    aliases: Sequence[ContactPoint]
    invoices: Sequence[Invoice]
    moving: Sequence[Payment]
    cases: Sequence[Case]
    refused: Sequence[OptOut]
    changed: Sequence[AuditEntry]

    @property
    def open(self) -> list[Invoice]:
        return [one for one in self.invoices if one.status is InvoiceStatus.OPEN]


@dataclass(frozen=True, slots=True)
class NearMiss:
    address: str
    likeness: int
    customer: Customer


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorPage(ConsolePage):
    template: ClassVar[str] = "web/console/doctor.html"
    section: ClassVar[str] = "customers"
    asked: str
    findings: Sequence[Finding]
    near: Sequence[NearMiss]


@blueprint.get("")
@reads
def show(ctx: Context) -> Response:
    merchant, asked = visitor().merchant, normalise_email(request.args.get("q", ""))[:254]
    page = DoctorPage(
        **parts(),
        asked=asked,
        findings=[_finding(ctx, customer) for customer in _matching(ctx, merchant, asked)] if asked else [],
        near=_near(ctx, merchant, asked) if asked else [],
    )
    return frame.show(page)


def _matching(ctx: Context, merchant: Merchant, asked: str) -> Sequence[Customer]:
    """Everybody with this very address, test customers too: they explain much."""
    ids = sa.select(ContactPoint.customer_id).where(
        ContactPoint.merchant_id == merchant.id, ContactPoint.channel == Channel.EMAIL, ContactPoint.address == asked
    )
    return ctx.session.scalars(sa.select(Customer).where(Customer.id.in_(ids)).order_by(Customer.id)).all()


def _near(ctx: Context, merchant: Merchant, asked: str) -> list[NearMiss]:
    rows = ctx.session.execute(
        sa.select(ContactPoint.address, ContactPoint.customer_id)
        .where(
            ContactPoint.merchant_id == merchant.id,
            ContactPoint.channel == Channel.EMAIL,
            ContactPoint.address != asked,
        )
        .limit(LOOKED_AT)
    ).all()
    scored = process.extract(asked, [row[0] for row in rows], scorer=fuzz.ratio, limit=NEAR_MISSES, score_cutoff=NEAR)
    found = []
    for address, likeness, position in scored:
        found.append(NearMiss(address, round(likeness), ctx.session.get_one(Customer, rows[position][1])))
    return found


def _finding(ctx: Context, customer: Customer) -> Finding:
    session = ctx.session
    owed = sa.select(Invoice).where(Invoice.customer_id == customer.id)
    points = session.scalars(
        sa.select(ContactPoint).where(ContactPoint.customer_id == customer.id).order_by(ContactPoint.id)
    ).all()
    found = session.scalars(owed.order_by(Invoice.status != InvoiceStatus.OPEN, Invoice.due_on.desc()).limit(20)).all()
    own = OptOut.merchant_id == customer.merchant_id
    return Finding(
        customer=customer,
        aliases=points,
        invoices=found,
        moving=_moving(ctx, found),
        cases=session.scalars(sa.select(Case).where(Case.customer_id == customer.id, Case.resolved_at.is_(None))).all(),
        refused=session.scalars(sa.select(OptOut).where(own, OptOut.address.in_([p.address for p in points]))).all(),
        changed=_changed(ctx, customer, found),
    )


def _moving(ctx: Context, found: Sequence[Invoice]) -> Sequence[Payment]:
    """Payments under way: their invoices look owed here, and as good as paid there."""
    covering = sa.select(Allocation.payment_id).where(Allocation.invoice_id.in_([one.id for one in found]))
    open_ones = Payment.id.in_(covering) & Payment.status.in_(OPEN_STATUSES)
    return ctx.session.scalars(sa.select(Payment).where(open_ones).order_by(Payment.id.desc())).all()


def _changed(ctx: Context, customer: Customer, found: Sequence[Invoice]) -> Sequence[AuditEntry]:
    entries = list(invoices.history_of(ctx.session, customer.merchant_id, "customer", customer.public_id))
    ids = [one.public_id for one in found]
    about = (AuditEntry.subject == "invoice") & AuditEntry.subject_id.in_(ids)
    edits = sa.select(AuditEntry).where(AuditEntry.merchant_id == customer.merchant_id, about)
    entries += ctx.session.scalars(edits.order_by(AuditEntry.id.desc()).limit(LAST)).all()
    return sorted(entries, key=lambda entry: entry.id, reverse=True)[:LAST]
