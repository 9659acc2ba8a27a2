"""Everything that can happen to invoices and payments, in any order that Hypothesis thinks of, against plain numbers.
The ledger is proven after every step."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import hypothesis
import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from models.base import Base, new_public_id
from models.database import Database
from models.errors import DomainError
from models.gateway import GatewayEventKind
from models.invoice import Invoice
from models.payment import Method, Payment
from models.refund import DisputeStatus
from payments import credit, offline, reconcile, refunds
from payments.begin import PaymentInFlight
from payments.gateways.bank import Status
from tests.support.databases import sqlite_url
from tests.support.expected import Expected
from tests.support.shop import CHOICES, Shop, usd

K = GatewayEventKind
TOLD = st.sampled_from([K.PROCESSING, K.SUCCEEDED, K.FAILED, K.CANCELLED])
AMOUNTS = st.integers(1, 10_000)
PAUSES = st.sampled_from([timedelta(minutes=1), timedelta(minutes=6), timedelta(minutes=40), timedelta(days=2)])
ENDS = st.sampled_from([DisputeStatus.WON, DisputeStatus.LOST])
STORIES, STEPS = 30, 50
"""What every run has time for; `make prove` tells a thousand."""


class Paying(RuleBasedStateMachine):
    folder: ClassVar[Path]
    invoices: Bundle[Invoice] = Bundle("invoices")
    payments: Bundle[Payment] = Bundle("payments")
    recorded: Bundle[Payment] = Bundle("recorded")

    def __init__(self) -> None:
        super().__init__()
        path = self.folder / f"{new_public_id()}.db"
        shutil.copy(self.folder / "till.db", path)
        self.shop = Shop(Database(f"sqlite:///{path}"), self.folder)
        self.shop.allow(allows_partial=True)
        self.expected = Expected()
        self.planned: dict[int, dict[int, int]] = {}
        self.returned: set[int] = set()
        self.disputed: dict[int, str] = {}
        self.steps = 0

    def teardown(self) -> None:
        assert self.shop.discrepancies() == []
        self.shop.database.dispose()
        self.shop.bank.database.dispose()

    # --- papers ------------------------------------------------------------------------------------------------------
    @rule(target=invoices, amount=AMOUNTS)
    def issue(self, amount: int) -> Invoice:
        invoice = self.shop.invoice(amount)
        self.expected.issue(invoice.id, amount)
        return invoice

    @rule(invoice=invoices)
    def void_one(self, invoice: Invoice) -> None:
        try:
            self.shop.void(invoice)
        except DomainError:
            assert self.expected.owed[invoice.id] == 0
        else:
            self.expected.withdraw(invoice.id)

    @rule(invoice=invoices, total=AMOUNTS)
    def amend(self, invoice: Invoice, total: int) -> None:
        owed, totals = self.expected.owed, self.expected.totals
        left = owed[invoice.id] + total - totals[invoice.id]
        try:
            self.shop.amend(invoice, usd(total))
        except DomainError:
            assert owed[invoice.id] == 0 or left <= 0
        else:
            totals[invoice.id], owed[invoice.id] = total, left

    # --- paying ------------------------------------------------------------------------------------------------------
    @rule(
        target=payments,
        covered=st.lists(invoices, min_size=1, max_size=3, unique_by=lambda i: i.id),
        method=st.sampled_from([Method.CARD, Method.BANK, Method.NETWORK]),
        part=st.none() | st.integers(1, 100),
    )
    def press(self, covered: list[Invoice], method: Method, part: int | None) -> Any:
        due = {i.id: self.expected.owed[i.id] for i in covered if self.expected.owed[i.id]}
        amount = sum(due.values()) if part is None else max(sum(due.values()) * part // 100, 1)
        wished = None if part is None else usd(amount)
        try:
            payment = self.shop.press(self.shop.link(*map(self.shop.now, covered)), method, amount=wished).payment
        except PaymentInFlight:
            return multiple()
        except DomainError:
            assert not due
            return multiple()
        self.planned[payment.id] = oldest_first(due, amount)
        return payment

    @rule(payment=payments)
    def approve(self, payment: Payment) -> None:
        session = self.shop.bank.confirm(payment.provider_reference or "", *CHOICES[payment.method])
        self.shop.delivery.flush()
        if session.status is Status.SUCCEEDED:
            self.arrives(payment)

    @rule(payment=payments, kind=TOLD)
    def tell(self, payment: Payment, kind: K) -> None:
        self.shop.tell(payment, kind)
        if kind is K.SUCCEEDED:
            self.arrives(payment)

    @precondition(lambda self: self.planned)
    @rule(pause=PAUSES)
    def wait(self, pause: timedelta) -> None:
        self.shop.clock.advance(pause)
        self.shop.work()
        reconcile.resolve_due(self.shop.runtime)

    @rule(target=recorded, covered=st.lists(invoices, min_size=1, max_size=2, unique_by=lambda i: i.id), amount=AMOUNTS)
    def record_cash(self, covered: list[Invoice], amount: int) -> Any:
        due = {i.id: self.expected.owed[i.id] for i in covered if self.expected.owed[i.id]}
        try:
            with self.shop.runtime.write() as ctx:
                payment = offline.record(ctx, covered, usd(amount), Method.CASH, idempotency_key=new_public_id())
        except DomainError:
            assert not due
            return multiple()
        self.expected.arrives(payment.id, amount, oldest_first(due, amount))
        return payment

    @rule(invoice=invoices)
    def apply_credit(self, invoice: Invoice) -> None:
        is_busy = self.shop.is_moving(invoice)
        try:
            with self.shop.runtime.write() as ctx:
                applied = credit.apply(ctx, invoice).minor
        except DomainError:
            assert is_busy or not min(self.expected.credit, self.expected.owed[invoice.id])
        else:
            assert applied == self.expected.apply(invoice.id)

    # --- giving back -------------------------------------------------------------------------------------------------
    @rule(payment=payments, part=st.integers(1, 100))
    def refund(self, payment: Payment, part: int) -> None:
        """At the provider, by the merchant's own hand."""
        amount = self.left(payment) * part // 100
        if amount and payment.id not in self.disputed and payment.id not in self.returned:
            self.shop.tell_refund(payment, f"re_{new_public_id()}", usd(amount))
            self.expected.leaves(payment.id, amount, reopens=False, spares_credit=True)

    @rule(payment=recorded, part=st.integers(1, 100), reopens=st.booleans())
    def refund_cash(self, payment: Payment, part: int, reopens: bool) -> None:
        amount = self.left(payment) * part // 100
        if amount:
            refunds.refund(self.shop.runtime, payment, usd(amount), idempotency_key=new_public_id(), reopens=reopens)
            self.expected.leaves(payment.id, amount, reopens=reopens, spares_credit=True)

    @rule(payment=payments)
    def refund_too_much(self, payment: Payment) -> None:
        wanted = usd(self.left(payment) + 1)
        with pytest.raises(DomainError):
            refunds.refund(self.shop.runtime, self.shop.payment(payment), wanted, idempotency_key=new_public_id())

    @rule(payment=payments)
    def dispute(self, payment: Payment) -> None:
        if self.left(payment) == payment.amount_minor and payment.id not in self.disputed:
            self.disputed[payment.id] = new_public_id()
            self.shop.tell_dispute(payment, self.disputed[payment.id], DisputeStatus.OPEN)

    @rule(payment=payments, end=ENDS)
    def decide(self, payment: Payment, end: DisputeStatus) -> None:
        dispute_id = self.disputed.pop(payment.id, None)
        if dispute_id is not None:
            self.shop.tell_dispute(payment, dispute_id, end)
            if end is DisputeStatus.LOST:
                self.expected.leaves(payment.id, self.left(payment), reopens=True, spares_credit=False)

    @rule(payment=payments)
    def send_back(self, payment: Payment) -> None:
        if payment.id not in self.returned and payment.id not in self.disputed:
            self.shop.tell(payment, K.RETURNED)
            self.returned.add(payment.id)
            self.goes_back(payment)

    # --- what must be true -------------------------------------------------------------------------------------------
    def left(self, payment: Payment) -> int:
        return self.expected.brought[payment.id].all if payment.id in self.expected.brought else 0

    def arrives(self, payment: Payment) -> None:
        if payment.id not in self.expected.brought:
            self.expected.arrives(payment.id, payment.amount_minor, self.planned[payment.id])
            if payment.id in self.returned:
                self.goes_back(payment)

    def goes_back(self, payment: Payment) -> None:
        if self.left(payment):
            self.expected.leaves(payment.id, self.left(payment), reopens=True, spares_credit=False)

    @invariant()
    def the_ledger_is_proven(self) -> None:
        """Now and then, and at the end: what is wrong with entries stays wrong."""
        self.steps += 1
        if self.steps % 10 == 0:
            assert self.shop.discrepancies() == []

    @invariant()
    def every_invoice_asks_for_what_is_owed(self) -> None:
        assert self.shop.balances(self.expected.owed) == self.expected.owed

    @invariant()
    def credit_is_what_no_invoice_took(self) -> None:
        assert self.shop.credit() == usd(self.expected.credit)


