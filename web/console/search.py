"""What a search box finds, by indexes: invoices by how their number begins, with or without what all numbers of a
merchant begin with; customers by how the words of their name, their email or their phone begin, or by its last digits.
Nothing typed is a pattern."""

import re
from collections.abc import Sequence

import sqlalchemy as sa

from models.context import Context
from models.customer import APPS, ENDING_CHARS, Channel, ContactPoint, normalise_email
from models.customer_word import CustomerWord, typed_words
from models.invoice import Invoice
from models.merchant import Merchant, Mode

MATCHES = 200
"""Customers, and invoice numbers, that a search looks at."""
HEADS = 20
"""Ways in which a merchant's numbers begin before their first digit: `INV-`, `Q`."""
MIN_DIGITS = 4
MAX_WORDS = 12
"""Of a search; further ones narrow it no more."""
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
    """Every word typed is the beginning of one in the name; or the whole that of an email, or of a phone with its `+`,
    or the end of a phone."""
    is_sqlite = ctx.session.get_bind().dialect.name == "sqlite"
    asked = [named(merchant.id, words)] if (words := typed_words(text)[:MAX_WORDS]) else []
    asked.append(beginning(merchant.id, Channel.EMAIL, normalise_email(text), is_sqlite=is_sqlite))
    digits = "".join(c for c in text if c.isdigit())
    if len(digits) >= MIN_DIGITS and not any(c.isalpha() for c in text):
        asked.append(ending(merchant.id, digits))
        if text.strip().startswith("+"):
            asked += [beginning(merchant.id, app, f"+{digits}", is_sqlite=is_sqlite) for app in APPS]
    return list(dict.fromkeys(found for one in asked for found in ctx.session.scalars(one.limit(MATCHES))))


def named(merchant_id: int, words: Sequence[str]) -> sa.Select[int] | sa.CompoundSelect[int]:
    word = CustomerWord.word
    each = [
        sa.select(CustomerWord.customer_id).where(
            CustomerWord.merchant_id == merchant_id, word >= one, word < one + _LAST
        )
        for one in words
    ]
    return (
        sa.intersect(*each) if len(each) > 1 else each[0]
    )  # SQLite would walk all of them in another order for DISTINCT


def beginning(merchant_id: int, channel: Channel, text: str, *, is_sqlite: bool) -> sa.Select[int]:
    at_least, below = (">=", "<") if is_sqlite else ("~>=~", "~<~")  # byte by byte, as the index is
    address = ContactPoint.address
    return sa.select(ContactPoint.customer_id).where(
        ContactPoint.merchant_id == merchant_id,
        ContactPoint.channel == channel,
        address.bool_op(at_least)(text),
        address.bool_op(below)(text + _LAST),
    )


def ending(merchant_id: int, digits: str) -> sa.Select[int]:
    """Some ten phones of a hundred thousand end alike, and are looked at one by one."""
    own = (ContactPoint.merchant_id == merchant_id) & ContactPoint.channel.in_(APPS)
    alike = ContactPoint.ending == digits[-ENDING_CHARS:]
    return sa.select(ContactPoint.customer_id).where(own, alike, ContactPoint.address.endswith(digits))


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
