"""Everything that can happen to invoices and payments, in any order that Hypothesis thinks of, against a model of plain
dictionaries. The ledger is proven after every step."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

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
from models.invoice import Invoice
from models.payment import Method, Payment
from models.ports import GatewayEventKind
from payments import reconcile
from payments.begin import PaymentInFlight
from payments.gateways.bank import Status
from tests.support.databases import sqlite_url
from tests.support.shop import Shop, usd

K = GatewayEventKind
TOLD = st.sampled_from([K.PROCESSING, K.SUCCEEDED, K.FAILED, K.CANCELLED])
AMOUNTS = st.integers(1, 10_000)
PAUSES = st.sampled_from([timedelta(minutes=1), timedelta(minutes=6), timedelta(minutes=40), timedelta(days=2)])


class Paying(RuleBasedStateMachine):
    """`owed`: what each invoice must still ask for; `brought`: what each payment gave to whom; `credit`: the rest."""

    folder: ClassVar[Path]
    invoices: Bundle[Invoice] = Bundle("invoices")
    payments: Bundle[Payment] = Bundle("payments")

    def __init__(self) -> None:
        super().__init__()
        path = self.folder / f"{new_public_id()}.db"
        shutil.copy(self.folder / "till.db", path)
        self.shop = Shop(Database(f"sqlite:///{path}"), self.folder)
        self.totals: dict[int, int] = {}
        self.owed: dict[int, int] = {}
        self.void: set[int] = set()
        self.planned: dict[int, dict[int, int]] = {}
        self.brought: dict[int, tuple[dict[int, int], int]] = {}
        self.returned: set[int] = set()
        self.credit = 0

    def teardown(self) -> None:
        self.shop.database.dispose()
        self.shop.bank.database.dispose()

    # --- what happens ------------------------------------------------------------------------------------------------
    @rule(target=invoices, amount=AMOUNTS)
    def issue(self, amount: int) -> Invoice:
        invoice = self.shop.invoice(amount)
        self.totals[invoice.id] = self.owed[invoice.id] = amount
        return invoice

    @rule(invoice=invoices)
    def void_one(self, invoice: Invoice) -> None:
        try:
            self.shop.void(invoice)
        except DomainError:
            assert self.owed[invoice.id] == 0
            return
        self.owed[invoice.id] = 0
        self.void.add(invoice.id)

    @rule(invoice=invoices, total=AMOUNTS)
    def amend(self, invoice: Invoice, total: int) -> None:
        left = self.owed[invoice.id] + total - self.totals[invoice.id]
        try:
            self.shop.amend(invoice, usd(total))
        except DomainError:
            assert self.owed[invoice.id] == 0 or left <= 0
            return
        self.totals[invoice.id], self.owed[invoice.id] = total, left

    @rule(
        target=payments,
        covered=st.lists(invoices, min_size=1, max_size=3, unique_by=lambda i: i.id),
        method=st.sampled_from(Method),
    )
    def press(self, covered: list[Invoice], method: Method) -> Any:
        due = {i.id: self.owed[i.id] for i in covered if self.owed[i.id]}
        try:
            payment = self.shop.press(self.shop.link(*map(self.shop.now, covered)), method).payment
        except PaymentInFlight:
            return multiple()
        except DomainError:
            assert not due
            return multiple()
        self.planned[payment.id] = due
        return payment

    @rule(payment=payments)
    def approve(self, payment: Payment) -> None:
        choice = {Method.BANK: ("checking", "first-harbor"), Method.CARD: ("visa", None)}
        session = self.shop.bank.confirm(
            payment.provider_reference or "", *choice.get(payment.method, ("everyday", None))
        )
        self.shop.delivery.flush()
        if session.status is Status.SUCCEEDED:
            self.arrives(payment)

    @rule(payment=payments, kind=TOLD)
    def tell(self, payment: Payment, kind: K) -> None:
        self.shop.tell(payment, kind)
        if kind is K.SUCCEEDED:
            self.arrives(payment)

    @rule(payment=payments)
    def send_back(self, payment: Payment) -> None:
        self.shop.tell(payment, K.RETURNED)
        if payment.id not in self.returned:
            self.returned.add(payment.id)
            self.goes_back(payment)

    @precondition(lambda self: self.planned)
    @rule(pause=PAUSES)
    def wait(self, pause: timedelta) -> None:
        self.shop.clock.advance(pause)
        reconcile.resolve_due(self.shop.runtime)

    # --- what must be true -------------------------------------------------------------------------------------------
    def arrives(self, payment: Payment) -> None:
        if payment.id in self.brought:
            return
        shares = {i: min(share, self.owed[i]) for i, share in self.planned[payment.id].items()}
        for invoice_id, share in shares.items():
            self.owed[invoice_id] -= share
        rest = payment.amount_minor - sum(shares.values())
        self.credit += rest
        self.brought[payment.id] = shares, rest
        if payment.id in self.returned:
            self.goes_back(payment)

    def goes_back(self, payment: Payment) -> None:
        shares, rest = self.brought.get(payment.id, ({}, 0))
        for invoice_id, share in shares.items():
            self.owed[invoice_id] += 0 if invoice_id in self.void else share
        self.credit -= rest

    @invariant()
    def the_ledger_is_proven(self) -> None:
        assert self.shop.discrepancies() == []

    @invariant()
    def every_invoice_asks_for_what_is_owed(self) -> None:
        assert {i: self.shop.balance(i) for i in self.owed} == self.owed

    @invariant()
    def credit_is_what_no_invoice_took(self) -> None:
        assert self.shop.credit() == usd(self.credit)


@pytest.mark.fuzz
def test_no_story_breaks_the_ledger(tmp_path: Path) -> None:
    empty = Database(sqlite_url(tmp_path))
    Base.metadata.create_all(empty.engine)
    empty.dispose()
    Paying.folder = tmp_path
    stories = max(20, settings().max_examples // 20)

    run_state_machine_as_test(Paying, settings=settings(max_examples=stories, stateful_step_count=40))
