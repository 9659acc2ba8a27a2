"""Puts a crowd and its papers into a database: bulk inserts by Core, one short transaction per chunk. Refuses one whose
merchants it would meet. Nobody else may write meanwhile: keys are given out here."""

import random  # noqa: TID251 - repeatable is the point
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.channels import sandbox_content
from models import customer_word
from models.base import Base
from models.cadence import Cadence
from models.consent import Consent, ConsentAct
from models.customer import Channel, ContactPoint, Customer, normalise_email
from models.database import Database
from models.errors import DomainError
from models.invoice import Invoice
from models.merchant import ATTESTATION, ApiKey, Merchant, Mode
from models.payment import Payment
from models.walls import ALL_MERCHANTS
from web.seeding.books import Batch, Books, Row
from web.seeding.cast import CustomerCard, MerchantCard, Shop
from web.seeding.crowd import Size, papers, shops

CHUNK = 5_000
"""Invoices per transaction: with their payments and ledger lines some 30,000 rows, a second of the write lock."""
CACHE_KIB = 512 * 1024
"""SQLite's own 2 MB hold no index of a million random ids: every insert would read and write pages anew."""
EMAIL_VENDORS = ("sendgrid", "mailgun", "postmark", "mime")

_SERIAL = (Merchant, Customer, ContactPoint, Invoice, Payment)
"""Tables whose keys are given out here; PostgreSQL's own counters must be told."""


Keys = Mapping[type[Base], Iterator[int]]


@dataclass(frozen=True, slots=True)
class SeededMerchant:
    """`api_key` exists nowhere else: the row holds its hash."""

    card: MerchantCard
    row: Row
    api_key: str
    customers: Sequence[CustomerCard]


def sow(database: Database, now: datetime, size: Size, grown: Callable[[int], None]) -> list[SeededMerchant]:
    """Everything of that size; `grown` hears how many more invoices are in. Raises DomainError("already_seeded")."""
    found = shops(size)
    with database.read(ALL_MERCHANTS) as session:
        slugs = sa.select(Merchant.id).where(Merchant.slug.in_([shop.merchant.slug for shop in found]))
        if session.scalars(slugs.limit(1)).first() is not None:
            raise DomainError("already_seeded")
        keys: Keys = {kind: count(_last_key(session, kind) + 1) for kind in _SERIAL}
    seeded = []
    for position, shop in enumerate(found):
        merchant, customer_ids = _open(database, now, shop, keys)
        seeded.append(merchant)
        books = _books(now, size, position, merchant, keys)
        for chunk, written in _chunks(books, size, position, shop, customer_ids):
            with database.write(ALL_MERCHANTS) as session:
                _insert(session, chunk)
            grown(written)
    _tell_counters(database)
    return seeded


def _open(database: Database, now: datetime, shop: Shop, keys: Keys) -> tuple[SeededMerchant, list[int]]:
    """The merchant with its key, and the ids of its customers, in order."""
    row = _merchant(shop.merchant, next(keys[Merchant]), now)
    key, text = ApiKey.issue(row["id"], Mode.LIVE, "Made by the seed", now)
    customers = [_customer(card, next(keys[Customer]), row["id"], now) for card in shop.customers]
    points = [
        point
        for card, customer in zip(shop.customers, customers, strict=True)
        for point in _points(card, customer, keys[ContactPoint])
    ]
    with database.write(ALL_MERCHANTS) as session:
        session.execute(sa.insert(Merchant.__table__), [row])  # type: ignore[arg-type]
        session.add(key)
        session.add(_cadence(shop.merchant, row["id"], now))
        session.execute(sa.insert(Customer.__table__), customers)  # type: ignore[arg-type]
        customer_word.enter(session, ((row["id"], one["id"], one["name"]) for one in customers))
        session.execute(sa.insert(ContactPoint.__table__), points)  # type: ignore[arg-type]
        session.execute(sa.insert(Consent.__table__), list(_consents(points)))  # type: ignore[arg-type]
    return SeededMerchant(shop.merchant, row, text, shop.customers), [customer["id"] for customer in customers]


