"""The list of customers, and one of them: addresses and what their owners agreed to, invoices, all that happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import sqlalchemy as sa
from flask import Blueprint, Response, request, url_for
from sqlalchemy.orm import Session

from bot.reminders import cadences
from models.cadence import CustomerCadence
from models.case import Case
from models.consent import Consent, OptOut
from models.context import Context
from models.conversation import Conversation
from models.customer import Channel, ContactPoint, Customer
from models.invoice import Invoice, InvoiceStatus
from models.merchant import Merchant, Mode
from models.money import Money
from web.console import frame, search, timeline
from web.console.access import mine
from web.console.frame import ConsolePage, parts
from web.console.timeline import Happening
from web.console.visitor import visitor
from web.context import reads

blueprint = Blueprint("console_customers", __name__, url_prefix="/console/customers")

PAGE = 50
INVOICES = 50


@dataclass(frozen=True, slots=True)
class Row:
    customer: Customer
    emails: Sequence[str]
    phones: Sequence[str]
    owed: Sequence[Money]


@dataclass(frozen=True, slots=True)
class Standing:
    """An address with what is known of its owner's will. `refused`: the refusal that stands; `words`: newest first."""

    point: ContactPoint
    refused: OptOut | None
    words: Sequence[Consent]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomersPage(ConsolePage):
    template: ClassVar[str] = "web/console/customers.html"
    section: ClassVar[str] = "customers"
    text: str
    rows: Sequence[Row]
    next_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerPage(ConsolePage):
    template: ClassVar[str] = "web/console/customer.html"
    section: ClassVar[str] = "customers"
    customer: Customer
    addresses: Sequence[Standing]
    owed: Sequence[Money]
    invoices: Sequence[Invoice]
    cases: Sequence[Case]
    threads: Sequence[Conversation]
    happened: Sequence[Happening]
    cadence: CustomerCadence

    @property
    def is_reminded(self) -> bool:
        return self.cadence.is_on

    @property
    def steps(self) -> str:
        return ", ".join(str(step) for step in self.cadence.steps or ())


@blueprint.get("")
@reads
def index(ctx: Context) -> Response:
    merchant = visitor().merchant
    text = " ".join(request.args.get("q", "").split())[:80]
    found = _listed(ctx, merchant, text, request.args.get("after", "")[:120])
    more = len(found) > PAGE
    found = found[:PAGE]
    ids = [customer.id for customer in found]
    points, owed = _points(ctx.session, ids), _owed(ctx.session, ids)
    page = CustomersPage(
        **parts(),
        text=text,
        rows=[
            Row(
                customer,
                [p.address for p in points.get(customer.id, ()) if p.channel is Channel.EMAIL],
                [p.address for p in points.get(customer.id, ()) if p.channel is not Channel.EMAIL],
                owed.get(customer.id, ()),
            )
            for customer in found
        ],
        next_url=url_for("console_customers.index", q=text or None, after=found[-1].public_id) if more else None,
    )
    return frame.show(page)


@blueprint.get("/<public_id>")
@reads
def show(ctx: Context, public_id: str) -> Response:
    return page(ctx, mine(ctx, Customer, public_id))


def page(ctx: Context, customer: Customer, problems: Mapping[str, str] | None = None) -> Response:
    owing = sa.select(Invoice).where(Invoice.customer_id == customer.id)
    shown = CustomerPage(
        **parts(),
        problems=problems or {},
        customer=customer,
        addresses=_standings(ctx.session, customer),
        owed=_owed(ctx.session, [customer.id]).get(customer.id, ()),
        invoices=ctx.session.scalars(owing.order_by(Invoice.due_on.desc(), Invoice.id.desc()).limit(INVOICES)).all(),
        cases=open_cases(ctx.session, customer),
        threads=_threads(ctx.session, customer),
        happened=timeline.of(ctx, customer),
        cadence=cadences.of_customer(ctx, customer),
    )
    return frame.show(shown, 422 if problems else 200)


def open_cases(session: Session, customer: Customer) -> Sequence[Case]:
    mine_open = sa.select(Case).where(Case.customer_id == customer.id, Case.resolved_at.is_(None))
    return session.scalars(mine_open.order_by(Case.id)).all()


def _listed(ctx: Context, merchant: Merchant, text: str, after: str) -> Sequence[Customer]:
    """By name; the cursor is the last customer of the page before."""
    query = sa.select(Customer).where(Customer.merchant_id == merchant.id, Customer.mode == Mode.LIVE)
    if text:
        query = query.where(Customer.id.in_(search.customers_like(ctx, merchant, text)))
    own = (Customer.public_id == after) & (Customer.merchant_id == merchant.id)
    last = ctx.session.scalars(sa.select(Customer).where(own)).one_or_none() if after else None
    if last is not None:
        place = sa.tuple_(Customer.name, Customer.id)
        query = query.where(place > sa.tuple_(sa.literal(last.name), sa.literal(last.id)))
    return ctx.session.scalars(query.order_by(Customer.name, Customer.id).limit(PAGE + 1)).all()


def _points(session: Session, ids: Sequence[int]) -> dict[int, list[ContactPoint]]:
    found: dict[int, list[ContactPoint]] = {}
    query = sa.select(ContactPoint).where(ContactPoint.customer_id.in_(ids))
    for point in session.scalars(query.order_by(ContactPoint.is_primary.desc(), ContactPoint.id)):
        found.setdefault(point.customer_id, []).append(point)
    return found


def _owed(session: Session, ids: Sequence[int]) -> dict[int, list[Money]]:
    """What is open, per currency."""
    rows = session.execute(
        sa.select(Invoice.customer_id, Invoice.currency, sa.func.sum(Invoice.balance_minor))
        .where(Invoice.customer_id.in_(ids), Invoice.status == InvoiceStatus.OPEN, Invoice.mode == Mode.LIVE)
        .group_by(Invoice.customer_id, Invoice.currency)
        .order_by(Invoice.currency)
    )
    found: dict[int, list[Money]] = {}
    for customer_id, currency, minor in rows:
        if minor:
            found.setdefault(customer_id, []).append(Money(int(minor), currency))
    return found


def _standings(session: Session, customer: Customer) -> list[Standing]:
    found = []
    for point in _points(session, [customer.id]).get(customer.id, []):
        said = sa.select(Consent).where(
            Consent.merchant_id == point.merchant_id, Consent.channel == point.channel, Consent.address == point.address
        )
        words = session.scalars(said.order_by(Consent.id.desc()).limit(10)).all()
        refused = session.get(OptOut, (point.merchant_id, point.channel, point.address))
        found.append(Standing(point, refused, words))
    return found


def _threads(session: Session, customer: Customer) -> Sequence[Conversation]:
    """Those of their addresses, proven or not."""
    own = ContactPoint.customer_id == customer.id
    same = (ContactPoint.channel == Conversation.channel) & (ContactPoint.address == Conversation.address)
    query = sa.select(Conversation).join(ContactPoint, same & (ContactPoint.merchant_id == Conversation.merchant_id))
    return session.scalars(query.where(own).order_by(Conversation.id)).all()
