"""Everything outside fails now and then, for a day: nobody is charged or texted twice, nothing that went through is
called failed, and in the end the janitor has an answer for every payment."""

from collections import Counter
from dataclasses import dataclass, field
from random import Random  # noqa: TID251 - seeded: a run can be had again

import pytest
import sqlalchemy as sa

from bot import messenger
from bot.channels.sandbox import carried
from models.customer import Channel, Customer
from models.invoice import Invoice, InvoiceStatus
from models.message import Direction, Message, MessageStatus
from models.payment import OPEN_STATUSES, Allocation, Payment, PaymentStatus
from payments import audit, links
from payments.gateways.troubles import Trouble
from tests.support.figures import Figure
from tests.support.visitor import Visitor
from tests.support.world import ACME, ALICE, World
from web.jobs import run_due

STEP_MIN = 5
DAY = 24 * 60 // STEP_MIN
CARRIER = (
    *("carrier_is_down", "carrier_is_busy", "carrier_is_broken", "carrier_hangs_after_accepting"),
    *("reports_are_lost", "out_of_order", "webhook_twice"),
)
BANK = (Trouble.DOWN, Trouble.HANGS, Trouble.CHARGES_THEN_HANGS, Trouble.DUPLICATES_EVENTS)
MAIL = "mail"
AFTERWARDS_DAYS = 8
"""An unknown payment is asked about for the last time within the week."""


@dataclass
class Day:
    world: World
    random: Random
    share: float
    """Of acts that meet a fault."""
    faults: Counter[str] = field(default_factory=Counter)
    invoices: dict[int, str] = field(default_factory=dict)
    """Not known to be paid yet, and the link."""
    texts: list[str] = field(default_factory=list)
    tries: int = 0

    def step(self, acts: int) -> None:
        for _ in range(acts):
            self.world.mailbox.down = False
            if self.random.random() < self.share:
                self._cause(self.random.choice([*CARRIER, *BANK, MAIL]))
            self.random.choice((self._text, self._ask, self._owe, self._pay))()
        self.world.advance(minutes=STEP_MIN)
        run_due(self.world.runtime)
        self.world.settle_down()

    def _cause(self, trouble: str) -> None:
        self.faults[trouble] += 1
        if trouble == MAIL:
            self.world.mailbox.down = True
        elif isinstance(trouble, Trouble):
            self.world.bank.troubles.cause(trouble, 1)
        else:
            self.world.outside.cause(trouble)

    def _text(self) -> None:
        """Of the merchant's, in words of its own."""
        row = Message(merchant_id=1, channel=Channel.SMS, kind="notice", body=f"Acme: notice {len(self.texts)}")
        row.our_address, row.their_address = ACME, ALICE
        with self.world.runtime.write() as ctx:
            messenger.queue(ctx, row)
        self.texts.append(row.body)
        self.world.settle_down()

    def _ask(self) -> None:
        merchant = self.world.merchants["acme"]
        self.world.carrier.text(merchant.twilio_account_sid or "", ALICE, ACME, "what do I owe?")
        self.world.settle_down()

    def _owe(self) -> None:
        with self.world.runtime.read() as ctx:
            alice = ctx.session.get_one(Customer, 1)
        invoice = self.world.add_invoice(alice, f"DAY-{len(self.texts)}-{self.tries}-{self.random.random()}", 5_000)
        self.invoices[invoice.id] = ""
        self._pay()

    def _pay(self) -> None:
        """The oldest of hers, with a new link if the old one is gone."""
        for invoice_id in list(self.invoices)[:1]:
            self.tries += 1
            visitor, url = Visitor(self.world), self._link(invoice_id)
            visitor.opens(url)
            if 'name="idempotency_key"' in visitor.page.text:
                visitor.presses_pay(url)
                if visitor.page.status_code == 303 and "/bank/" in visitor.page.location:
                    visitor.approves()
            self.world.settle_down()
            if self._is_paid(invoice_id):
                del self.invoices[invoice_id]
            else:
                self.invoices[invoice_id] = self.invoices.pop(invoice_id)  # to the end of the queue

    def _link(self, invoice_id: int) -> str:
        with self.world.runtime.write() as ctx:
            invoice = ctx.session.get_one(Invoice, invoice_id)
            link = links.open_link(
                ctx, merchant_id=invoice.merchant_id, customer_id=invoice.customer_id, invoices=[invoice]
            )
            return links.url(ctx, link)

    def _is_paid(self, invoice_id: int) -> bool:
        invoice: Invoice = self.world.fetch(Invoice, invoice_id)
        return invoice.status is InvoiceStatus.PAID

    def end(self) -> None:
        """Nothing goes wrong any more, and nobody does anything."""
        self.world.mailbox.down = False
        for trouble in CARRIER:
            self.world.outside.cause(trouble, 0)
        for named in BANK:
            self.world.bank.troubles.end(named)
        for hours in [0.1] * 20 + [1] * 24 + [24] * AFTERWARDS_DAYS:
            self.world.advance(hours=hours)
            run_due(self.world.runtime)
            self.world.settle_down()


def captured(world: World) -> Counter[str]:
    return Counter(reference for reference, _ in world.bank.captures())


@pytest.mark.parametrize(("steps", "acts", "share"), [(8, 3, 0.6), pytest.param(DAY, 4, 0.06, marks=pytest.mark.prove)])
def test_a_day_of_faults_ends_well(
    peopled_world: World, steps: int, acts: int, share: float, pytestconfig: pytest.Config, figure: Figure
) -> None:
    world = peopled_world
    day = Day(world, Random(pytestconfig.getoption("seed")), share)
    for _ in range(steps):
        day.step(acts)
    day.end()
    taken = captured(world)
    with world.runtime.read() as ctx:
        payments = ctx.session.scalars(sa.select(Payment)).all()
        out = ctx.session.scalars(sa.select(Message).where(Message.direction == Direction.OUT)).all()
        found = audit.verify(ctx.session)
        paid = list(ctx.session.scalars(sa.select(Allocation.invoice_id).join(Payment).where(_succeeded())))
    heard = Counter(message.text for message in world.outside.messages(ALICE))
    unresolved = [payment for payment in payments if payment.status in OPEN_STATUSES]
    charged_twice = [reference for reference, times in taken.items() if times > 1]
    texted_twice = [body for body in day.texts if heard[body] > 1]
    called_failed: list[object] = [p for p in payments if not _went_through(p) and p.public_id in taken]
    called_failed += [m for m in out if m.status in (MessageStatus.FAILED, MessageStatus.UNKNOWN)]

    assert (found, unresolved, charged_twice, texted_twice, called_failed) == ([], [], [], [], [])
    assert {p.public_id for p in payments if _went_through(p)} == set(taken)
    assert len(paid) == len(set(paid))
    assert {m.status for m in out} <= {MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.CANCELLED}
    assert set(day.texts) <= set(heard)
    figure(
        "O4 a day of faults",
        "sqlite" if world.runtime.database.is_sqlite else "postgresql",
        acts=steps * acts,
        faults=day.faults.total(),
        charges=len(taken),
        charged_twice=len(charged_twice),
        texts=_carried(world),
        texted_twice=len(texted_twice),
        called_failed=len(called_failed),
        payments_unresolved=len(unresolved),
    )


def _went_through(payment: Payment) -> bool:
    return payment.status is PaymentStatus.SUCCEEDED


def _succeeded() -> sa.ColumnElement[bool]:
    return Payment.status == PaymentStatus.SUCCEEDED


def _carried(world: World) -> int:
    with world.outside.database.read() as db:
        return db.scalar(sa.select(sa.func.count()).select_from(carried)) or 0
