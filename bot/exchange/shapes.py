"""Which file is it? By its header: our own export, QuickBooks' or Stripe's. A shape says what its columns mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.exchange.reading import Table
from models.errors import DomainError


class Kind(StrEnum):
    CUSTOMERS = "customers"
    INVOICES = "invoices"


@dataclass(frozen=True, slots=True)
class Shape:
    """`columns`: our names, each with the spellings that the file's may have; the first one found counts.
    `needs`: of ours, those without which it is not this shape."""

    name: str
    kind: Kind
    columns: Mapping[str, tuple[str, ...]]
    needs: tuple[str, ...]
    month_first: bool = False
    """01/02/2026 is the second of January."""
    mark: frozenset[str] = field(default_factory=frozenset)
    """The file's own columns that tell this shape from others."""


_OWN_CUSTOMER = {
    "reference": ("customer_reference",),
    "name": ("customer_name",),
    "emails": ("emails", "email"),
    "phones": ("phones", "phone"),
    "locale": ("language",),
    "postal_code": ("postal_code", "zip"),
    "text_consent": ("text_consent",),
    "email_consent": ("email_consent",),
}
_OWN_INVOICE = {
    "number": ("invoice_number",),
    "amount": ("amount",),
    "currency": ("currency",),
    "issued_on": ("issued_on",),
    "due_on": ("due_on",),
    "description": ("description",),
    "status": ("status",),
    "reference": ("customer_reference",),
    "name": ("customer_name",),
    "emails": ("customer_email", "emails", "email"),
    "phones": ("customer_phone", "phones", "phone"),
}
_QUICKBOOKS_CUSTOMER = {
    "name": ("customer_full_name", "customer", "full_name", "display_name"),
    "emails": ("email", "email_address", "main_email"),
    "phones": ("phone_numbers", "phone", "main_phone", "mobile"),
    "postal_code": ("bill_zip", "billing_zip", "bill_to_zip", "zip"),
}
_QUICKBOOKS_INVOICE = {
    "number": ("num", "no", "invoice_no"),
    "amount": ("open_balance", "amount", "total_amount"),
    "issued_on": ("date", "invoice_date"),
    "due_on": ("due_date",),
    "description": ("memo_description", "memo", "description"),
    "name": ("name", "customer_full_name", "customer"),
    "emails": ("email", "customer_email"),
    "type": ("transaction_type", "type"),
}
_STRIPE_CUSTOMER = {
    "reference": ("id",),
    "name": ("name", "description", "email"),
    "emails": ("email",),
    "phones": ("phone",),
    "postal_code": ("address_postal_code", "card_address_zip"),
}
_STRIPE_INVOICE = {
    "number": ("number",),
    "amount": ("amount_due", "total"),
    "currency": ("currency",),
    "issued_on": ("date_utc", "created_utc"),
    "due_on": ("due_date_utc",),
    "description": ("description",),
    "status": ("status",),
    "reference": ("customer",),
    "name": ("customer_name", "customer_email"),
    "emails": ("customer_email",),
}
SHAPES = (
    Shape("till", Kind.INVOICES, _OWN_INVOICE, ("number", "amount", "due_on"), mark=frozenset({"invoice_number"})),
    Shape(
        *("stripe", Kind.INVOICES, _STRIPE_INVOICE, ("number", "amount", "reference")),
        mark=frozenset({"id", "amount_due", "customer"}),
    ),
    Shape("stripe", Kind.CUSTOMERS, _STRIPE_CUSTOMER, ("reference", "emails"), mark=frozenset({"id", "created_utc"})),
    Shape(
        *("quickbooks", Kind.INVOICES, _QUICKBOOKS_INVOICE, ("number", "amount", "issued_on", "name")),
        month_first=True,
        mark=frozenset({"num"}),
    ),
    Shape(
        *("quickbooks", Kind.CUSTOMERS, _QUICKBOOKS_CUSTOMER, ("name",)),
        month_first=True,
        mark=frozenset({"customer_full_name"}),
    ),
    Shape("till", Kind.CUSTOMERS, _OWN_CUSTOMER, ("name",), mark=frozenset({"customer_name"})),
)
"""From the most telling to the least."""


def recognise(table: Table) -> Shape:
    """Raises DomainError("file_unknown_columns")."""
    header = frozenset(table.header)
    for shape in SHAPES:
        has = {ours for ours, spellings in shape.columns.items() if header & set(spellings)}
        if shape.mark <= header and set(shape.needs) <= has:
            return shape
    raise DomainError("file_unknown_columns")


def cell(shape: Shape, cells: Mapping[str, str], ours: str) -> str:
    """What the file says in our column; empty where it has none, or nothing in it."""
    for spelling in shape.columns.get(ours, ()):
        if found := cells.get(spelling, ""):
            return found
    return ""
