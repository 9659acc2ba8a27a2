"""What must be true of invoices and credit after everything that happened: plain numbers, no accounts and no database.
Invoices are numbered in the order of their due dates."""

from collections.abc import Collection
from dataclasses import dataclass, field


def oldest_first(due: dict[int, int], amount: int) -> dict[int, int]:
    """How much of it each takes."""
    shares: dict[int, int] = {}
    for invoice_id in sorted(due):
        shares[invoice_id] = min(due[invoice_id], amount - sum(shares.values()))
    return {invoice_id: share for invoice_id, share in shares.items() if share}


@dataclass
class Brought:
    """What is left of one payment: its share of each invoice, the credit, and the fee on top."""

    shares: dict[int, int]
    credit: int
    fee: int = 0

    @property
    def all(self) -> int:
        return sum(self.shares.values()) + self.credit + self.fee


@dataclass
class Expected:
    """`owed`: what each invoice must still ask for; `credit`: what no invoice took; `applied`: credit put on
    invoices."""

    owed: dict[int, int] = field(default_factory=dict)
    totals: dict[int, int] = field(default_factory=dict)
    void: set[int] = field(default_factory=set)
    brought: dict[int, Brought] = field(default_factory=dict)
    applied: dict[int, int] = field(default_factory=dict)
    credit: int = 0

    @property
    def money(self) -> int:
        """What is here of all that came."""
        return sum(brought.all for brought in self.brought.values())

    def issue(self, invoice_id: int, total: int) -> None:
        self.owed[invoice_id] = self.totals[invoice_id] = total

    def withdraw(self, invoice_id: int) -> None:
        self.owed[invoice_id] = 0
        self.void.add(invoice_id)

    def due(self, invoice_ids: Collection[int]) -> dict[int, int]:
        """Those of them that ask for anything."""
        return {i: self.owed[i] for i in invoice_ids if self.owed[i]}

    def arrives(self, payment_id: int, amount: int, planned: dict[int, int], fee: int = 0) -> None:
        shares = {i: min(share, self.owed[i]) for i, share in planned.items()}
        for invoice_id, share in shares.items():
            self.owed[invoice_id] -= share
        rest = amount - fee - sum(shares.values())
        self.credit += rest
        self.brought[payment_id] = Brought(shares, rest, fee)

    def apply(self, invoice_id: int) -> int:
        """As far as the credit reaches."""
        share = min(self.credit, self.owed[invoice_id])
        self.credit -= share
        self.owed[invoice_id] -= share
        self.applied[invoice_id] = self.applied.get(invoice_id, 0) + share
        return share

    def leaves(self, payment_id: int, amount: int, *, reopens: bool, spares_credit: bool) -> None:
        """The credit first, then the newest invoices, the fee last."""
        brought = self.brought[payment_id]
        wanted = min(amount, brought.credit)
        if not spares_credit:
            self._unapply(wanted - self.credit)
        from_credit = min(wanted, self.credit)
        brought.credit -= from_credit
        self.credit -= from_credit
        left = amount - from_credit
        for invoice_id in sorted(brought.shares, reverse=True):
            share = min(left, brought.shares[invoice_id])
            brought.shares[invoice_id] -= share
            left -= share
            if reopens and invoice_id not in self.void:
                self.owed[invoice_id] += share
        from_fee = min(left, brought.fee)
        brought.fee -= from_fee
        brought.credit -= left - from_fee  # a refund of credit that was spent meanwhile

    def _unapply(self, missing: int) -> None:
        """Credit was spent that never was: what it paid is owed again, the newest first."""
        for invoice_id in sorted(self.applied, reverse=True):
            share = min(max(missing, 0), self.applied[invoice_id])
            self.applied[invoice_id] -= share
            self.credit += share
            missing -= share
            if invoice_id not in self.void:
                self.owed[invoice_id] += share
