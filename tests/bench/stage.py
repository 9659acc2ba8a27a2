"""The scene of the benchmark: one merchant, phones that have proven who they are, three open invoices each."""

from datetime import UTC, date, datetime

from models import migrations
from models.clock import SystemClock
from models.conversation import Conversation, ConversationState, Proof
from models.customer import Channel, ContactPoint, Customer
from models.database import Database
from models.invoice import Invoice, InvoiceStatus
from models.merchant import Merchant
from web import engine

SID, TOKEN, NUMBER = f"AC{'b' * 32}", "bench-token", "+15550100"
PHONES = [f"+1555{n:07}" for n in range(200)]
SINCE = datetime(2026, 1, 1, tzinfo=UTC)


def build(database_url: str) -> None:
    database = Database(database_url)
    migrations.upgrade(database.engine)
    engine.migrate(database)
    now = SystemClock().now()
    with database.write() as session:
        merchant = Merchant(
            slug="acme",
            name="Acme",
            legal_name="Acme Inc.",
            number=NUMBER,
            twilio_account_sid=SID,
            twilio_auth_token=TOKEN,
            email="office@acme.example",
            phone="(555) 010-0100",
            address="1 Main Street",
            hours="Mon-Fri 9-5",
            country="US",
            timezone="America/New_York",
            currency="USD",
            created_at=SINCE,
        )
        session.add(merchant)
        session.flush()
        for phone in PHONES:
            customer = Customer(merchant_id=merchant.id, name=f"Customer {phone}", created_at=SINCE)
            session.add(customer)
            session.flush()
            common = {"merchant_id": merchant.id, "customer_id": customer.id, "created_at": SINCE}
            point = ContactPoint(channel=Channel.EMAIL, address=f"{phone}@example.com", **common)
            thread = Conversation(
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
            session.add_all([point, thread])
            for n, minor in enumerate((128_450, 64_000, 38_550)):
                session.add(
                    Invoice(
                        number=f"INV-{3 * customer.id + n}",
                        status=InvoiceStatus.OPEN,
                        currency="USD",
                        total_minor=minor,
                        balance_minor=minor,
                        issued_on=date(2026, 6, 1),
                        due_on=date(2026, 6, 12 + n),
                        **common,
                    )
                )
            session.flush()
            session.add(
                Proof(
                    merchant_id=merchant.id,
                    conversation_id=thread.id,
                    customer_id=customer.id,
                    contact_point_id=point.id,
                    proven_at=now,
                    used_at=now,
                )
            )
    database.dispose()
