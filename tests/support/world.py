"""A whole Till with its outside world, in one process without threads: Acme and Globex, Alice and Bob, their phones and
mailboxes, a carrier and a bank that post through the test client, and a clock that moves when told."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from bot.channels.sandbox import Outside
from bot.channels.sandbox_carrier import WHATSAPP, Carrier
from bot.channels.sandbox_rest import SandboxHttpClient
from bot.channels.smtp import compose
from bot.channels.twilio import TwilioSms
from models.base import Base
from models.clock import FrozenClock
from models.context import Environment, Ports, Runtime, Site
from models.customer import Channel, ContactPoint, Customer
from models.database import Database
from models.errors import ProviderError
from models.invoice import Invoice, InvoiceStatus
from models.merchant import ATTESTATION, Merchant
from models.ports import OutboundEmail
from models.signing import Signer
from models.walls import ALL_MERCHANTS
from payments import ledger
from payments.gateways.bank import Bank
from payments.gateways.delivery import Delivery
from payments.gateways.sandbox import SandboxGateway
from tests.support.inbox import Inbox, email_secrets
from tests.support.jobs import RecordingJobs
from tests.support.outdoors import outdoors
from tests.support.phone import Phone
from web.app import create_app
from web.assembly import Assembly
from web.config import Settings
from web.crowd import Crowd, nobody
from web.directory import MerchantDirectory
from web.sandbox import Sandbox
from web.simulator.feed import Stage

_APPLICATION: list[Flask] = []

NOW = datetime(2026, 6, 19, 21, 30, tzinfo=UTC)
BASE_URL = "http://till.test"
BANK_SECRETS = ("bank-secret-of-the-tests",)
ACME, GLOBEX = "+15550100", "+15550200"
ALICE, BOB = "+15550142", "+15550143"
ALICE_EMAIL, BOB_EMAIL = "alice@example.com", "bob@example.com"


@dataclass
class Mailbox:
    """models.ports.EmailChannel that delivers into the Outside without a server."""

    outside: Outside
    down: bool = False

    def send(self, email: OutboundEmail) -> str:
        if self.down:
            raise ProviderError("451")
        headers = {"Message-ID": email.message_id, **email.headers}
        self.outside.deliver(
            "email",
            email.sender,
            email.to,
            email.text,
            subject=email.subject,
            html=email.html,
            headers=headers,
            source=compose(email).as_bytes().decode(),
        )
        return email.message_id


@dataclass
class World:
    runtime: Runtime
    clock: FrozenClock
    jobs: RecordingJobs
    outside: Outside
    carrier: Carrier
    bank: Bank
    bank_post: Delivery
    mailbox: Mailbox
    client: FlaskClient
    directory: MerchantDirectory
    merchants: dict[str, Merchant] = field(default_factory=dict)

    def close(self) -> None:
        self.bank.database.dispose()
        self.runtime.database.dispose()

    def settle_down(self) -> None:
        """Let everything that waits happen: jobs, callbacks, bank events."""
        while self.jobs.run(self.runtime) + self.carrier.flush() + self.bank_post.flush():
            continue

    def advance(self, **by: float) -> None:
        self.clock.advance(timedelta(**by))
        self.bank.settle_due(self.clock.now())
        self.settle_down()

    def add_merchant(self, slug: str, number: str, **fields: Any) -> Merchant:
        merchant = Merchant(
            slug=slug,
            name=slug.title(),
            legal_name=f"{slug.title()} Inc.",
            number=number,
            twilio_account_sid=f"AC{slug:0>32}",
            twilio_auth_token=f"token-of-{slug}",
            inbound_email=f"pay@{slug}.example",
            email_secrets=email_secrets(slug),
            email=f"office@{slug}.example",
            phone="(555) 010-0100",
            address="1 Main Street",
            hours="Mon-Fri 9-5",
            country="US",
            timezone="America/New_York",
            currency="USD",
            created_at=self.clock.now(),
            **{"attested_at": self.clock.now(), "attested_by": "Owner", "attested_version": ATTESTATION, **fields},
        )
        self._add(merchant)
        self.merchants[slug] = merchant
        return merchant

    def add_customer(
        self,
        merchant: Merchant,
        name: str,
        *,
        emails: Sequence[str] = (),
        phones: Sequence[str] = (),
        locale: str = "en",
    ) -> Customer:
        customer = Customer(merchant_id=merchant.id, name=name, locale=locale, created_at=self.clock.now())
        self._add(customer)
        addresses = [(Channel.EMAIL, e) for e in emails] + [(Channel.SMS, p) for p in phones]
        for channel, address in addresses:
            self._add(
                ContactPoint(
                    merchant_id=merchant.id,
                    customer_id=customer.id,
                    channel=channel,
                    address=address,
                    created_at=self.clock.now(),
                )
            )
        return customer

    def add_invoice(
        self, customer: Customer, number: str, minor: int, due: date | None = None, **fields: Any
    ) -> Invoice:
        invoice = Invoice(
            merchant_id=customer.merchant_id,
            customer_id=customer.id,
            number=number,
            description="Paper cups",
            status=InvoiceStatus.DRAFT,
            **{"currency": "USD", **fields},
            total_minor=minor,
            balance_minor=minor,
            issued_on=date(2026, 6, 1),
            due_on=due or date(2026, 6, 12),
            created_at=self.clock.now(),
        )
        with self.runtime.write() as ctx:
            ctx.session.add(invoice)
            ctx.session.flush()
            ledger.issue(ctx, invoice)
        return invoice

    def _add(self, row: Base) -> None:
        with self.runtime.write() as ctx:
            ctx.session.add(row)

    def fetch(self, row_type: type[Any], row_id: int) -> Any:
        with self.runtime.read() as ctx:
            return ctx.session.get_one(row_type, row_id)

    def phone(self, number: str, merchant: Merchant | None = None) -> Phone:
        return Phone(self, number, merchant or self.merchants["acme"])

    def whatsapp(self, number: str, merchant: Merchant | None = None) -> Phone:
        """The other app on the same phone."""
        return Phone(self, number, merchant or self.merchants["acme"], WHATSAPP)

    def inbox(self, address: str, merchant: Merchant | None = None) -> Inbox:
        return Inbox(self, address, merchant or self.merchants["acme"])

    def mails_to(self, address: str) -> list[Any]:
        return [m for m in self.outside.messages(address) if m.channel == "email"]

    def code_for(self, address: str) -> str:
        """The code in the newest mail to this address."""
        mails = [m for m in self.mails_to(address) if re.search(r"\b\d{6,8}\b", m.text)]
        found = re.search(r"\b\d{6,8}\b", mails[-1].text) if mails else None
        assert found is not None, f"no code went to {address}"
        return found.group()


def make_world(database: Database, folder: Path) -> World:
    """On an empty schema that exists."""
    clock = FrozenClock(NOW)
    outside, bank = outdoors(clock)
    directory = MerchantDirectory(database)
    client_box: list[FlaskClient] = []

    def post_form(url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, str]:
        answer = client_box[0].post(url.removeprefix(BASE_URL), data=dict(form), headers=dict(headers))
        return answer.status_code, answer.text

    def post(url: str, headers: Mapping[str, str], body: bytes) -> int:
        return client_box[0].post(url.removeprefix(BASE_URL), data=body, headers=dict(headers)).status_code

    carrier = Carrier(outside, BASE_URL, post_form, lambda sid: _token(directory, sid))
    bank_post = Delivery(bank, url=f"{BASE_URL}/webhooks/bank", secrets=BANK_SECRETS, post=post)
    gateway = SandboxGateway(bank, base_url=BASE_URL, secrets=BANK_SECRETS)
    jobs, mailbox = RecordingJobs(clock), Mailbox(outside)
    ports = Ports(TwilioSms(SandboxHttpClient(carrier)), mailbox, {gateway.name: gateway}, gateway, jobs)
    site = Site(BASE_URL, Environment.DEVELOPMENT, None)
    runtime = Runtime(database, clock, Signer(["k" * 8 + "0123456789abcdefghijklmn"]), site, ports, ALL_MERCHANTS)
    sandbox = Sandbox(outside, carrier, None, bank, bank_post, post)  # type: ignore[arg-type]
    app = _application(_settings(folder), Assembly(runtime, directory, sandbox))
    client_box.append(app.test_client())
    return World(runtime, clock, jobs, outside, carrier, bank, bank_post, mailbox, client_box[0], directory)


def _application(settings: Settings, assembly: Assembly) -> Flask:
    """One per process, handed from world to world: its routes take longer to compile than most tests to run."""
    if not _APPLICATION:
        _APPLICATION.append(create_app(settings, assembly))
    app = _APPLICATION[0]
    app.extensions |= {
        "till": assembly.runtime,
        "till.settings": settings,
        "till.assembly": assembly,
        "till.simulator": Stage(),
        "till.crowd": Crowd(nobody),
    }
    return app


def _settings(folder: Path) -> Settings:
    return Settings.model_validate(
        {
            "TILL_ENV": "development",
            "TILL_BASE_URL": BASE_URL,
            "SECRET_KEY": "k" * 8 + "0123456789abcdefghijklmn",
            "TILL_SMS": "sandbox",
            "TILL_EMAIL": "sandbox",
            "TILL_PAYMENTS": "sandbox",
            "TILL_VAR": str(folder),
        }
    )


def _token(directory: MerchantDirectory, sid: str) -> str | None:
    merchant = directory.by_account(sid)
    return merchant.twilio_auth_token if merchant else None


def populate(world: World) -> None:
    """Acme with Alice (three invoices) and Bob (one); Globex with an Alice of its own."""
    acme = world.add_merchant("acme", ACME)
    globex = world.add_merchant("globex", GLOBEX)
    alice = world.add_customer(acme, "Alice Adams", emails=[ALICE_EMAIL], phones=[ALICE])
    bob = world.add_customer(acme, "Bob Brown", emails=[BOB_EMAIL], phones=[BOB])
    other = world.add_customer(globex, "Alice Adams", emails=[ALICE_EMAIL], phones=[ALICE])
    world.add_invoice(alice, "INV-1042", 128_450, date(2026, 6, 12))
    world.add_invoice(alice, "INV-1051", 64_000, date(2026, 6, 20))
    world.add_invoice(alice, "INV-1060", 38_550, date(2026, 7, 1))
    world.add_invoice(bob, "INV-2001", 9_900)
    world.add_invoice(other, "G-7", 777_00)


def recall(world: World) -> None:
    """After a copy of what `populate` made."""
    with world.runtime.read() as ctx:
        world.merchants = {merchant.slug: merchant for merchant in ctx.session.scalars(sa.select(Merchant))}


def empty(database: Database) -> None:
    """Drop and make every table again: triggers forbid deleting rows, and a schema is quicker than a proof."""
    Base.metadata.drop_all(database.engine)
    Base.metadata.create_all(database.engine)
    with database.engine.connect() as connection:
        connection.execute(sa.text("SELECT 1"))
