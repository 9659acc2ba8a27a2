"""What refunds, disputes and returns do to the books. Never more than the payment brought: a refund comes first, a
dispute takes what is left. Each call brings the books to what the facts say, whatever order they came in."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from models.context import Context
from models.invoice import Invoice
from models.ledger import Account
from models.money import Money
from models.payment import Payment, PaymentEvent
from models.refund import Dispute, DisputeKind, DisputeStatus, Refund, RefundStatus
from payments import credit, ledger
from payments.ledger import Line

ARRIVED = "succeeded:"
"""How the history's effect of an arrival begins; amount and currency follow."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that was heard of a payment's money, in its own currency. What is booked for it stands with each fact."""

    captured: int
    refunds: Sequence[Refund]
    disputes: Sequence[Dispute]

    @property
    def refunded(self) -> int:
        """What went back to its customer, and arrived there."""
        return sum(refund.booked_minor for refund in self.refunds)

    @property
    def is_gone(self) -> bool:
        """All that it brought was lost to returns and disputes, or a return came before any of it."""
        lost = [one for one in self.disputes if one.status is DisputeStatus.LOST]
        kept = self.captured - sum(one.taken_minor for one in lost) - self.refunded
        is_return = any(one.kind is DisputeKind.RETURN for one in lost)
        return bool(lost) and (kept <= 0 or is_return)

    @property
    def is_refunded(self) -> bool:
        return 0 < self.captured <= self.refunded

    @property
    def is_disputed(self) -> bool:
        return any(one.status is DisputeStatus.OPEN for one in self.disputes)


def facts_of(ctx: Context, payment: Payment) -> Facts:
    disputes = sa.select(Dispute).where(Dispute.payment_id == payment.id).order_by(Dispute.id)
    return Facts(captured(ctx, payment), _refunds_of(ctx, payment), ctx.session.scalars(disputes).all())


def _refunds_of(ctx: Context, payment: Payment) -> Sequence[Refund]:
    return ctx.session.scalars(sa.select(Refund).where(Refund.payment_id == payment.id).order_by(Refund.id)).all()


def captured(ctx: Context, payment: Payment) -> int:
    """What it has brought in its own currency, in all."""
    arrived = PaymentEvent.effect.like(f"{ARRIVED}%:{payment.currency}")
    effects = ctx.session.scalars(sa.select(PaymentEvent.effect).where(PaymentEvent.payment_id == payment.id, arrived))
    return sum(int(effect.split(":")[1]) for effect in effects)


def rebook(ctx: Context, payment: Payment, facts: Facts, held: Collection[Invoice]) -> Money:
    """Call after a fact has changed, with the payment and all its invoices locked. Returns how much more was taken at
    the provider than the payment had brought."""
    left = brought = facts.captured
    wanted: list[tuple[Refund | Dispute, int]] = []
    taken: list[Refund | Dispute] = [*facts.refunds, *facts.disputes]
    for one in taken:
        amount = min(one.amount_minor, left) if _counts(one) else 0
        left -= amount
        wanted.append((one, amount))
    books = _Books(ctx, payment, held)
    for one, amount in sorted(wanted, key=lambda each: each[1] - _booked(each[0])):  # give back before taking anew
        books.bring(one, amount)
    asked = sum(one.amount_minor for one in taken if _counts(one))
    return Money(max(asked - brought, 0) if brought else 0, payment.currency)


def _counts(one: Refund | Dispute) -> bool:
    return one.status in (RefundStatus.SUCCEEDED, DisputeStatus.OPEN, DisputeStatus.LOST)


def _booked(one: Refund | Dispute) -> int:
    return one.booked_minor if isinstance(one, Refund) else one.withheld_minor + one.taken_minor


class _Books:
    """One payment's side of the ledger."""

    def __init__(self, ctx: Context, payment: Payment, held: Collection[Invoice]) -> None:
        self._ctx = ctx
        self._payment = payment
        self._invoices = {invoice.id: invoice for invoice in held}
        self._money = ledger.held_in(payment)

    def bring(self, one: Refund | Dispute, amount: int) -> None:
        """To this amount, from whatever is booked for it."""
        if isinstance(one, Refund):
            self._move(amount - one.booked_minor, reopens=one.reopens, spares_credit=True)
            one.booked_minor = amount
            return
        is_open = one.status is DisputeStatus.OPEN
        withheld, taken = (amount, 0) if is_open else (0, amount)
        self._withhold(withheld - one.withheld_minor)
        self._move(taken - one.taken_minor, reopens=True, spares_credit=False)
        one.withheld_minor, one.taken_minor = withheld, taken

    def _withhold(self, amount: int) -> None:
        self._post([Line(self._money, -amount), Line(Account.DISPUTED, amount)])

    def _move(self, amount: int, *, reopens: bool, spares_credit: bool) -> None:
        if amount > 0:
            self._take(amount, reopens=reopens, spares_credit=spares_credit)
        elif amount < 0:
            self._give(-amount)

    def _take(self, amount: int, *, reopens: bool, spares_credit: bool) -> None:
        """First the credit that it left, then its invoices, the newest first, the fee last. Credit that was spent
        meanwhile: a refund spares it, anything else takes back what it paid."""
        net, left, lines = ledger.booked(self._ctx.session, self._payment), amount, [Line(self._money, -amount)]
        brought = -net.get((Account.CREDIT, None), 0)
        from_credit = min(left, brought, self._credit(min(left, brought), spares_credit))
        lines.append(Line(Account.CREDIT, from_credit))
        left -= from_credit
        for invoice_id, paid in self._paid(net):
            share = min(left, paid)
            lines.append(Line(Account.RECEIVABLE if reopens else Account.REFUNDED, share, invoice_id))
            left -= share
        fee = min(left, -net.get((Account.FEES, None), 0))
        lines += [Line(Account.FEES, fee), Line(Account.REFUNDED, left - fee)]
        self._post(lines)
        if reopens:
            self._reopen(lines)

    def _credit(self, wanted: int, spares_credit: bool) -> int:
        """How much of it can be had of the customer's credit."""
        if not wanted:
            return 0
        credit.lock(self._ctx.session, self._payment.customer_id)
        there = ledger.credit(self._ctx.session, self._payment.customer_id, self._payment.currency).minor
        if there < wanted and not spares_credit:
            there += credit.take_off(self._ctx, self._payment, wanted - there)
        return there

    def _paid(self, net: dict[tuple[Account, int | None], int]) -> list[tuple[int, int]]:
        """What it still pays of each invoice, the newest first."""
        paid: dict[int, int] = {}
        for (account, invoice_id), amount in net.items():
            if invoice_id is not None and account in (Account.RECEIVABLE, Account.REFUNDED):
                paid[invoice_id] = paid.get(invoice_id, 0) - amount
        newest = sorted(paid, key=lambda i: (self._invoices[i].due_on, i), reverse=True)
        return [(invoice_id, paid[invoice_id]) for invoice_id in newest if paid[invoice_id] > 0]

    def _reopen(self, lines: Sequence[Line]) -> None:
        for line in lines:
            if line.account is Account.RECEIVABLE and line.invoice_id is not None and line.amount_minor:
                ledger.reopen(self._ctx, self._invoices[line.invoice_id], line.amount_minor)

    def _give(self, amount: int) -> None:
        """The money is here after all: what was only given away first, then what was reopened and is owed still. What
        no invoice takes any more is the customer's credit."""
        net, left, lines = ledger.booked(self._ctx.session, self._payment), amount, [Line(self._money, amount)]
        for (account, invoice_id), given in net.items():
            if account is Account.REFUNDED and given > 0:
                lines.append(Line(account, -min(left, given), invoice_id))
                left -= min(left, given)
        for invoice_id, taken in self._reopened(net):
            invoice = self._invoices[invoice_id]
            share = min(left, taken, invoice.balance_minor) if invoice.is_payable else 0
            if share:
                invoice.balance_minor -= share
                ledger.mark_paid(self._ctx, invoice)
            lines.append(Line(Account.RECEIVABLE, -share, invoice_id))
            left -= share
        lines.append(Line(Account.CREDIT, -left))
        self._post(lines)

    def _reopened(self, net: dict[tuple[Account, int | None], int]) -> list[tuple[int, int]]:
        """What it had paid of each invoice and pays no more."""
        capture = ledger.capture_of(self._ctx.session, self._payment)
        shares = {invoice.id: share.minor for invoice, share in capture.shares} if capture else {}
        return [(i, share + net.get((Account.RECEIVABLE, i), 0)) for i, share in shares.items()]

    def _post(self, lines: Sequence[Line]) -> None:
        if any(line.amount_minor for line in lines):
            ledger.post(self._ctx, self._payment, self._payment.currency, lines)


def refunded(ctx: Context, payment: Payment) -> Money:
    """What went back to its customer, and arrived there."""
    return Money(sum(refund.booked_minor for refund in _refunds_of(ctx, payment)), payment.currency)
