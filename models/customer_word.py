"""The words of customers' names as an index: what a search box types, a range of it finds, in whatever case and with
or without accents. Kept beside every name that the session writes; whoever inserts in bulk calls `enter`."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Mapper, Session, mapped_column

from models.among import among
from models.base import Base, only_on
from models.context import Runtime
from models.customer import Customer

WORD_CHARS = 60
"""Half a name's; the rest of a longer word is not compared."""
BATCH = 500
"""Customers without words that are given theirs in one transaction."""
_OWN_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "\u0131": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
"""Letters that Unicode takes for no accented ones, and that keyboards elsewhere lack."""
_WITHIN = re.compile(r"(?<=\w)['\u2019\u02bc`.&](?=\w)")
"""O'Brien, J.P., AT&T."""
_WORD = re.compile(r"[^\W_]+")


class CustomerWord(Base):
    __tablename__ = "customer_word"
    __table_args__ = (
        sa.Index("ix_customer_word_customer", "merchant_id", "customer_id"),
        only_on(sqlite_with_rowid=False),
    )

    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"), primary_key=True, autoincrement=False)
    word: Mapped[str] = mapped_column(
        sa.String(WORD_CHARS).with_variant(sa.String(WORD_CHARS, collation="C"), "postgresql"), primary_key=True
    )
    """Compared byte by byte on both databases, so that words that begin alike stand together."""
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"), primary_key=True, autoincrement=False)


def name_words(name: str) -> set[str]:
    """O'Brien is found as `obrien`, as `o'b`, and as `brien`."""
    return {*typed_words(name), *_words(_folded(name))}


def typed_words(text: str) -> list[str]:
    """What a search for `text` compares: each once, in order."""
    return list(dict.fromkeys(_words(_WITHIN.sub("", _folded(text)))))


def enter(db: sa.Connection | Session, names: Iterable[tuple[int, int, str]]) -> None:
    """Of customers that have no words yet: merchant, customer, name."""
    rows = [
        {"merchant_id": merchant_id, "word": word, "customer_id": customer_id}
        for merchant_id, customer_id, name in names
        for word in sorted(name_words(name))
    ]
    if rows:
        db.execute(sa.insert(Base.metadata.tables[CustomerWord.__tablename__]), rows)


def enter_missing(runtime: Runtime) -> int:
    """Of those whom a release without words has added beside this one. Looks without holding anybody up, and writes a
    little at a time. Returns how many were found."""
    found = after = 0
    while True:
        with runtime.read() as ctx:
            ids = ctx.session.scalars(_wordless().where(Customer.id > after).order_by(Customer.id).limit(BATCH)).all()
        if not ids:
            return found
        with runtime.write() as ctx:
            rows = sa.select(Customer.merchant_id, Customer.id, Customer.name).where(among(Customer.id, ids))
            held = rows.where(_has_none()).with_for_update(of=Customer)
            enter(ctx.session, [(merchant_id, key, name) for merchant_id, key, name in ctx.session.execute(held)])
        found, after = found + len(ids), ids[-1]


def _wordless() -> sa.Select[int]:
    return sa.select(Customer.id).where(_has_none())


def _has_none() -> sa.ColumnElement[bool]:
    """A name of signs alone never has any: it is looked at again, and stays without."""
    own = (CustomerWord.merchant_id == Customer.merchant_id) & (CustomerWord.customer_id == Customer.id)
    return ~sa.exists().where(own)


@sa.event.listens_for(Customer, "after_insert")
def _enter(_mapper: Mapper[Any], db: sa.Connection, customer: Customer) -> None:
    enter(db, [(customer.merchant_id, customer.id, customer.name)])


@sa.event.listens_for(Customer, "after_update")
def _enter_again(_mapper: Mapper[Any], db: sa.Connection, customer: Customer) -> None:
    if sa.inspect(customer).attrs.name.history.has_changes():
        own = (CustomerWord.merchant_id == customer.merchant_id) & (CustomerWord.customer_id == customer.id)
        db.execute(sa.delete(CustomerWord).where(own))
        enter(db, [(customer.merchant_id, customer.id, customer.name)])


def _words(folded: str) -> list[str]:
    return [word[:WORD_CHARS] for word in _WORD.findall(folded)]


def _folded(text: str) -> str:
    """Lower case without accents: `Café` and `CAFE` are one."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in plain if unicodedata.category(c)[0] != "M").translate(_OWN_LETTERS)