def oldest_first(due: dict[int, int], amount: int) -> dict[int, int]:
    shares: dict[int, int] = {}
    for invoice_id in sorted(due):
        shares[invoice_id] = min(due[invoice_id], amount - sum(shares.values()))
    return {invoice_id: share for invoice_id, share in shares.items() if share}


def tell_stories(folder: Path, told: settings) -> None:
    folder.mkdir(exist_ok=True)
    empty = Database(sqlite_url(folder))
    Base.metadata.create_all(empty.engine)
    empty.dispose()
    Paying.folder = folder
    # Most rules need something that an earlier one has made: what Hypothesis drops for that is no fault.
    calm = [hypothesis.HealthCheck.filter_too_much, hypothesis.HealthCheck.too_slow]
    run_state_machine_as_test(Paying, settings=settings(told, stateful_step_count=STEPS, suppress_health_check=calm))


@pytest.mark.fuzz
def test_no_story_breaks_the_ledger(tmp_path: Path) -> None:
    tell_stories(tmp_path, settings(max_examples=max(STORIES, settings().max_examples // 20)))


@pytest.mark.prove
@pytest.mark.parametrize("part", range(20))
def test_no_story_of_a_thousand_breaks_the_ledger(tmp_path: Path, part: int) -> None:
    tell_stories(tmp_path / str(part), settings(max_examples=50, derandomize=False, database=None))
