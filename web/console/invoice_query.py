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

from models.context import Context
from models.customer import ContactPoint, Customer
from models.invoice import Invoice, InvoiceStatus
from models.merchant import Merchant, Mode

Kind = TypeVar("Kind", bound=StrEnum)

PAGE = 25
COUNTED = 10_000
"""Beyond this the page says "more than": nobody reads the number, and counting reads every row."""
MATCHES = 200
"""Customers, and invoice numbers, that a search looks at."""
MAX_QUERY_CHARS = 80
MIN_DIGITS = 4
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
_KEYS: dict[Sort, tuple[sa.ColumnElement[Any], bool]] = {
    Sort.OLDEST_DUE: (_C.due_on, False),
    Sort.NEWEST_DUE: (_C.due_on, True),
    Sort.LARGEST: (_C.balance_minor, True),
    Sort.NEWEST: (_C.id, True),
}
"""By which column, and whether from its end."""


def listing(ctx: Context, merchant: Merchant, ask: Ask, today: date) -> Listing:
    where = _where(ctx, merchant, ask, today)
    column, backwards = _KEYS[ask.sort]
    order = (column.desc(), _C.id.desc()) if backwards else (column, _C.id)
    beyond = _beyond(ask, column, backwards)
    # A branch per status: each walks its index from the cursor and stops after a page, whatever the table's size.
    branches = [
        sa.select(_C.id).where(*where, _C.status == status, *beyond).order_by(*order).limit(PAGE + 1).subquery()
        for status in STATUSES[ask.filter]
    ]
    ids = sa.union_all(*(sa.select(branch.c.id) for branch in branches)).subquery()
    both = sa.select(Invoice, Customer).join(Customer, Customer.id == Invoice.customer_id)
    found = ctx.session.execute(both.where(Invoice.id.in_(sa.select(ids.c.id))).order_by(*order).limit(PAGE + 1))
    rows = [(invoice, customer) for invoice, customer in found]
    after = _cursor(rows[PAGE - 1][0], ask.sort) if len(rows) > PAGE else None
    return Listing(rows[:PAGE], after, _count(ctx, where, ask))


def customers_like(ctx: Context, merchant: Merchant, text: str) -> list[int]:
    """By a part of the name, of an email or of a phone's digits."""
    digits = "".join(c for c in text if c.isdigit())
    spellings = [ContactPoint.address.icontains(text, autoescape=True)]
    if len(digits) >= MIN_DIGITS and not any(c.isalpha() for c in text):
        spellings.append(ContactPoint.address.contains(digits))
    named = sa.select(Customer.id).where(
        Customer.merchant_id == merchant.id, Customer.name.icontains(text, autoescape=True)
    )
    reached = sa.select(ContactPoint.customer_id).where(ContactPoint.merchant_id == merchant.id, sa.or_(*spellings))
    found = [*ctx.session.scalars(named.limit(MATCHES)), *ctx.session.scalars(reached.limit(MATCHES))]
    return list(dict.fromkeys(found))


def _where(ctx: Context, merchant: Merchant, ask: Ask, today: date) -> list[sa.ColumnElement[bool]]:
    where: list[sa.ColumnElement[bool]] = [_C.merchant_id == merchant.id, _C.mode == ask.mode]
    if ask.filter is Filter.OVERDUE:
        where.append(_C.due_on < today)
    if ask.text:
        numbers = sa.select(_C.id).where(
            _C.merchant_id == merchant.id, _C.mode == ask.mode, _C.number.icontains(ask.text, autoescape=True)
        )
        numbered = ctx.session.scalars(numbers.limit(MATCHES)).all()
        where.append(_C.id.in_(numbered) | _C.customer_id.in_(customers_like(ctx, merchant, ask.text)))
    return where


def _count(ctx: Context, where: Sequence[sa.ColumnElement[bool]], ask: Ask) -> int:
    some = sa.select(_C.id).where(*where, _C.status.in_(STATUSES[ask.filter])).limit(COUNTED).subquery()
    return ctx.session.scalars(sa.select(sa.func.count()).select_from(some)).one()


def _beyond(ask: Ask, column: sa.ColumnElement[Any], backwards: bool) -> list[sa.ColumnElement[bool]]:
    mark = _mark(ask)
    if mark is None:
        return []
    place = sa.tuple_(column, _C.id)
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
