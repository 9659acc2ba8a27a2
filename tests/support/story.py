"""One story about money: what was said to Till, what its history says it heard, and what plain numbers make of that.
The numbers follow the history's order; that the history is true and whole is proven beside them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from bot import optouts
from models.customer import Channel
from models.invoice import Invoice
from models.paylink import PayLink
from models.payment import Payment
from payments import reconcile, refunds
from payments.gateways.troubles import Trouble
from tests.support.expected import Expected, oldest_first
from tests.support.ground import Ground
from web.announcing import tell_customer

DAYS = 16
"""Until everything has ended by itself: the longest schedule asks for fifteen (payments/schedule.py)."""
PHONE = "+15550142"
ENDS = ("succeeded", "failed", "cancelled", "returned")


@dataclass
class Attempt:
    """What was begun: minor units, the fee included. `planned` is None for a payment without an invoice."""

    payment: Payment
    planned: dict[int, int] | None
    fee: int = 0
    link: PayLink | None = None
    pending: dict[str, tuple[int, bool]] = field(default_factory=dict)
    """Refunds asked for and not answered, by key: how much, and whether it is owed again."""
    early: list[int] = field(default_factory=list)
    """Refunds heard before the money was."""


class Story:
    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.shop = ground.shop()
        self.shop.tells = tell_customer
        self.thread_id = self.shop.thread(PHONE)
        self.expected = Expected()
        self.attempts: dict[int, Attempt] = {}
        self.holders: dict[int, int] = {}
        self.promised: set[int] = set()
        """Payments of which somebody but the bank has said that the money is there."""
        self.misled: set[int] = set()
        """Those that somebody has called ended: nobody asks again, though the bank may take the money yet."""
        self.disputes: dict[int, str] = {}
        self.gone: set[int] = set()
        self.ended: set[int] = set()
        """Attempts that Till holds for over."""
        self.receipts: list[int] = []
        """Payments of which a text has told that the money is there."""
        self.is_silent = False
        self.spent: set[int] = set()
        self.pays_oldest = False
        self._event = self._posts = self._switched_at = 0

    # --- what is begun -----------------------------------------------------------------------------------------------
    def begun(self, attempt: Attempt) -> bool:
        """False: this attempt is known."""
        payment, known = attempt.payment, self.attempts.get(attempt.payment.id)
        if known is not None:
            assert (known.planned, known.link) == (attempt.planned, attempt.link)
            return False
        self.attempts[payment.id] = attempt
        self.holders |= dict.fromkeys(attempt.planned or (), payment.id)
        return True

    def link(self, covered: Sequence[Invoice]) -> PayLink:
        """By text, every other one in the portal: a newer one by text replaces the older ones."""
        by_text = len(self.shop.opened) % 2 == 0
        return self.shop.link(*covered, conversation_id=self.thread_id if by_text else None)

    def left(self, payment: Payment) -> int:
        """What is here of it, and not on its way back."""
        brought = self.expected.brought.get(payment.id)
        on_the_way = sum(amount for amount, _ in self.attempts[payment.id].pending.values())
        return brought.all - on_the_way if brought else 0

    def came(self, which: int) -> Payment:
        """One whose money has been here, the latest first."""
        came = sorted(self.expected.brought, reverse=True)
        return self.attempts[came[which % len(came)]].payment

    def may_go(self, payment: Payment) -> bool:
        is_disputed = payment.id in self.disputes
        return not (is_disputed or payment.id in self.gone or self.attempts[payment.id].pending)

    def refusal(self, link: PayLink, due: dict[int, int]) -> tuple[str, ...]:
        if not due:
            return ("already_paid", "invoice_void")
        if link.id in self.spent:
            return ("already_paid",)
        if self.ground.rows("SELECT id FROM pay_link WHERE id = :link AND revoked_at IS NOT NULL", link=link.id):
            return ("link_revoked", "link_expired")
        return ("link_expired",) if self.shop.clock.now() >= link.expires_at else ()

    # --- what Till has heard -----------------------------------------------------------------------------------------
    def hear(self) -> bool:
        """Follow the history from where we were. True: there was more."""
        news = self.ground.rows(
            "SELECT e.id, e.payment_id, e.effect FROM payment_event e JOIN payment p ON p.id = e.payment_id"
            " WHERE e.id > :seen AND p.merchant_id = :merchant ORDER BY e.id",
            seen=self._event,
            merchant=self.shop.merchant_id,
        )
        for self._event, payment_id, effect in news:
            self._effect(payment_id, *effect.split(":"))
        self._whatever_was_posted_has_arrived()
        return bool(news)

    def _effect(self, payment_id: int, kind: str, *about: str) -> None:
        if kind == "succeeded":
            assert payment_id not in self.ended - self.misled - self.promised, "the money of a closed attempt came"
        if kind in ENDS:
            self.ended.add(payment_id)
            self.holders = {i: holder for i, holder in self.holders.items() if holder != payment_id}
        if kind == "succeeded":
            self._arrived(payment_id)
        elif kind == "returned":
            self._lost(payment_id)
        elif kind == "refund" and about[1] != "pending":
            self._refunded(payment_id, about[0], is_done=about[1] == "succeeded")
        elif kind == "dispute" and about[1] == "lost":
            self._lost(payment_id)

    def _arrived(self, payment_id: int) -> None:
        attempt, expected = self.attempts[payment_id], self.expected
        assert payment_id not in expected.brought, "the same money came twice"
        assert payment_id in self.promised or self._captures(attempt.payment) == 1, "nobody has said so"
        amount, fee = attempt.payment.amount_minor, attempt.fee
        planned = self._oldest(amount - fee) if attempt.planned is None else attempt.planned
        expected.arrives(payment_id, amount, planned, fee)
        self._is_told(attempt)
        if attempt.link is not None and not expected.due(self.behind(attempt.link)):
            self.spent.add(attempt.link.id)
        takers = [(early, False) for early in attempt.early]
        if payment_id in self.gone:
            takers.append((amount - sum(attempt.early), True))
        for taken, reopens in sorted(takers, key=lambda taker: taker[0]):
            expected.leaves(payment_id, taken, reopens=reopens, spares_credit=not reopens)

    def _is_told(self, attempt: Attempt) -> None:
        """In the thread of its link, of money that is not gone again at once."""
        is_here = attempt.payment.id not in self.gone and sum(attempt.early) < attempt.payment.amount_minor
        if is_here and attempt.link is not None and attempt.link.conversation_id and not self.is_silent:
            self.receipts.append(attempt.payment.id)

    def _oldest(self, amount: int) -> dict[int, int]:
        """Where money without an invoice lands: nowhere that an attempt holds."""
        free = [i for i in self.expected.owed if i not in self.holders]
        return oldest_first(self.expected.due(free), amount) if self.pays_oldest else {}

    def _lost(self, payment_id: int) -> None:
        self.gone.add(payment_id)
        self.disputes.pop(payment_id, None)
        if payment_id in self.expected.brought:
            left = self.expected.brought[payment_id].all
            self.expected.leaves(payment_id, left, reopens=True, spares_credit=False)

    def _refunded(self, payment_id: int, reference: str, *, is_done: bool) -> None:
        attempt = self.attempts[payment_id]
        which = "SELECT key FROM refund WHERE payment_id = :payment AND provider_reference = :reference"
        (key,) = self.ground.rows(which, payment=payment_id, reference=reference)[0]
        amount, reopens = attempt.pending.pop(key)
        if is_done and payment_id in self.expected.brought:
            self.expected.leaves(payment_id, amount, reopens=reopens, spares_credit=True)
        elif is_done:
            attempt.early.append(amount)

    def _whatever_was_posted_has_arrived(self) -> None:
        by_reference = {a.payment.public_id: a.payment.id for a in self.attempts.values()}
        posted, self._posts = self.shop.posted[self._posts :], len(self.shop.posted)
        for event in (json.loads(request.body) for request in posted):
            if event["type"] == "payment.succeeded":
                assert by_reference[event["payment"]["reference"]] in self.expected.brought

    def _captures(self, payment: Payment) -> int:
        query = "SELECT count(*) FROM bank_capture WHERE reference = :reference"
        return int(self.ground.bank_rows(query, reference=payment.public_id)[0][0])

    def behind(self, link: PayLink) -> list[int]:
        query = "SELECT invoice_id FROM pay_link_invoice WHERE pay_link_id = :link"
        return [invoice_id for (invoice_id,) in self.ground.rows(query, link=link.id)]

    def is_moving(self, invoice: Invoice) -> bool:
        """Money for it may be on its way."""
        query = (
            "SELECT p.id FROM allocation a JOIN payment p ON p.id = a.payment_id"
            " WHERE a.invoice_id = :invoice AND a.is_open AND p.status <> 'submitted'"
        )
        return bool(self.ground.rows(query, invoice=invoice.id))

    @property
    def has_news(self) -> bool:
        """Anything happened since the texts were switched on or off."""
        return self._event > self._switched_at

    def switch_texts(self) -> None:
        self._switched_at = self._event
        self.is_silent = not self.is_silent
        turn = optouts.opt_out if self.is_silent else optouts.opt_in
        with self.shop.runtime.write() as ctx:
            turn(ctx, self.shop.merchant_id, Channel.SMS, PHONE, source="keyword")

    # --- what must be true -------------------------------------------------------------------------------------------
    def check(self) -> None:
        """After each step, of what it may have touched: the merchant's few rows and the newest entries."""
        whose = {"merchant": self.shop.merchant_id}
        rows = self.ground.rows
        assert dict(rows("SELECT id, balance_minor FROM invoice WHERE merchant_id = :merchant", **whose)) == (
            self.expected.owed
        )
        entries = rows(
            "SELECT id, journal, account, invoice_id, amount_minor FROM ledger_entry WHERE merchant_id = :merchant",
            **whose,
        )
        sums: dict[object, int] = {}
        for _, journal, account, invoice_id, amount in entries:
            for key in (journal, account, (account, invoice_id)):
                sums[key] = sums.get(key, 0) + amount
        assert not any(sums[entry[1]] for entry in entries), "a journal that does not add up"
        assert {i: sums.get(("receivable", i), 0) for i in self.expected.owed} == self.expected.owed
        assert -sums.get("credit", 0) == self.expected.credit
        assert sum(sums.get(a, 0) for a in ("clearing", "cash", "disputed")) == self.expected.money
        assert -sums.get("fees", 0) == sum(brought.fee for brought in self.expected.brought.values())
        held = rows(
            "SELECT a.invoice_id, a.payment_id FROM allocation a JOIN payment p ON p.id = a.payment_id"
            " WHERE a.is_open AND p.merchant_id = :merchant",
            **whose,
        )
        assert dict(held) == self.holders
        texts = rows("SELECT payment_id, status, kind FROM message WHERE merchant_id = :merchant", **whose)
        assert sorted(payment_id for payment_id, _, kind in texts if kind == "receipt") == sorted(self.receipts), (
            "receipts"
        )
        assert not (self.is_silent and any(status == "queued" for _, status, _ in texts))

    def changed(self, invoice: Invoice) -> None:
        """Another amount is owed now: with the bank in reach, nobody can confirm the old one."""
        if Trouble.DOWN in self.shop.bank.troubles.going_on():
            return
        unconfirmed = (
            "SELECT p.public_id FROM allocation a JOIN payment p ON p.id = a.payment_id"
            " WHERE a.invoice_id = :invoice AND a.is_open AND p.status = 'submitted'"
        )
        waiting = self.ground.rows(unconfirmed, invoice=invoice.id)
        self.shop.work()
        assert not self.ground.rows(unconfirmed, invoice=invoice.id)
        for (reference,) in waiting:
            still_open = "SELECT id FROM bank_session WHERE reference = :reference AND status = 'open'"
            assert not self.ground.bank_rows(still_open, reference=reference)

    def wait(self, pause: timedelta) -> None:
        """Time at the bank and at Till: debits settle, events come, jobs and the janitor run."""
        self.shop.clock.advance(pause)
        self.shop.bank.settle_due()
        self.shop.delivery.flush()
        self.shop.work()
        reconcile.resolve_due(self.shop.runtime, self.shop.announce)
        refunds.resolve_due(self.shop.runtime, self.shop.announce)

    def end(self) -> None:
        """With the bank in order, everything ends; then what really moved is what was booked, and all of it is proven
        as `ledger verify` does."""
        for trouble in self.shop.bank.troubles.going_on():
            self.shop.bank.troubles.end(trouble)
        for _ in range(DAYS):
            self.wait(timedelta(days=1))
            if not self._going_on():
                break
        assert not self._going_on()
        self.hear()
        self.check()
        captured = {i for i, attempt in self.attempts.items() if self._captures(attempt.payment)}
        here = self.expected.brought.keys()
        assert here <= captured | self.promised
        assert (captured | self.promised) - here <= self.misled - self.promised
        assert not any(attempt.pending for attempt in self.attempts.values())
        assert self.shop.credit().minor == self.expected.credit
        assert self.shop.discrepancies() == []

    def _going_on(self) -> int:
        """How much is still to come: attempts, refunds, events."""
        open_ones = (
            "SELECT (SELECT count(*) FROM payment WHERE merchant_id = :merchant"
            " AND status IN ('created', 'submitted', 'verifying', 'processing', 'unknown'))"
            " + (SELECT count(*) FROM refund WHERE merchant_id = :merchant AND status = 'pending')"
        )
        at_the_bank = "SELECT count(*) FROM bank_event WHERE next_at IS NOT NULL"
        here = self.ground.rows(open_ones, merchant=self.shop.merchant_id)[0][0]
        return int(here + self.ground.bank_rows(at_the_bank)[0][0])
