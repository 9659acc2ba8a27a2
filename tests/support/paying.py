"""Everything that can happen to invoices until they are paid, for Hypothesis to put in any order. Only says things to
Till and the bank; what must be true of it is in tests/support/story.py."""

import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

import hypothesis.strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from models.base import new_public_id
from models.errors import DomainError
from models.gateway import GatewayEventKind
from models.invoice import Invoice
from models.merchant import CustomLanding, FeePayer
from models.paylink import PayLink
from models.payment import Method, Payment
from payments import credit, custom, offline
from payments.begin import PaymentInFlight
from payments.gateways.troubles import Trouble
from tests.support.expected import oldest_first
from tests.support.ground import Ground
from tests.support.shop import usd
from tests.support.story import Attempt, Story

K = GatewayEventKind
TOLD = st.sampled_from([K.PROCESSING, K.SUCCEEDED, K.FAILED, K.CANCELLED])
AMOUNTS = st.integers(1, 10_000)
PARTS = st.integers(1, 99) | st.just(100)
NUMBERS = st.integers(0, 99)
ONLINE = st.sampled_from([Method.CARD, Method.BANK, Method.NETWORK])
PAUSES = st.sampled_from([timedelta(minutes=1), timedelta(minutes=6), timedelta(minutes=40), timedelta(days=2)])
CHOICES: dict[Method, list[tuple[str, str | None]]] = {
    Method.CARD: [("visa", None), ("declined", None), ("challenge", None), ("late", None), ("silent", None)],
    Method.BANK: [("checking", "first-harbor"), ("savings", "first-harbor"), ("closed", "pinewood")],
    Method.NETWORK: [("everyday", None), ("empty", None)],
}
BASIS_POINTS = 290
DEBIT_TAKES = timedelta(days=3)
GIVES_WAY = timedelta(minutes=6)


