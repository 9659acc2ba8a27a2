"""The scene of the benchmark: one merchant, phones that have proven who they are, three open invoices each."""

from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from models import migrations
from models.clock import SystemClock
from models.conversation import Conversation, ConversationState, Proof
from models.customer import Channel, ContactPoint, Customer
from models.database import Database
from models.invoice import Invoice, InvoiceStatus
from models.merchant import Merchant
from models.ports import SmsAccount
from tests.support.acme import acme
from web import engine

HOST = "bench.test"
SID, TOKEN, NUMBER = f"AC{'b' * 32}", "bench-token", "+15550100"
PHONES = [f"+1555{n:07}" for n in range(2_000)]
"""So many that none of them writes faster than a person, and is left alone."""
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
AMOUNTS = (128_450, 64_000, 38_550)


def build(database_url: str) -> None:
    database = Database(database_url)
    migrations.upgrade(database.engine)
    engine.migrate(database)
    with database.write() as session:
        merchant = acme(NUMBER, SmsAccount(SID, TOKEN), SINCE)
        session.add(merchant)
        session.flush()
        for phone in PHONES:
            _add_customer(session, merchant, phone)
    database.dispose()


def _add_customer(session: Session, merchant: Merchant, phone: str) -> None:
    customer = Customer(merchant_id=merchant.id, name=f"Customer {phone}", created_at=SINCE)
    session.add(customer)
    session.flush()
    ours = {"merchant_id": merchant.id, "customer_id": customer.id}
    point = ContactPoint(channel=Channel.EMAIL, address=f"{phone}@example.com", created_at=SINCE, **ours)
    thread = _thread(merchant, customer, phone)
    session.add_all([point, thread, *(_invoice(customer, n) for n in range(len(AMOUNTS)))])
    session.flush()
    now = thread.chosen_at
    session.add(Proof(conversation_id=thread.id, contact_point_id=point.id, proven_at=now, used_at=now, **ours))


def _thread(merchant: Merchant, customer: Customer, phone: str) -> Conversation:
    now = SystemClock().now()
    return Conversation(
        merchant_id=merchant.id,
        channel=Channel.SMS,
        address=phone,
        our_address=NUMBER,
        state=ConversationState.IDLE,
        customer_id=customer.id,
        chosen_at=now,
        last_inbound_at=now,
        created_at=SINCE,
    )


def _invoice(customer: Customer, n: int) -> Invoice:
    return Invoice(
        merchant_id=customer.merchant_id,
        customer_id=customer.id,
        number=f"INV-{len(AMOUNTS) * customer.id + n}",
        status=InvoiceStatus.OPEN,
        currency="USD",
        total_minor=AMOUNTS[n],
        balance_minor=AMOUNTS[n],
        issued_on=date(2026, 6, 1),
        due_on=date(2026, 6, 12 + n),
        created_at=SINCE,
    )
