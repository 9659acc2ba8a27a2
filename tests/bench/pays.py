"""Payments that come at a fixed rate: the press behind a link, Stripe's session, and Stripe's word that it is paid.
Counted afterwards: what was lost, what was begun or booked twice, whether the books balance."""

import re
import secrets
import tempfile
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from models.clock import SystemClock
from models.context import Context
from models.customer import Customer
from models.database import Database
from models.invoice import Invoice, InvoiceStatus
from models.payment import Payment, PaymentStatus
from models.signing import Purpose, Signer
from models.walls import ALL_MERCHANTS
from payments import audit, ledger, links, standing
from tests.bench.flood import PER_SECOND, PROCESSES, SECONDS
from tests.bench.load import Gun, Shot, Timetable, percentile, side_by_side
from tests.bench.serving import TILL, production, serving, working
from tests.bench.stage import SINCE
from tests.support import stripe_server
from tests.support.stripe_server import KEY, SECRET, VISA, StripeServer
from tests.support.workers import SITE

CONNECTIONS = 64
WARM_UP_S, WARM_UPS = 3, 10
AMOUNT = 12_345
_SESSION = re.compile(rb"cs_test_\w+")
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}

Row = dict[str, Any]


@dataclass
class _Took:
    """Milliseconds."""

    presses: list[float] = field(default_factory=list)
    """From when each was due."""
    events: list[float] = field(default_factory=list)
    errors: int = 0


def at_a_rate(database_url: str) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, stripe_server.serving(StripeServer(SystemClock())) as stripe:  # type: ignore[arg-type]
        environment = production(
            database_url,
            Path(folder),
            STRIPE_API_BASE=stripe.url,
            STRIPE_SECRET_KEY=KEY,
            STRIPE_WEBHOOK_SECRET=SECRET,
        )
        warm, wanted = WARM_UP_S * WARM_UPS, int(PER_SECOND * SECONDS)
        presses = list(_presses(database_url, environment["SECRET_KEY"], warm + wanted))
        with serving(TILL, PROCESSES, environment) as server, working(environment):
            _pay(server.port, stripe, presses[:warm], WARM_UPS)
            began = time.perf_counter()
            took = _pay(server.port, stripe, presses[warm:], PER_SECOND)
            elapsed = time.perf_counter() - began
    return [
        {
            "asked pays/s": PER_SECOND,
            "paid /s": round(wanted / elapsed, 1),
            "seconds": SECONDS,
            "pays": wanted,
            **{f"press p{n} ms": round(percentile(sorted(took.presses), n)) for n in (50, 95, 99)},
            **{f"event p{n} ms": round(percentile(sorted(took.events), n)) for n in (50, 95, 99)},
            **_counted(database_url, stripe, len(presses)),
            "errors": took.errors,
        }
    ]


def _presses(database_url: str, secret: str, wanted: int) -> Iterator[Shot]:
    """Each behind a link of its own, with what its page would have sent."""
    database, clock, signer = Database(database_url), SystemClock(), Signer([secret])
    with database.write(ALL_MERCHANTS) as session:
        ctx = Context(session, clock, signer, SITE, None)  # type: ignore[arg-type]
        customers = session.scalars(sa.select(Customer).limit(wanted)).all()
        for n in range(wanted):
            invoice = _issued(ctx, customers[n % len(customers)], n)
            mine = {"merchant_id": invoice.merchant_id, "customer_id": invoice.customer_id}
            token = links.token(ctx, links.open_link(ctx, **mine, invoices=[invoice]))
            form = {
                "csrf_token": signer.seal(Purpose.FORM, token),
                "idempotency_key": secrets.token_hex(16),
                "seen_amount": str(invoice.balance_minor),
                "seen_version": standing.version([invoice]),
                "method": "card",
            }
            yield Shot("POST", f"/p/{token}", urllib.parse.urlencode(form), _FORM)
    database.dispose()


def _issued(ctx: Context, customer: Customer, n: int) -> Invoice:
    invoice = Invoice(
        merchant_id=customer.merchant_id,
        customer_id=customer.id,
        number=f"PAY-{n}",
        status=InvoiceStatus.DRAFT,
        currency="USD",
        total_minor=AMOUNT,
        balance_minor=AMOUNT,
        issued_on=date(2026, 6, 1),
        due_on=date(2026, 6, 12),
        created_at=SINCE,
    )
    ctx.session.add(invoice)
    ctx.session.flush()
    ledger.issue(ctx, invoice)
    return invoice


def _pay(port: int, stripe: StripeServer, presses: Sequence[Shot], per_second: float) -> _Took:
    took, times = _Took(), Timetable(len(presses), per_second)

    def customers() -> None:
        gun = Gun(("127.0.0.1", port))
        for n, due in times:
            try:
                status, page = gun.fire(presses[n])
                took.presses.append((time.perf_counter() - due) * 1000)
                session = _SESSION.search(page)
                if status != 303 or session is None:
                    took.errors += 1
                    continue
                _tell(gun, stripe, session[0].decode(), took)
            except OSError:
                took.errors += 1

    side_by_side([customers] * CONNECTIONS)
    return took


def _tell(gun: Gun, stripe: StripeServer, session_id: str, took: _Took) -> None:
    stripe.confirm(session_id, VISA)
    event = stripe.event("checkout.session.completed", session_id, id=f"evt_{session_id}")
    asked = Shot("POST", "/webhooks/stripe", event.body.decode(), dict(event.headers))
    began = time.perf_counter()
    status, _ = gun.fire(asked)
    took.events.append((time.perf_counter() - began) * 1000)
    took.errors += status != 204


def _counted(database_url: str, stripe: StripeServer, wanted: int) -> Row:
    database = Database(database_url)
    with database.read(ALL_MERCHANTS) as session:
        paid = sa.select(sa.func.count()).where(Invoice.number.like("PAY-%"), Invoice.status == InvoiceStatus.PAID)
        begun = session.scalar(sa.select(sa.func.count(Payment.id))) or 0
        good = session.scalar(sa.select(sa.func.count()).where(Payment.status == PaymentStatus.SUCCEEDED)) or 0
        lost = wanted - min(session.scalar(paid) or 0, good)
        unbalanced = [one for one in audit.verify(session) if one.fault is not audit.Fault.DRIFTED]
        drifted = session.scalar(
            sa.select(sa.func.count()).where(Invoice.number.like("PAY-%"), Invoice.balance_minor != 0)
        )
    database.dispose()
    return {
        "lost": lost,
        "begun twice": max(begun, len(stripe.sessions)) - wanted,
        "books wrong": len(unbalanced) + (drifted or 0),
    }
