"""An invoice's line items and files: added, replaced, found. Lines always add up to the total or are not there at all;
what a file is, its first bytes say, never its name or the sender."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import accumulate
from typing import Any

import sqlalchemy as sa

from models.context import Context
from models.errors import DomainError
from models.invoice import Invoice
from models.money import MAX_MINOR
from models.papers import (
    MAX_ATTACHMENT_BYTES,
    MAX_ATTACHMENTS,
    QUANTITY_DIGITS,
    Attachment,
    ContentType,
    InvoiceLine,
)

MAX_LINES = 200
NAME_CHARS = 120
MAX_ENCLOSED_BYTES = 7 * 1024 * 1024
"""Of one mail: a third more on the wire, and many servers refuse 10 MB."""
_MAGIC = ((b"%PDF-", ContentType.PDF), (b"\x89PNG\r\n\x1a\n", ContentType.PNG), (b"\xff\xd8\xff", ContentType.JPEG))


@dataclass(frozen=True, slots=True)
class Item:
    """A line to be written. `amount_minor` None: quantity times unit price, rounded half up to a minor unit."""

    description: str
    quantity: Decimal
    unit_price_minor: int
    amount_minor: int | None = None

    @property
    def amount(self) -> int:
        if self.amount_minor is not None:
            return self.amount_minor
        return int((self.quantity * self.unit_price_minor).to_integral_value(ROUND_HALF_UP))


def lines(ctx: Context, invoice: Invoice) -> Sequence[InvoiceLine]:
    """In their order; none for an invoice that has only a description."""
    mine = sa.select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id)
    return ctx.session.scalars(mine.order_by(InvoiceLine.position)).all()


def itemise(ctx: Context, invoice: Invoice, items: Sequence[Item]) -> None:
    """Give the invoice these lines instead of what it has. The total stays: amend it first if it is to change.
    Raises DomainError: "bad_quantity", "bad_amount", "too_many_lines", "lines_do_not_add_up"."""
    rows = [_row(invoice, position, item) for position, item in enumerate(items)]
    if len(rows) > MAX_LINES:
        raise DomainError("too_many_lines")
    if rows and sum(row["amount_minor"] for row in rows) != invoice.total_minor:
        raise DomainError("lines_do_not_add_up")
    ctx.session.flush()
    ctx.session.execute(sa.delete(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id))
    if rows:
        ctx.session.execute(sa.insert(InvoiceLine), rows)


def _row(invoice: Invoice, position: int, item: Item) -> dict[str, Any]:
    return {
        "invoice_id": invoice.id,
        "position": position,
        "description": item.description.strip()[:200],
        "quantity_milli": _milli(item.quantity),
        "unit_price_minor": _within(item.unit_price_minor),
        "amount_minor": _within(item.amount),
    }


def _milli(quantity: Decimal) -> int:
    scaled = quantity.scaleb(QUANTITY_DIGITS) if quantity.is_finite() else Decimal("NaN")
    if not scaled.is_finite() or scaled != scaled.to_integral_value() or not 0 < scaled <= MAX_MINOR:
        raise DomainError("bad_quantity")
    return int(scaled)


def _within(minor: int) -> int:
    if abs(minor) > MAX_MINOR:
        raise DomainError("bad_amount")
    return minor


# --- files -----------------------------------------------------------------------------------------------------------
def attachments(ctx: Context, invoice: Invoice) -> Sequence[Attachment]:
    """Without their bytes."""
    mine = sa.select(Attachment).where(Attachment.invoice_id == invoice.id)
    return ctx.session.scalars(mine.order_by(Attachment.id)).all()


def enclosed(ctx: Context, invoice: Invoice) -> list[Attachment]:
    """Those that an email of the invoice carries, in order, as far as mail servers let them through."""
    files = attachments(ctx, invoice)
    sizes = accumulate(file.size for file in files)
    return [file for file, size in zip(files, sizes, strict=True) if size <= MAX_ENCLOSED_BYTES]


def attachment(ctx: Context, invoice: Invoice, public_id: str) -> Attachment:
    """One of this invoice's. Raises DomainError("not_found")."""
    mine = (Attachment.public_id == public_id) & (Attachment.invoice_id == invoice.id)
    found = ctx.session.scalars(sa.select(Attachment).where(mine)).one_or_none()
    if found is None:
        raise DomainError("not_found")
    return found


def attach(ctx: Context, invoice: Invoice, name: str, content: bytes) -> Attachment:
    """Raises DomainError: "attachment_size", "attachment_type", "too_many_attachments"."""
    if not 0 < len(content) <= MAX_ATTACHMENT_BYTES:
        raise DomainError("attachment_size")
    kind = next((kind for magic, kind in _MAGIC if content.startswith(magic)), None)
    if kind is None:
        raise DomainError("attachment_type")
    if len(attachments(ctx, invoice)) >= MAX_ATTACHMENTS:
        raise DomainError("too_many_attachments")
    added = Attachment(
        merchant_id=invoice.merchant_id,
        invoice_id=invoice.id,
        name=_shown(name),
        content_type=kind,
        size=len(content),
        content=content,
        created_at=ctx.clock.now(),
    )
    ctx.session.add(added)
    ctx.session.flush()
    return added


def _shown(name: str) -> str:
    """A name to read: no path, no control or direction characters."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(c for c in last if unicodedata.category(c)[0] != "C").strip()
    return kept[-NAME_CHARS:] or "file"
