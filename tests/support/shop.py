"""A shop for tests about money: Acme, its customer Alice, her invoices, a sandbox bank, a clock that stands still."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from models.base import new_public_id
from models.clock import FrozenClock
from models.context import Context, Ports, Runtime
from models.conversation import Conversation
from models.customer import Channel, Customer
from models.database import Database
from models.errors import UnverifiedWebhook
from models.gateway import DisputeWord, GatewayEvent, GatewayEventKind, RefundWord, StartPayment
from models.invoice import Invoice
from models.ledger import LedgerEntry
from models.merchant import Merchant
from models.money import Money
from models.paylink import PayLink
from models.payment import Allocation, Method, Payment, PaymentStatus
from models.ports import WebhookRequest
from models.refund import DisputeStatus, RefundStatus
from models.signing import Signer
from models.walls import ALL_MERCHANTS
from payments import attempts, audit, begin, closing, holds, invoices, ledger, links, settle
from payments.gateways.bank import Bank, BankSession
from payments.gateways.delivery import Delivery
from payments.gateways.sandbox import SandboxGateway
from payments.starting import BeginResult
from tests.support.jobs import RecordingJobs
from tests.support.workers import SITE

NOW = datetime(2026, 6, 19, 14, 0, tzinfo=UTC)
WEBHOOK = f"{SITE.base_url}/webhooks/bank"
SECRET = "whsec_" + "c2FuZGJveC1iYW5rLXNlY3JldA"
CHOICES = {Method.CARD: ("visa", None), Method.BANK: ("checking", "first-harbor"), Method.NETWORK: ("everyday", None)}

WANTED = StartPayment(
    reference="r" * 32,
    short_reference="HF7Q2K",
    payee="Acme",
    amount=Money(10_000, "USD"),
    method=Method.CARD,
    description="INV-1",
    return_url="https://till.example/p/x/payment/y",
    expires_at=NOW + timedelta(minutes=30),
)
"""A payment straight at the gateway, behind which Till has nothing."""


def usd(minor: int) -> Money:
    return Money(minor, "USD")


@dataclass
class Shop:
    database: Database
    folder: Path
    clock: FrozenClock = field(default_factory=lambda: FrozenClock(NOW))
    keys: list[str] = field(default_factory=lambda: ["k" * 32])
    settled: list[settle.Settlement] = field(default_factory=list)
    """What was announced: everything that became something."""
    posted: list[WebhookRequest] = field(default_factory=list)
    opened: list[PayLink] = field(default_factory=list)
    tells: settle.Announce = settle.silent
    """The customer, of what became of a payment."""
    lent_bank: Bank | None = None
    bank: Bank = field(init=False)
    gateway: SandboxGateway = field(init=False)
    delivery: Delivery = field(init=False)
    jobs: RecordingJobs = field(init=False)
    runtime: Runtime = field(init=False)
    merchant_id: int = field(init=False)
    alice_id: int = field(init=False)

    def __post_init__(self) -> None:
        self.bank = self.lent_bank or Bank(self.folder / f"bank-{new_public_id()}.db", self.clock)
        self.gateway = SandboxGateway(self.bank, base_url=SITE.base_url, secrets=[SECRET], sleep=lambda _s: None)
        self.delivery = Delivery(self.bank, url=WEBHOOK, secrets=[SECRET], post=self.receive)
        self.jobs = RecordingJobs(self.clock)
        nothing: Any = None
        ports = Ports(
            sms=nothing, email=nothing, jobs=self.jobs, gateways={"sandbox": self.gateway}, gateway=self.gateway
        )
        self.runtime = Runtime(self.database, self.clock, Signer(self.keys), SITE, ports, ALL_MERCHANTS)
        self.merchant_id = self.open_for("Acme")
        self.alice_id = self.customer("Alice")

    def work(self) -> None:
        """Perform the jobs that are due."""
        close = partial(attempts.close_by_id, announce=self.announce)
        self.jobs.run(self.runtime, {closing.JOB: close, "send_message": lambda _runtime, *_args: None})

    # --- people and papers -------------------------------------------------------------------------------------------
    def open_for(self, name: str) -> int:
        slug = f"{name.lower()}-{new_public_id()[:8]}"
        contact = {"email": "a@b.example", "phone": "+15550100", "address": "1 Main St", "hours": "9-5"}
        place = {"country": "US", "timezone": "America/New_York", "currency": "USD"}
        return self.add(Merchant(slug=slug, name=name, legal_name=name, created_at=NOW, **contact, **place))

    def allow(self, **toggles: Any) -> None:
        """What the merchant lets its customers do."""
        with self.runtime.write() as ctx:
            for name, value in toggles.items():
                setattr(ctx.session.get_one(Merchant, self.merchant_id), name, value)

    def customer(self, name: str, merchant_id: int | None = None) -> int:
        return self.add(Customer(merchant_id=merchant_id or self.merchant_id, name=name, created_at=NOW))

    def thread(self, address: str) -> int:
        where = {
            "merchant_id": self.merchant_id,
            "channel": Channel.SMS,
            "address": address,
            "our_address": "+15550199",
        }
        return self.add(Conversation(**where, customer_id=self.alice_id, created_at=NOW))

    def add(self, row: Merchant | Customer | Conversation) -> int:
        with self.runtime.write() as ctx:
            ctx.session.add(row)
            ctx.session.flush()
            return row.id

    def invoice(self, amount: Money | int = 10_000, **fields: Any) -> Invoice:
        """An issued one of Alice's."""
        total = usd(amount) if isinstance(amount, int) else amount
        row = Invoice(
            **{"merchant_id": self.merchant_id, "customer_id": self.alice_id, "number": new_public_id()[:8]} | fields,
            currency=total.currency,
            total_minor=total.minor,
            balance_minor=total.minor,
            issued_on=date(2026, 6, 1),
            due_on=date(2026, 6, 30),
            created_at=NOW,
        )
        with self.runtime.write() as ctx:
            ctx.session.add(row)
            invoices.issue(ctx, row)
        return row

    def link(self, *covered: Invoice, conversation_id: int | None = None) -> PayLink:
        with self.runtime.write() as ctx:
            link = links.open_link(
                ctx,
                merchant_id=covered[0].merchant_id,
                customer_id=covered[0].customer_id,
                invoices=covered,
                conversation_id=conversation_id,
            )
        self.opened.append(link)
        return link

    def token(self, link: PayLink) -> str:
        with self.runtime.read() as ctx:
            return links.token(ctx, link)

    def view(self, link: PayLink) -> links.LinkView:
        with self.runtime.read() as ctx:
            return links.read(ctx, links.token(ctx, link))

    def void(self, invoice: Invoice) -> None:
        with self.runtime.write() as ctx:
            invoices.void(ctx, invoice)

    def amend(self, invoice: Invoice, total: Money) -> None:
        with self.runtime.write() as ctx:
            invoices.amend(ctx, invoice, total)

    # --- paying ------------------------------------------------------------------------------------------------------
    def press(
        self,
        link: PayLink,
        method: Method = Method.CARD,
        key: str | None = None,
        total: Money | None = None,
        **wishes: Any,
    ) -> BeginResult:
        """What the pay page's button does, with the amount that the page shows now."""
        shown = total or self.view(link).total
        key = key or new_public_id()
        return begin.begin(
            self.runtime,
            self.token(link),
            method,
            idempotency_key=key,
            shown_total=shown,
            announce=self.announce,
            **wishes,
        )

    def approve(self, begun: BeginResult, choice: str | None = None, institution: str | None = None) -> BankSession:
        """What Alice does on the bank's page; the bank's event arrives at once."""
        assert begun.redirect_url is not None
        usual = CHOICES[begun.payment.method]
        session = self.bank.confirm(begun.redirect_url.rpartition("/")[2], choice or usual[0], institution or usual[1])
        self.delivery.flush()
        return session

    def pay(self, *covered: Invoice, method: Method = Method.CARD, choice: str | None = None, **wishes: Any) -> Payment:
        begun = self.press(self.link(*covered), method, **wishes)
        self.approve(begun, choice)
        return self.payment(begun.payment)

    def receive(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """The webhook as web/ serves it, without HTTP."""
        request = WebhookRequest(url, headers, (), body)
        self.posted.append(request)
        try:
            event = self.gateway.parse_event(request)
        except UnverifiedWebhook:
            return 403
        if event is not None:
            settle.record(self.runtime, "sandbox", event, self.announce)
        return 204

    def tell(
        self, payment: Payment, kind: GatewayEventKind, amount: Money | None = None, event_id: str | None = None
    ) -> None:
        """A provider's word, whatever the sandbox bank itself thinks of the payment."""
        event = GatewayEvent(event_id, payment.public_id, "", kind, amount or payment.amount)
        settle.record(self.runtime, "sandbox", event, self.announce)

    def tell_refund(self, payment: Payment, reference: str, amount: Money, event_id: str | None = None) -> None:
        """One that somebody made at the provider."""
        word = RefundWord(None, reference, RefundStatus.SUCCEEDED, amount)
        event = GatewayEvent(event_id, payment.public_id, "", GatewayEventKind.REFUND, amount, refund=word)
        settle.record(self.runtime, "sandbox", event, self.announce)

    def tell_dispute(
        self, payment: Payment, reference: str, status: DisputeStatus, event_id: str | None = None
    ) -> None:
        word = DisputeWord(reference, status, payment.amount, "fraudulent")
        event = GatewayEvent(event_id, payment.public_id, "", GatewayEventKind.DISPUTE, payment.amount, dispute=word)
        settle.record(self.runtime, "sandbox", event, self.announce)

    def announce(self, ctx: Context, settlement: settle.Settlement) -> None:
        # The janitor also finds what earlier tests left in the same database.
        mine = settlement.payment.merchant_id == self.merchant_id
        if mine and (settlement.became is not None or settlement.alert is not None):
            self.settled.append(settlement)
        if mine:
            self.tells(ctx, settlement)

    # --- looking -----------------------------------------------------------------------------------------------------
    def payment(self, payment: Payment) -> Payment:
        with self.runtime.read() as ctx:
            return ctx.session.get_one(Payment, payment.id)

    def now(self, invoice: Invoice) -> Invoice:
        with self.runtime.read() as ctx:
            return ctx.session.get_one(Invoice, invoice.id)

    def balance(self, invoice_id: int) -> int:
        with self.runtime.read() as ctx:
            return ctx.session.get_one(Invoice, invoice_id).balance_minor

    def balances(self, invoice_ids: Collection[int]) -> dict[int, int]:
        with self.runtime.read() as ctx:
            which = sa.select(Invoice.id, Invoice.balance_minor).where(Invoice.id.in_(invoice_ids))
            return dict(ctx.session.execute(which).all())

    def is_moving(self, invoice: Invoice) -> bool:
        """Money for it may be on its way."""
        with self.runtime.read() as ctx:
            open_ones = holds.open_over(ctx.session, [invoice.id])
        return any(payment.status is not PaymentStatus.SUBMITTED for payment in open_ones)

    def credit(self, currency: str = "USD") -> Money:
        with self.runtime.read() as ctx:
            return ledger.credit(ctx.session, self.alice_id, currency)

    def discrepancies(self) -> list[audit.Discrepancy]:
        with self.runtime.read() as ctx:
            return audit.verify(ctx.session, self.merchant_id)

    def entries(self, payment: Payment) -> list[tuple[str, int]]:
        """What was booked for a payment: account and amount, in order."""
        mine = sa.select(LedgerEntry).where(LedgerEntry.payment_id == payment.id).order_by(LedgerEntry.id)
        with self.runtime.read() as ctx:
            return [(e.account.value, e.amount_minor) for e in ctx.session.scalars(mine)]

    def paid_sets(self) -> list[set[int]]:
        """The invoices behind each of the bank's captures."""
        references = [reference for reference, _ in self.bank.captures()]
        shares = sa.select(Allocation.invoice_id).join(Payment)
        with self.runtime.read() as ctx:
            return [set(ctx.session.scalars(shares.where(Payment.public_id == one))) for one in references]
