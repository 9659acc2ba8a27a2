"""Whether pages stay as fast while the books grow: the portal's list, a pay page and the API's list, over databases of
a thousand and a hundred thousand invoices (FULL=1: and a million), all served at once and asked in turns."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import sqlalchemy as sa

from models import migrations
from models.clock import SystemClock
from models.context import Context
from models.customer import Channel, ContactPoint, Customer
from models.database import Database
from models.invoice import Invoice, InvoiceStatus
from models.merchant import ApiKey, Merchant, Mode
from models.session import WebSession, session_hash
from models.signing import Signer
from payments import links
from tests.bench.load import Figures, Shot, fire
from tests.bench.serving import TILL, production, serving
from tests.support.workers import SITE
from web import engine
from web.seeding.crowd import Size
from web.seeding.sowing import sow

SIZES = (1_000, 100_000, *((1_000_000,) if os.environ.get("FULL") else ()))
KEPT_IN = Path("var/bench")
"""Seeding a million takes minutes, so what was seeded once is kept."""
OPEN_INVOICES = 3
CONNECTIONS = 2
REQUESTS = 400
ROUNDS = 5
"""The p99 of a round is its fourth worst; the middle one of all is told. Of fewer it is one hiccup of the machine."""

Row = dict[str, Any]


def growth() -> list[Row]:
    found: dict[tuple[str, int], list[Figures]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ports, shots = {}, {}
        for size in SIZES:
            database_url = _seeded(size)
            environment = production(database_url, folder, TILL_WORKER="false")
            ports[size] = stack.enter_context(serving(TILL, 1, environment)).port
            shots[size] = _pages(database_url, environment["SECRET_KEY"])
        for _ in range(ROUNDS + 1):
            for size in SIZES:
                for page, shot in shots[size].items():
                    figures = fire(ports[size], [shot] * REQUESTS, CONNECTIONS)
                    found.setdefault((page, size), []).append(figures)
    return list(_rows({key: figures[1:] for key, figures in found.items()}))  # the first round warms up


def _rows(found: dict[tuple[str, int], list[Figures]]) -> Iterator[Row]:
    for page in dict.fromkeys(page for page, _ in found):
        row: Row = {"page": page}
        for size in SIZES:
            row[f"{size:,}: p50 ms"] = round(median(f.p50 for f in found[page, size]), 1)
            row[f"{size:,}: p99 ms"] = round(median(f.p99 for f in found[page, size]), 1)
        for share in ("p50", "p99"):
            row[f"growth of {share}"] = round(row[f"{SIZES[-1]:,}: {share} ms"] / row[f"{SIZES[0]:,}: {share} ms"], 2)
        row["errors"] = sum(f.errors for size in SIZES for f in found[page, size])
        yield row


def _seeded(size: int) -> str:
    KEPT_IN.mkdir(parents=True, exist_ok=True)
    path = KEPT_IN / f"{size}.sqlite3"
    url, database = f"sqlite:///{path}", Database(f"sqlite:///{path}")
    migrations.upgrade(database.engine)
    engine.migrate(database)
    with database.read() as session:
        is_new = session.scalars(sa.select(Invoice.id).limit(1)).first() is None
    if is_new:
        sow(database, SystemClock().now(), Size(invoices=size), lambda _count: None)
    database.dispose()
    return url


@dataclass(frozen=True, slots=True)
class _Owner:
    merchant: Merchant
    customer: Customer
    invoices: Sequence[Invoice]


def _pages(database_url: str, secret: str) -> dict[str, Shot]:
    """The same three questions about the same amount of paper, whatever lies beside it."""
    database, now = Database(database_url), SystemClock().now()
    with database.write() as session:
        ctx = Context(session, SystemClock(), Signer([secret]), SITE, None)  # type: ignore[arg-type]
        owner = _owner(ctx)
        link = links.open_link(
            ctx, merchant_id=owner.merchant.id, customer_id=owner.customer.id, invoices=owner.invoices[:1]
        )
        token = links.token(ctx, link)
        key, text = ApiKey.issue(owner.merchant.id, Mode.LIVE, "bench", now)
        session.add(key)
        cookie = _sign_in(ctx, owner, now)
        slug = owner.merchant.slug
    database.dispose()
    return {
        "portal list": Shot("GET", f"/m/{slug}", headers={"Cookie": f"__Host-till-portal={cookie}"}, holds="INV-"),
        "pay page": Shot("GET", f"/p/{token}", holds="csrf_token"),
        "API list": Shot("GET", "/api/v1/invoices", headers={"Authorization": f"Bearer {text}"}, holds="number"),
    }


def _owner(ctx: Context) -> _Owner:
    """The last customer with so many open invoices."""
    is_open = (Invoice.status == InvoiceStatus.OPEN) & (Invoice.balance_minor > 0)
    mine = sa.select(Invoice.customer_id).where(is_open).group_by(Invoice.customer_id)
    having = mine.having(sa.func.count() == OPEN_INVOICES).order_by(Invoice.customer_id.desc()).limit(1)
    customer = ctx.session.get_one(Customer, ctx.session.scalars(having).one())
    invoices = ctx.session.scalars(sa.select(Invoice).where(is_open, Invoice.customer_id == customer.id)).all()
    return _Owner(ctx.session.get_one(Merchant, customer.merchant_id), customer, invoices)


def _sign_in(ctx: Context, owner: _Owner, now: datetime) -> str:
    by_email = (ContactPoint.customer_id == owner.customer.id) & (ContactPoint.channel == Channel.EMAIL)
    point = ctx.session.scalars(sa.select(ContactPoint).where(by_email).limit(1)).one()
    token = WebSession.new_token()
    row = WebSession(token_hash=session_hash(token), merchant_id=owner.merchant.id, customer_id=owner.customer.id)
    row.contact_point_id, row.created_at, row.seen_at = point.id, now, now
    ctx.session.add(row)
    return token