def _merchant(card: MerchantCard, merchant_id: int, now: datetime) -> Row:
    """Secrets are drawn afresh each time: rows repeat, keys must not."""
    shown = ("slug", "name", "legal_name", "number", "phone", "address", "hours", "country", "timezone", "currency")
    return {name: getattr(card, name) for name in (*shown, "colour")} | {
        "id": merchant_id,
        "public_id": secrets.token_hex(16),
        "status": "active",
        "locale": "en",
        "twilio_account_sid": f"AC{secrets.token_hex(16)}",
        "twilio_auth_token": secrets.token_hex(16),
        "inbound_email": f"pay@{card.slug}.example",
        "email": f"billing@{card.slug}.example",
        "email_secrets": {vendor: secrets.token_hex(24) for vendor in EMAIL_VENDORS}
        | {"mime_authserv_id": f"mx.{card.slug}.example"},
        "allows_partial": True,
        "partial_minimum_minor": 500,
        "whatsapp_number": card.number,
        "whatsapp_templates": dict(sandbox_content.approved()),
        "allows_custom": True,
        "staff_phones": [card.phone],
        "attested_at": now,
        "attested_by": "the sample data",
        "attested_version": ATTESTATION,
        "created_at": now,
    }


def _cadence(card: MerchantCard, merchant_id: int, now: datetime) -> Cadence:
    """From tomorrow on, so that a fresh demo is quiet until its clock moves."""
    tomorrow = now.astimezone(ZoneInfo(card.timezone)).date() + timedelta(days=1)
    return Cadence(merchant_id=merchant_id, starts_on=tomorrow, repeat_every=7, repeat_times=3)


def _customer(card: CustomerCard, customer_id: int, merchant_id: int, now: datetime) -> Row:
    return {
        "id": customer_id,
        "public_id": secrets.token_hex(16),
        "merchant_id": merchant_id,
        "name": card.name,
        "locale": card.locale,
        "created_at": now,
    }


def _points(card: CustomerCard, customer: Row, ids: Iterator[int]) -> Iterator[Row]:
    for channel, addresses in ((Channel.EMAIL, card.emails), (Channel.SMS, card.phones)):
        for address in addresses:
            yield {
                "id": next(ids),
                "public_id": secrets.token_hex(16),
                "merchant_id": customer["merchant_id"],
                "customer_id": customer["id"],
                "channel": channel,
                "address": normalise_email(address) if channel is Channel.EMAIL else address,
                "is_primary": address == addresses[0],
                "created_at": customer["created_at"],
            }


def _consents(points: Sequence[Row]) -> Iterator[Row]:
    """One per address, however many customers share it."""
    for channel, address in dict.fromkeys((point["channel"], point["address"]) for point in points):
        yield {
            "merchant_id": points[0]["merchant_id"],
            "channel": channel,
            "address": address,
            "act": ConsentAct.GRANTED,
            "source": "seed",
            "created_at": points[0]["created_at"],
        }


def _books(now: datetime, size: Size, position: int, merchant: SeededMerchant, keys: Keys) -> Books:
    return Books(
        merchant_id=merchant.row["id"],
        currency=merchant.card.currency,
        now=now,
        today=now.astimezone(ZoneInfo(merchant.card.timezone)).date(),
        dice=random.Random(f"books {size.seed} {position}"),  # noqa: S311
        invoice_ids=keys[Invoice],
        payment_ids=keys[Payment],
    )


def _chunks(
    books: Books, size: Size, position: int, shop: Shop, customer_ids: Sequence[int]
) -> Iterator[tuple[Batch, int]]:
    """Full batches and how many invoices are in each. Numbers run on, past those that the cast has taken."""
    taken = {card.number for card in shop.papers}
    numbers = (n for n in count(shop.merchant.first_number) if n not in taken)
    waiting = 0
    for card in (*shop.papers, *papers(size, position, shop)):
        books.enter(card, customer_ids[card.customer], f"INV-{card.number or next(numbers)}")
        waiting += 1
        if waiting == CHUNK:
            yield books.take(), waiting
            waiting = 0
    yield books.take(), waiting


def _insert(session: Session, batch: Batch) -> None:
    if session.get_bind().dialect.name == "sqlite":
        session.connection().exec_driver_sql(f"PRAGMA cache_size = -{CACHE_KIB}")
        session.connection().exec_driver_sql("PRAGMA wal_autocheckpoint = 20000")
    for each in fields(batch):
        if rows := getattr(batch, each.name):
            session.execute(sa.insert(Base.metadata.tables[each.name]), rows)


def _last_key(session: Session, kind: type[Base]) -> int:
    return int(session.scalars(sa.select(sa.func.coalesce(sa.func.max(kind.__table__.c.id), 0))).one())


def _tell_counters(database: Database) -> None:
    if database.is_sqlite:
        return
    with database.write(ALL_MERCHANTS) as session:
        for kind in _SERIAL:
            counter = sa.func.pg_get_serial_sequence(kind.__tablename__, "id")
            last = sa.select(sa.func.max(kind.__table__.c.id)).scalar_subquery()
            session.execute(sa.select(sa.func.setval(counter, last)))
