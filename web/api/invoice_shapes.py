"""Invoices as programs see them and ask for them. No request has a name for a status, a balance or a merchant."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, Field

from models.invoice import Invoice, InvoiceStatus
from models.money import MAX_MINOR
from models.papers import InvoiceLine
from payments.papers import MAX_LINES, Item
from web.api.cursors import PageQuery
from web.api.fields import Amount, Body, Currency, Description, Id, Name, Number

Quantity = Annotated[str, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,3})?$", max_length=13)]
"""Text, so that 2.5 is 2.5 in every program."""


class LineShape(BaseModel):
    description: str
    quantity: str
    unit_price_minor: int
    amount_minor: int


class InvoiceShape(BaseModel):
    """`version` goes up with every change of what is owed."""

    id: str
    number: str
    customer_id: str
    status: InvoiceStatus
    description: str
    currency: str
    total_minor: int
    balance_minor: int
    lines: list[LineShape]
    issued_on: date
    due_on: date
    version: int
    paid_at: datetime | None
    created_at: datetime


class InvoiceList(BaseModel):
    items: list[InvoiceShape]
    next_cursor: str | None


class InvoiceQuery(PageQuery):
    customer_id: Id | None = None
    number: str | None = Field(None, min_length=1, max_length=32)
    status: InvoiceStatus | None = None


class NewLine(Body):
    description: Name
    quantity: Quantity = "1"
    unit_price_minor: int = Field(ge=-MAX_MINOR, le=MAX_MINOR)

    def item(self) -> Item:
        return Item(self.description, Decimal(self.quantity), self.unit_price_minor)


class NewInvoice(Body):
    """Either `total_minor` or `lines`, which then make the total. A draft is asked of nobody until it is issued."""

    customer_id: Id
    number: Number
    due_on: date
    issued_on: date | None = None
    description: Description = ""
    currency: Currency | None = None
    total_minor: Amount | None = None
    lines: list[NewLine] = Field(default=[], max_length=MAX_LINES)
    draft: bool = False


class InvoiceChange(Body):
    """What is left out stays. `total_minor` or `lines` change what is owed: an open pay page asks to confirm anew."""

    number: Number | None = None
    due_on: date | None = None
    description: Description | None = None
    total_minor: Amount | None = None
    lines: list[NewLine] | None = Field(None, min_length=1, max_length=MAX_LINES)


def invoice_shape(invoice: Invoice, customer_id: str, lines: Sequence[InvoiceLine]) -> InvoiceShape:
    return InvoiceShape(
        id=invoice.public_id,
        number=invoice.number,
        customer_id=customer_id,
        status=invoice.status,
        description=invoice.description,
        currency=invoice.currency,
        total_minor=invoice.total_minor,
        balance_minor=invoice.balance_minor,
        lines=[_line_shape(line) for line in lines],
        issued_on=invoice.issued_on,
        due_on=invoice.due_on,
        version=invoice.version,
        paid_at=invoice.paid_at,
        created_at=invoice.created_at,
    )


def _line_shape(line: InvoiceLine) -> LineShape:
    return LineShape(
        description=line.description,
        quantity=str(line.quantity),
        unit_price_minor=line.unit_price_minor,
        amount_minor=line.amount_minor,
    )
