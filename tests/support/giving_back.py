"""What goes on once money is here, in the same stories: refunds, disputes, returns, one into the other, and whether the
customer still wants to be told."""

from datetime import timedelta
from typing import ClassVar

import hypothesis.strategies as st
import pytest
from hypothesis.stateful import precondition, rule

from models.base import new_public_id
from models.errors import DomainError
from models.gateway import GatewayEventKind
from models.payment import Method, Payment
from models.refund import DisputeStatus
from payments import refunds
from payments.gateways.troubles import Trouble
from tests.support.ground import Ground
from tests.support.paying import NUMBERS, PARTS, Paying
from tests.support.shop import usd

DEBIT_REFUND_TAKES = timedelta(days=2)
ENDS = st.sampled_from([DisputeStatus.WON, DisputeStatus.LOST])
UNANSWERED = st.sampled_from([Trouble.DOWN, Trouble.HANGS, Trouble.REFUNDS_THEN_HANGS, Trouble.FAILS_REFUNDS])


class GivingBack(Paying):
    ground: ClassVar[Ground]

    # --- refunds -----------------------------------------------------------------------------------------------------
    @precondition(lambda self: self.expected.brought)
    @rule(which=NUMBERS, part=PARTS, reopens=st.booleans())
    def refund(self, which: int, part: int, reopens: bool) -> None:
        self.refund_some(self.story.came(which), part, reopens)

    def refund_some(self, payment: Payment, part: int, reopens: bool) -> None:
        """By Till: at the bank, or out of the merchant's own till."""
        amount, key = self.story.left(payment) * part // 100, new_public_id()
        if amount and payment.id not in self.story.disputes:
            self.story.attempts[payment.id].pending[key] = (amount, reopens)
            refunds.refund(
                self.runtime,
                payment,
                usd(amount),
                idempotency_key=key,
                reopens=reopens,
                announce=self.shop.announce,
            )

    @precondition(lambda self: self.expected.brought)
    @rule(which=NUMBERS, part=PARTS, reopens=st.booleans(), trouble=UNANSWERED)
    def refund_without_an_answer(self, which: int, part: int, reopens: bool, trouble: Trouble) -> None:
        """What is on its way back cannot be given back once more."""
        payment = self.story.came(which)
        self.shop.bank.troubles.cause(trouble, 1)
        self.refund_some(payment, part, reopens)
        self.story.hear()
        self.refuse_more(payment)

    @precondition(lambda self: self.expected.brought)
    @rule(which=NUMBERS)
    def refund_too_much(self, which: int) -> None:
        """What is on its way back counts, too."""
        on_the_way = [a.payment for a in self.story.attempts.values() if a.pending]
        self.refuse_more(on_the_way[which % len(on_the_way)] if on_the_way else self.story.came(which))

    @precondition(lambda self: self.story.disputes)
    @rule(which=NUMBERS)
    def refund_what_is_disputed(self, which: int) -> None:
        """Whoever wins it has the money."""
        disputed = sorted(self.story.disputes)
        self.refuse(self.story.attempts[disputed[which % len(disputed)]].payment, 1)

    def refuse_more(self, payment: Payment) -> None:
        self.refuse(payment, self.story.left(payment) + 1)

    def refuse(self, payment: Payment, amount: int) -> None:
        with pytest.raises(DomainError):
            refunds.refund(self.runtime, payment, usd(amount), idempotency_key=new_public_id())

    @rule(payment=Paying.payments, part=PARTS)
    def refund_there(self, payment: Payment, part: int) -> None:
        """At the provider, by the merchant's own hand, before or after the money is known to be there."""
        attempt, reference = self.story.attempts[payment.id], f"re_{new_public_id()}"
        here = payment.id in self.expected.brought
        left = self.story.left(payment) if here else payment.amount_minor - sum(attempt.early)
        amount = left * part // 100
        if amount and payment.id not in self.story.gone:
            attempt.pending[reference] = (amount, False)
            self.shop.tell_refund(payment, reference, usd(amount))
            self.story.hear()
            assert not attempt.pending.get(reference)

    # --- what the customer or their bank takes back ------------------------------------------------------------------
    @rule(payment=Paying.payments)
    def dispute(self, payment: Payment) -> None:
        """Of the whole, whatever has been refunded of it or is on its way back."""
        is_over = payment.id in self.story.disputes or payment.id in self.story.gone
        if not is_over and self.story.left(payment):
            self.story.disputes[payment.id] = new_public_id()
            self.shop.tell_dispute(payment, self.story.disputes[payment.id], DisputeStatus.OPEN)

    @precondition(lambda self: self.story.disputes)
    @rule(which=NUMBERS, end=ENDS)
    def decide(self, which: int, end: DisputeStatus) -> None:
        payment_id = sorted(self.story.disputes)[which % len(self.story.disputes)]
        attempt = self.story.attempts[payment_id]
        if attempt.pending and end is DisputeStatus.LOST:
            return  # banks decide after weeks: the refund is over by then
        reference = self.story.disputes.pop(payment_id)
        self.shop.tell_dispute(attempt.payment, reference, end)
        self.story.hear()
        assert (payment_id in self.story.gone) is (end is DisputeStatus.LOST)

    @rule(payment=Paying.payments)
    def send_back(self, payment: Payment) -> None:
        if self.story.may_go(payment):
            self.story.misled.add(payment.id)
            self.shop.tell(payment, GatewayEventKind.RETURNED)
            self.story.hear()
            assert payment.id in self.story.gone

    @precondition(lambda self: self.expected.brought)
    @rule(which=NUMBERS, is_return=st.booleans())
    def lose(self, which: int, is_return: bool) -> None:
        self.lose_one(self.story.came(which), is_return)

    def lose_one(self, payment: Payment, is_return: bool) -> None:
        if payment.method is not Method.CASH:
            (self.send_back if is_return else self.dispute)(payment)

    @precondition(lambda self: self.expected.brought)
    @rule(which=NUMBERS, part=PARTS, reopens=st.booleans(), is_return=st.booleans(), waits=st.booleans())
    def refund_then_lose(self, which: int, part: int, reopens: bool, is_return: bool, waits: bool) -> None:
        payment = self.story.came(which)
        self.refund_some(payment, part, reopens)
        if waits:
            self.story.wait(DEBIT_REFUND_TAKES)
        self.story.hear()
        self.lose_one(payment, is_return)

    # --- being told --------------------------------------------------------------------------------------------------
    @precondition(lambda self: self.story.has_news)
    @rule()
    def stop_or_start(self) -> None:
        """By text: STOP, and START once it was STOP."""
        self.story.switch_texts()