class Paying(RuleBasedStateMachine):
    ground: ClassVar[Ground]
    invoices: Bundle[Invoice] = Bundle("invoices")
    payments: Bundle[Payment] = Bundle("payments")
    recorded: Bundle[Payment] = Bundle("recorded")
    some = st.lists(invoices, min_size=1, max_size=3, unique=True)

    def __init__(self) -> None:
        super().__init__()
        self.story = Story(self.ground)
        self.shop, self.runtime, self.expected = self.story.shop, self.story.shop.runtime, self.story.expected
        self.takes_fees = False
        self.papers: dict[int, Invoice] = {}

    def teardown(self) -> None:
        if sys.exc_info()[0] is None:
            self.story.end()

    @invariant()
    def the_books_are_what_plain_numbers_say(self) -> None:
        self.story.hear()
        self.story.check()

    # --- papers ------------------------------------------------------------------------------------------------------
    @initialize(
        target=invoices, amounts=st.lists(AMOUNTS, min_size=2, max_size=4), fees=st.booleans(), oldest=st.booleans()
    )
    def open_shop(self, amounts: list[int], fees: bool, oldest: bool) -> Any:
        self.takes_fees, self.story.pays_oldest = fees, oldest
        self.shop.allow(
            allows_partial=True,
            allows_custom=True,
            custom_landing=CustomLanding.OLDEST_INVOICE if oldest else CustomLanding.UNAPPLIED_CREDIT,
            fee_payer=FeePayer.CUSTOMER if fees else FeePayer.MERCHANT,
            fee_basis_points=BASIS_POINTS,
        )
        return multiple(*map(self.issue_one, amounts))

    @rule(target=invoices, amount=AMOUNTS)
    def issue(self, amount: int) -> Invoice:
        return self.issue_one(amount)

    def issue_one(self, amount: int) -> Invoice:
        invoice = self.shop.invoice(amount)
        self.expected.issue(invoice.id, amount)
        self.papers[invoice.id] = invoice
        return invoice

    @rule(invoice=invoices)
    def void(self, invoice: Invoice) -> None:
        self.void_one(invoice)

    def void_one(self, invoice: Invoice) -> None:
        try:
            self.shop.void(invoice)
        except DomainError:
            assert self.expected.owed[invoice.id] == 0
        else:
            self.expected.withdraw(invoice.id)

    @rule(invoice=invoices, total=AMOUNTS)
    def amend(self, invoice: Invoice, total: int) -> None:
        self.amend_one(invoice, total)

    def amend_one(self, invoice: Invoice, total: int) -> None:
        owed, totals = self.expected.owed, self.expected.totals
        left = owed[invoice.id] + total - totals[invoice.id]
        try:
            self.shop.amend(invoice, usd(total))
        except DomainError:
            assert owed[invoice.id] == 0 or left <= 0
        else:
            totals[invoice.id], owed[invoice.id] = total, left

    # --- paying ------------------------------------------------------------------------------------------------------
    def owing(self, covered: Sequence[Invoice]) -> Sequence[Invoice]:
        """Those, or others where they ask for nothing: pressing for what is paid is left to `press_again`."""
        if self.expected.due([i.id for i in covered]):
            return covered
        return [self.papers[i] for i in self.expected.due(self.papers)][-len(covered) :] or covered

    @rule(target=payments, covered=some, method=ONLINE, part=st.none() | PARTS)
    def press(self, covered: list[Invoice], method: Method, part: int | None) -> Any:
        return self.press_for(self.owing(covered), method, part)

    @rule(target=payments, covered=some, method=ONLINE, part=st.none() | PARTS, settles=st.booleans())
    def pay(self, covered: list[Invoice], method: Method, part: int | None, settles: bool) -> Any:
        """Pressed and approved at once; a debit may have its days."""
        begun = self.press_for(self.owing(covered), method, part)
        if isinstance(begun, Payment):
            self.approve_with(begun, 0, posts=True)
            if settles and method is Method.BANK:
                self.story.wait(DEBIT_TAKES)
        return begun

    @rule(target=payments, covered=some, first=ONLINE, second=ONLINE)
    def pay_in_two_tabs(self, covered: list[Invoice], first: Method, second: Method) -> Any:
        """The older one first, when the newer has had time to take its place."""
        tabs = []
        for method in (first, second):
            tabs.append(self.press_for(self.owing(covered), method, None))
            self.shop.clock.advance(GIVES_WAY)
        begun = [tab for tab in tabs if isinstance(tab, Payment)]
        for payment in begun:
            self.approve_with(payment, 0, posts=True)
        return multiple(*begun)

    @rule(target=payments, covered=some, method=ONLINE, which=NUMBERS, total=st.none() | AMOUNTS)
    def change_what_is_being_paid(self, covered: list[Invoice], method: Method, which: int, total: int | None) -> Any:
        """Nobody can confirm the old amount any more."""
        begun = self.press_for(self.owing(covered), method, None)
        held = sorted(self.story.holders)
        if held:
            invoice = self.papers[held[which % len(held)]]
            owed = self.expected.owed[invoice.id]
            self.shop.clock.advance(timedelta(seconds=1))  # one closing a second is enough for an attempt
            self.void_one(invoice) if total is None else self.amend_one(invoice, total)
            if self.expected.owed[invoice.id] != owed:
                self.story.changed(invoice)
        return begun

    def press_for(self, covered: Sequence[Invoice], method: Method, part: int | None) -> Any:
        due = self.expected.due([i.id for i in covered])
        amount = sum(due.values()) if part is None else max(sum(due.values()) * part // 100, 1)
        wish = {} if part is None else {"amount": usd(amount)}
        return self.begin(self.story.link(covered), method, due, oldest_first(due, amount), wish)

    @rule(target=payments, covered=some, method=ONLINE, part=PARTS)
    def press_for_some_of_each(self, covered: list[Invoice], method: Method, part: int) -> Any:
        covered = list(self.owing(covered))
        due = self.expected.due([i.id for i in covered])
        shares = {i: max(owed * part // 100, 1) for i, owed in due.items()}
        wish = {"named": {i.public_id: usd(shares[i.id]) for i in covered if i.id in shares}}
        return self.begin(self.story.link(covered), method, due, shares, wish)

    @rule(target=payments, payment=payments, method=ONLINE)
    def press_again(self, payment: Payment, method: Method) -> Any:
        """Behind the same link, at once or days later."""
        link = self.story.attempts[payment.id].link
        if link is None:
            return multiple()
        due = self.expected.due(self.story.behind(link))
        return self.begin(link, method, due, due, {})

    def begin(self, link: PayLink, method: Method, due: dict[int, int], shares: dict[int, int], wish: Any) -> Any:
        fee = self.fee(method, sum(shares.values()))
        why_not = self.story.refusal(link, due)
        try:
            begun = self.shop.press(link, method, total=usd(sum(due.values())), shown_fee=usd(fee), **wish)
        except PaymentInFlight:
            # One that has been paid otherwise meanwhile counts as well: its money is on the way.
            assert self.story.holders.keys() & set(self.story.behind(link))
            return multiple()
        except DomainError as refused:
            # Whoever makes room for this press may find that the money has come.
            if refused.code in why_not or self.story.hear():
                return multiple()
            raise
        assert not why_not
        assert begun.payment.amount_minor == sum(shares.values()) + fee
        is_new = self.story.begun(Attempt(begun.payment, shares, fee, link))
        return begun.payment if is_new else multiple()

    def fee(self, method: Method, amount: int) -> int:
        charged = self.takes_fees and method is Method.CARD
        return (amount * BASIS_POINTS + 5_000) // 10_000 if charged else 0

    @rule(target=payments, method=ONLINE, amount=AMOUNTS)
    def pay_without_invoice(self, method: Method, amount: int) -> Payment:
        fee = self.fee(method, amount)
        wish = custom.Wish(
            self.shop.alice_id, method, usd(amount), "Deposit", "Alice", "https://till.example/m/acme", usd(fee)
        )
        begun = custom.begin(self.runtime, wish, idempotency_key=new_public_id())
        assert self.story.begun(Attempt(begun.payment, None, fee))
        return begun.payment

    @rule(payment=payments, choice=st.integers(0, 4), posts=st.booleans())
    def approve(self, payment: Payment, choice: int, posts: bool) -> None:
        """On the bank's page, if its address ever came; the event arrives at once, or with others later."""
        self.approve_with(payment, choice, posts)

    def approve_with(self, payment: Payment, choice: int, posts: bool) -> None:
        if payment.provider_reference is not None:
            choices = CHOICES[payment.method]
            self.shop.bank.confirm(payment.provider_reference, *choices[choice % len(choices)])
            if posts:
                self.shop.delivery.flush()

    @rule(payment=payments, kind=TOLD)
    def tell(self, payment: Payment, kind: K) -> None:
        if kind is K.PROCESSING and payment.provider_reference is None:
            return  # that the bank would have to know of, and would end
        if kind is not K.PROCESSING:
            (self.story.promised if kind is K.SUCCEEDED else self.story.misled).add(payment.id)
        self.shop.tell(payment, kind)
        self.story.hear()
        assert kind is not K.SUCCEEDED or payment.id in self.expected.brought

    @precondition(lambda self: self.shop.posted)
    @rule(which=st.integers(0, 99))
    def post_again(self, which: int) -> None:
        """A webhook of any age, once more."""
        posted = self.shop.posted[which % len(self.shop.posted)]
        assert self.shop.receive(posted.url, posted.headers, posted.body) in (204, 403)
        self.shop.posted.pop()
        assert not self.story.hear()

    @precondition(lambda self: self.story.attempts)
    @rule(pause=PAUSES)
    def wait(self, pause: timedelta) -> None:
        self.story.wait(pause)

    @rule(trouble=st.sampled_from(Trouble))
    def upset_the_bank(self, trouble: Trouble) -> None:
        self.shop.bank.troubles.cause(trouble, 1)

    @rule(target=recorded, covered=some, amount=AMOUNTS)
    def record_cash(self, covered: list[Invoice], amount: int) -> Any:
        due = self.expected.due([i.id for i in covered])
        try:
            with self.runtime.write() as ctx:
                payment = offline.record(ctx, covered, usd(amount), Method.CASH, idempotency_key=new_public_id())
        except DomainError:
            assert not due
            return multiple()
        held = dict(self.story.holders)
        self.story.begun(Attempt(payment, oldest_first(due, amount)))
        self.story.holders = held  # what is being paid online stays so until that is closed
        self.story.promised.add(payment.id)
        return payment

    @precondition(lambda self: self.expected.credit)
    @rule(invoice=invoices)
    def apply_credit(self, invoice: Invoice) -> None:
        invoice = self.owing([invoice])[0]
        is_busy = self.story.is_moving(invoice)
        try:
            with self.runtime.write() as ctx:
                applied = credit.apply(ctx, invoice).minor
        except DomainError:
            assert is_busy or not min(self.expected.credit, self.expected.owed[invoice.id])
        else:
            assert applied == self.expected.apply(invoice.id)
