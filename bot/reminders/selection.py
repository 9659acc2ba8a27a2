"""Whom a press, a program or a day of the cadence means, and their invoices as planning needs them. Refuses whatever is
another merchant's."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby, islice
from typing import Any, Self, cast

import sqlalchemy as sa

from models.cadence import Cadence, CustomerCadence, Ways
from models.context import Context
from models.customer import Customer
from models.errors import DomainError
from models.invoice import Invoice, InvoiceStatus
from models.merchant import Merchant, Mode
from models.money import Money
from models.reminder import PRESSED

MOST_NAMED = 10_000
CUSTOMERS_AT_ONCE = 500
ROWS_AT_ONCE = 2_000
"""A campaign of a hundred thousand is never in memory whole."""
DAYS_AHEAD, DAYS_LATE = 1, 1
"""A scan plans tomorrow's steps as well, for the merchant to see, and yesterday's where nobody scanned in time."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Everyone with something overdue, or these invoices, or all that these customers owe (public ids), or what the
    cadence has for a day. `ways` None: as the merchant or the customer has it."""

    invoices: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    everyone_overdue: bool = False
    cadence_on: date | None = None
    ways: Ways | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "invoices": list(self.invoices),
            "customers": list(self.customers),
            "everyone_overdue": self.everyone_overdue,
            "cadence_on": self.cadence_on.isoformat() if self.cadence_on else None,
            "ways": self.ways.value if self.ways else None,
        }

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        on, ways = kept.get("cadence_on"), kept.get("ways")
        return cls(
            tuple(kept.get("invoices", ())),
            tuple(kept.get("customers", ())),
            bool(kept.get("everyone_overdue")),
            date.fromisoformat(on) if on else None,
            Ways(ways) if ways else None,
        )


@dataclass(frozen=True, slots=True)
class Candidate:
    """One invoice at one step of it."""

    invoice_id: int
    invoice: str
    """Its public id, as `customer` is the customer's."""
    number: str
    status: InvoiceStatus
    balance: Money
    due_on: date
    customer_id: int
    customer: str
    name: str
    locale: str
    zone: str | None
    postal_code: str | None
    step: str = PRESSED
    anchor_on: date = date.min

    @property
    def offset(self) -> int | None:
        """Days from the due date; None for a press."""
        return None if self.step == PRESSED else int(self.step)

    @property
    def key(self) -> tuple[int, str, date]:
        return self.invoice_id, self.step, self.anchor_on


_COLUMNS = (
    *(Invoice.id, Invoice.public_id, Invoice.number, Invoice.status, Invoice.balance_minor, Invoice.currency),
    *(Invoice.due_on, Customer.id, Customer.public_id, Customer.name, Customer.locale, Customer.timezone),
    Customer.postal_code,
)


def load(
    ctx: Context, merchant: Merchant, *where: sa.ColumnElement[bool], anchor_on: date = date.min, at_once: int = 0
) -> Iterator[Candidate]:
    """The merchant's live invoices that `where` names, those of one customer together and the oldest due first.
    `at_once`: rows that the driver holds; 0 asks for all in one go."""
    statement = (
        sa.select(*_COLUMNS)
        .join(Customer, Customer.id == Invoice.customer_id)
        .where(Invoice.merchant_id == merchant.id, Invoice.mode == Mode.LIVE, *where)
        .order_by(Invoice.customer_id, Invoice.due_on, Invoice.id)
    )
    rows = ctx.session.execute(statement.execution_options(yield_per=at_once) if at_once else statement)
    for invoice_id, public_id, number, status, minor, currency, *rest in rows:
        balance = Money(minor, currency)
        yield Candidate(invoice_id, public_id, number, status, balance, *cast(Any, (*rest, PRESSED, anchor_on)))


def candidates(
    ctx: Context, merchant: Merchant, cadence: Cadence, selection: Selection, today: date
) -> Iterator[Candidate]:
    """Raises DomainError: "not_found" (unknown, or another merchant's), "nothing_selected", "too_many"."""
    if selection.cadence_on is not None:
        yield from _by_cadence(ctx, merchant, cadence, selection.cadence_on)
        return
    yield from load(ctx, merchant, _meant(ctx, merchant, selection, today), anchor_on=today, at_once=ROWS_AT_ONCE)


def check(ctx: Context, merchant: Merchant, selection: Selection) -> None:
    """Raises what `candidates` would, before anything is planned."""
    if selection.cadence_on is None:
        _meant(ctx, merchant, selection, date.min)


def _meant(ctx: Context, merchant: Merchant, selection: Selection, today: date) -> sa.ColumnElement[bool]:
    owed = (Invoice.status == InvoiceStatus.OPEN) & (Invoice.balance_minor > 0)
    if selection.invoices:
        return Invoice.id.in_(_own(ctx, merchant, Invoice, selection.invoices))
    if selection.customers:
        return Invoice.customer_id.in_(_own(ctx, merchant, Customer, selection.customers)) & owed
    if selection.everyone_overdue:
        return owed & (Invoice.due_on < today)
    raise DomainError("nothing_selected")


def _own(
    ctx: Context, merchant: Merchant, kind: type[Invoice] | type[Customer], public_ids: Sequence[str]
) -> Sequence[int]:
    wanted = frozenset(public_ids)
    if len(wanted) > MOST_NAMED:
        raise DomainError("too_many")
    own = (kind.merchant_id == merchant.id) & (kind.mode == Mode.LIVE)
    rows = sa.select(kind.id).where(own, kind.public_id.in_(wanted))
    found = ctx.session.scalars(rows).all()
    if len(found) != len(wanted):
        raise DomainError("not_found")
    return found


def _by_cadence(ctx: Context, merchant: Merchant, cadence: Cadence, on: date) -> Iterator[Candidate]:
    """Every step that falls on these days, of the merchant's cadence and of the customers' own."""
    own = _own_steps(ctx, merchant)
    offsets = {*cadence.offsets(), *(offset for steps in own.values() for offset in steps)}
    days = [on + timedelta(days=n) for n in range(-DAYS_LATE, DAYS_AHEAD + 1)]
    days = [day for day in days if cadence.starts_on is None or day >= cadence.starts_on]
    if not cadence.is_on or not offsets:
        return
    wanted = {day - timedelta(days=offset) for day in days for offset in offsets}
    owed = (Invoice.status == InvoiceStatus.OPEN) & (Invoice.balance_minor > 0)
    for candidate in load(ctx, merchant, owed, Invoice.due_on.in_(wanted), at_once=ROWS_AT_ONCE):
        for offset in own.get(candidate.customer_id, cadence.offsets()):
            if candidate.due_on + timedelta(days=offset) in days:
                yield replace(candidate, step=f"{offset:+d}", anchor_on=candidate.due_on)


def _own_steps(ctx: Context, merchant: Merchant) -> dict[int, Sequence[int]]:
    rows = sa.select(CustomerCadence.customer_id, CustomerCadence.steps).where(
        CustomerCadence.merchant_id == merchant.id, CustomerCadence.steps.is_not(None)
    )
    return {customer_id: [int(step) for step in steps] for customer_id, steps in ctx.session.execute(rows)}


def by_customers(found: Iterator[Candidate]) -> Iterator[list[list[Candidate]]]:
    """Some hundred customers at a time, each with all of their candidates."""
    groups = (list(group) for _, group in groupby(found, key=lambda candidate: candidate.customer_id))
    while batch := list(islice(groups, CUSTOMERS_AT_ONCE)):
        yield batch
