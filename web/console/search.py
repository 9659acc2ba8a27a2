"""What a search box finds, by indexes: invoices by how their number begins, with or without what all numbers of a
merchant begin with; customers by a part of the name, of an email or of a phone. Nothing typed is a pattern."""

import re

import sqlalchemy as sa

from models.context import Context
from models.customer import ContactPoint, Customer
from models.invoice import Invoice
from models.merchant import Merchant, Mode

MATCHES = 200
"""Customers, and invoice numbers, that a search looks at."""
HEADS = 20
"""Ways in which a merchant's numbers begin before their first digit: `INV-`, `Q`."""
MIN_DIGITS = 4
_LAST = "\U0010ffff"
_AFTER_DIGITS = ":"
"""The character that follows 9: where the next head begins."""
_HEAD = re.compile(r"(\D*)(\d*)")
_C = Invoice.__table__.c


def invoices_numbered(ctx: Context, merchant: Merchant, mode: Mode, text: str) -> list[int]:
    """`INV-1042`, `inv-10`, `1042`, `42` for INV-0042: an index walks to each, however many invoices there are."""
    mine = (_C.merchant_id == merchant.id) & (_C.mode == mode)
    wanted = _beginnings(text, _heads(ctx, mine))
    ranges = [
        sa.select(_C.id).where(mine, _C.number >= one, _C.number < one + _LAST).limit(MATCHES).subquery()
        for one in wanted
    ]
    found = sa.union_all(*(sa.select(one.c.id) for one in ranges))
    return list(dict.fromkeys(ctx.session.scalars(found)))[:MATCHES]


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


def _heads(ctx: Context, mine: sa.ColumnElement[bool]) -> list[tuple[str, int]]:
    """Each with how many digits follow it: one step through the index for each."""
    found: list[tuple[str, int]] = []
    after = ""
    while len(found) < HEADS:
        first = sa.select(_C.number).where(mine, _C.number >= after).order_by(_C.number).limit(1)
        number = ctx.session.scalars(first).first()
        told = _HEAD.match(number) if number is not None else None
        if told is None:
            break
        found.append((told[1], len(told[2])))
        after = told[1] + _AFTER_DIGITS
    return found


def _beginnings(text: str, heads: list[tuple[str, int]]) -> list[str]:
    """How a number may begin that somebody means with `text`."""
    found, lowered = [text, text.upper()], text.casefold()
    for head, width in heads:
        if text[:1].isdigit():
            found += [head + text, head + text.zfill(width)]
        elif head.casefold().startswith(lowered):
            found.append(head)
        elif head and lowered.startswith(head.casefold()):
            found.append(head + text[len(head) :])
    return list(dict.fromkeys(found))
