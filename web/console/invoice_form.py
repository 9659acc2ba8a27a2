"""The form of an invoice: its fields by name, line items as rows, and what is wrong with each. Nothing else that a
request carries is read: whose invoice it is, what was paid and its status are not for a form to say."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.context import Context
from models.customer import Customer
from models.errors import DomainError
from models.invoice import Invoice
from models.merchant import Merchant, Mode
from models.money import MAX_MINOR, Money
from payments import papers
from payments.papers import Item
from web.console import search, typed

BLANK_ROWS = 3
MAX_ROWS = 100
TERMS = timedelta(days=30)
NUMBER_CHARS = 32
CHOICES = 8
_NUMBER = re.compile(r"[\w][\w ./#-]*")
_COUNTED = re.compile(r"(.*?)(\d+)(\D*)")


@dataclass(frozen=True, slots=True)
class Line:
    """A row as typed."""

    description: str = ""
    quantity: str = ""
    price: str = ""

    @property
    def is_blank(self) -> bool:
        return not (self.description or self.price or self.quantity.strip("1 "))


@dataclass(slots=True)
class InvoiceForm:
    """`customer` is what was typed, or a public id that was chosen."""

    number: str = ""
    customer: str = ""
    description: str = ""
    issued: str = ""
    due: str = ""
    lines: list[Line] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)

    def rows(self) -> list[Line]:
        """With empty ones to go on in."""
        return [*self.lines, *([Line()] * BLANK_ROWS)][: max(len(self.lines) + BLANK_ROWS, BLANK_ROWS)]

    def problem(self, name: str, code: str) -> None:
        self.problems.setdefault(name, code)

    # --- what the fields mean ----------------------------------------------------------------------------------------
    def items(self, currency: str) -> list[Item]:
        items = []
        for n, line in enumerate(self.lines):
            try:
                price = typed.money(line.price, currency).minor
                items.append(Item(line.description, typed.quantity(line.quantity or "1"), price))
            except DomainError as error:
                self.problem(f"line-{n}", error.code)
            if not line.description:
                self.problem(f"line-{n}", "line_description_missing")
        if not self.lines:
            self.problem("line-0", "lines_missing")
        return items

    def total(self, items: Sequence[Item], currency: str) -> Money:
        minor = sum(item.amount for item in items)
        if not 0 < minor <= MAX_MINOR:
            self.problem("line-0", "total_not_positive")
        return Money(minor if abs(minor) <= MAX_MINOR else 0, currency)

    def day(self, name: str, text: str) -> date:
        try:
            return typed.day(text)
        except DomainError as error:
            self.problem(name, error.code)
            return date.min


def read(form: Any) -> InvoiceForm:
    """From a posted form."""
    columns = [form.getlist(name)[:MAX_ROWS] for name in ("line_description", "line_quantity", "line_price")]
    rows = [Line(typed.line(d), q.strip()[:16], p.strip()[:24]) for d, q, p in zip(*columns, strict=False)]
    made = InvoiceForm(
        number=typed.line(form.get("number", ""), NUMBER_CHARS + 1),
        customer=typed.line(form.get("customer", ""), 120),
        description=typed.line(form.get("description", "")),
        issued=form.get("issued_on", "")[:10],
        due=form.get("due_on", "")[:10],
        lines=[row for row in rows if not row.is_blank],
    )
    if not made.number:
        made.problem("number", "number_missing")
    elif len(made.number) > NUMBER_CHARS or not _NUMBER.fullmatch(made.number):
        made.problem("number", "number_malformed")
    return made


def blank(ctx: Context, merchant: Merchant, today: date, customer: Customer | None) -> InvoiceForm:
    return InvoiceForm(
        number=next_number(ctx.session, merchant),
        customer=customer.name if customer else "",
        issued=str(today),
        due=str(today + TERMS),
    )


def of(ctx: Context, invoice: Invoice) -> InvoiceForm:
    lines = [
        Line(line.description, f"{line.quantity:f}", plain(line.unit_price(invoice.currency)))
        for line in papers.lines(ctx, invoice)
    ]
    return InvoiceForm(
        number=invoice.number,
        description=invoice.description,
        issued=str(invoice.issued_on),
        due=str(invoice.due_on),
        lines=lines or [Line(invoice.description or invoice.number, "1", plain(invoice.total))],
    )


def plain(amount: Money) -> str:
    """As one types it back: `1284.50`."""
    return f"{amount.decimal:f}"


def next_number(session: Session, merchant: Merchant) -> str:
    """The newest one's, plus one; merchants that count otherwise type over it."""
    newest = (
        sa.select(Invoice.number)
        .where(Invoice.merchant_id == merchant.id, Invoice.mode == Mode.LIVE)
        .order_by(Invoice.id.desc())
        .limit(50)
    )
    found = [match for number in session.scalars(newest) if (match := _COUNTED.fullmatch(number))]
    if not found:
        return "INV-1001"
    top = max(found, key=lambda match: int(match[2]))
    return f"{top[1]}{int(top[2]) + 1:0{len(top[2])}d}{top[3]}"


def find_customers(ctx: Context, merchant: Merchant, text: str) -> list[Customer]:
    """Whom the form may mean: by public id, by exact name, else by anything alike."""
    owned = sa.select(Customer).where(Customer.merchant_id == merchant.id, Customer.mode == Mode.LIVE)
    owned = owned.where(Customer.erased_at.is_(None))
    for exact in (Customer.public_id == text, Customer.name == text):
        found = list(ctx.session.scalars(owned.where(exact).limit(CHOICES)))
        if found:
            return found
    ids = search.customers_like(ctx, merchant, text) if text else []
    return list(ctx.session.scalars(owned.where(Customer.id.in_(ids)).order_by(Customer.name).limit(CHOICES)))


def recorded(invoice: Invoice) -> Mapping[str, Any]:
    """The fields that the audit trail compares."""
    return {
        "number": invoice.number,
        "description": invoice.description,
        "issued_on": str(invoice.issued_on),
        "due_on": str(invoice.due_on),
        "total": f"{Decimal(invoice.total.decimal):f} {invoice.currency}",
    }
