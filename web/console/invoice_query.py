"""The list of invoices: search, filter, sort and a cursor, each answered by an index: the millionth is as near as the
first. Nothing of what is asked for reaches the database as anything but a value."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from models.context import Context
from models.customer import Customer
from models.invoice import Invoice, InvoiceStatus
from models.merchant import Merchant, Mode
from web.console import search

Kind = TypeVar("Kind", bound=StrEnum)

PAGE = 25
COUNTED = 10_000
"""Beyond this the page says "more than": nobody reads the number, and counting reads every row."""
MAX_QUERY_CHARS = 80
_FAR = 2**62


class Filter(StrEnum):
    OPEN = "open"
    OVERDUE = "overdue"
    PAID = "paid"
    DRAFT = "draft"
    VOID = "void"
    UNCOLLECTIBLE = "uncollectible"
    ALL = "all"


class Sort(StrEnum):
    OLDEST_DUE = "oldest_due"
    NEWEST_DUE = "newest_due"
    LARGEST = "largest"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class Ask:
    """What the form at the top says. `after`: the cursor of a next page; `seen`: how many rows came before it."""

    text: str = ""
    filter: Filter = Filter.OPEN
    sort: Sort = Sort.OLDEST_DUE
    mode: Mode = Mode.LIVE
    after: str = ""
    seen: int = 0

    @classmethod
    def read(cls, args: Mapping[str, str]) -> "Ask":
        """From a query string; what is no choice of ours counts as not asked."""
        seen = args.get("seen", "")
        return cls(
            text=" ".join(args.get("q", "").split())[:MAX_QUERY_CHARS],
            filter=_choice(Filter, args.get("status"), Filter.OPEN),
            sort=_choice(Sort, args.get("sort"), Sort.OLDEST_DUE),
            mode=_choice(Mode, args.get("mode"), Mode.LIVE),
            after=args.get("after", "")[:120],
            seen=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 9 else 0,
        )

    def args(self) -> dict[str, Any]:
        """The same, for a link."""
        told = {"q": self.text, "status": self.filter.value, "sort": self.sort.value, "mode": self.mode.value}
        return {name: value for name, value in told.items() if value and (name, value) != ("mode", "live")}


@dataclass(frozen=True, slots=True)
class Listing:
    rows: Sequence[tuple[Invoice, Customer]]
    next: str | None
    count: int
    """Of all pages; at most COUNTED, which then means "at least"."""


STATUSES: dict[Filter, tuple[InvoiceStatus, ...]] = {
    Filter.OPEN: (InvoiceStatus.OPEN,),
    Filter.OVERDUE: (InvoiceStatus.OPEN,),
    Filter.PAID: (InvoiceStatus.PAID,),
    Filter.DRAFT: (InvoiceStatus.DRAFT,),
    Filter.VOID: (InvoiceStatus.VOID,),
    Filter.UNCOLLECTIBLE: (InvoiceStatus.UNCOLLECTIBLE,),
    Filter.ALL: tuple(InvoiceStatus),
}
_C = Invoice.__table__.c
Columns = ReadOnlyColumnCollection[str, Any]
_KEYS: dict[Sort, tuple[str, bool]] = {
    Sort.OLDEST_DUE: ("due_on", False),
    Sort.NEWEST_DUE: ("due_on", True),
    Sort.LARGEST: ("balance_minor", True),
    Sort.NEWEST: ("id", True),
}
"""By which column, and whether from its end."""


def listing(ctx: Context, merchant: Merchant, ask: Ask, today: date) -> Listing:
    of = _source(ctx, merchant, ask)
    where = _where(merchant, ask, today, of)
    column, backwards = of[_KEYS[ask.sort][0]], _KEYS[ask.sort][1]
    order = (column.desc(), of.id.desc()) if backwards else (column, of.id)
    beyond = _beyond(ask, column, of, backwards)
    # A branch per status: each walks its index from the cursor and stops after a page, whatever the table's size.
    branches = [
        sa.select(of.id).where(*where, of.status == status, *beyond).order_by(*order).limit(PAGE + 1).subquery()
        for status in STATUSES[ask.filter]
    ]
    ids = sa.union_all(*(sa.select(branch.c.id) for branch in branches)).subquery()
    both = sa.select(Invoice, Customer).join(Customer, Customer.id == Invoice.customer_id)
    last = _C[_KEYS[ask.sort][0]]
    last_order = (last.desc(), _C.id.desc()) if backwards else (last, _C.id)
    found = ctx.session.execute(both.where(Invoice.id.in_(sa.select(ids.c.id))).order_by(*last_order).limit(PAGE + 1))
    rows = [(invoice, customer) for invoice, customer in found]
    after = _cursor(rows[PAGE - 1][0], ask.sort) if len(rows) > PAGE else None
    return Listing(rows[:PAGE], after, _count(ctx, of, where, ask))


def _where(merchant: Merchant, ask: Ask, today: date, of: Columns) -> list[sa.ColumnElement[bool]]:
    where: list[sa.ColumnElement[bool]] = [of.merchant_id == merchant.id, of.mode == ask.mode]
    if ask.filter is Filter.OVERDUE:
        where.append(of.due_on < today)
    return where


def _source(ctx: Context, merchant: Merchant, ask: Ask) -> Columns:
    """All invoices; or the few that a search finds, which no index of the whole has to be walked for."""
    if not ask.text:
        return _C
    numbered = search.invoices_numbered(ctx, merchant, ask.mode, ask.text)
    theirs = search.customers_like(ctx, merchant, ask.text)
    wanted = (_C.id, _C.merchant_id, _C.mode, _C.status, _C.due_on, _C.balance_minor)
    by_number = sa.select(*wanted).where(_C.id.in_(numbered))
    by_customer = sa.select(*wanted).where(_C.customer_id.in_(theirs), _C.id.not_in(numbered))
    found = sa.union_all(by_number, by_customer).cte("found").prefix_with("MATERIALIZED")
    return found.c


def _count(ctx: Context, of: Columns, where: Sequence[sa.ColumnElement[bool]], ask: Ask) -> int:
    some = sa.select(of.id).where(*where, of.status.in_(STATUSES[ask.filter])).limit(COUNTED).subquery()
    return ctx.session.scalars(sa.select(sa.func.count()).select_from(some)).one()


def _beyond(ask: Ask, column: sa.ColumnElement[Any], of: Columns, backwards: bool) -> list[sa.ColumnElement[bool]]:
    mark = _mark(ask)
    if mark is None:
        return []
    place = sa.tuple_(column, of.id)
    return [place < mark if backwards else place > mark]


def _cursor(invoice: Invoice, sort: Sort) -> str:
    value = {Sort.LARGEST: str(invoice.balance_minor), Sort.NEWEST: str(invoice.id)}.get(sort, str(invoice.due_on))
    return base64.urlsafe_b64encode(f"{value}~{invoice.id}".encode()).decode().rstrip("=")


def _mark(ask: Ask) -> tuple[date | int, int] | None:
    """Nothing for a cursor that is none of ours: the list then begins at its beginning."""
    try:
        told = base64.urlsafe_b64decode(ask.after + "=" * (-len(ask.after) % 4)).decode("ascii")
        value, _, last = told.partition("~")
        is_date = ask.sort in (Sort.OLDEST_DUE, Sort.NEWEST_DUE)
        mark = (date.fromisoformat(value) if is_date else int(value), int(last))
    except (ValueError, binascii.Error):
        return None
    return mark if abs(mark[1]) < _FAR and (isinstance(mark[0], date) or abs(mark[0]) < _FAR) else None


def _choice(kind: type[Kind], asked: str | None, otherwise: Kind) -> Kind:
    return kind(asked) if asked in list(kind) else otherwise
