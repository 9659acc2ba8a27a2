"""One invoice and everything that goes with it, as table rows: its payment, its allocation, its history, and the ledger
lines that payments/ledger.py would have written. Touches no database; payments.audit proves every line of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from random import Random  # noqa: TID251 - repeatable is the point
from typing import Any

from models.invoice import InvoiceStatus
from models.ledger import Account
from models.merchant import Mode
from models.payment import Method, PaymentStatus
from payments.schedule import CHECKS
from web.seeding.cast import Kind, PaperCard

Row = dict[str, Any]

STATUSES: dict[Kind, InvoiceStatus] = {
    Kind.DRAFT: InvoiceStatus.DRAFT,
    Kind.OPEN: InvoiceStatus.OPEN,
    Kind.PART_PAID: InvoiceStatus.OPEN,
    Kind.PAID: InvoiceStatus.PAID,
    Kind.VOID: InvoiceStatus.VOID,
    Kind.UNCOLLECTIBLE: InvoiceStatus.UNCOLLECTIBLE,
    Kind.PROCESSING: InvoiceStatus.OPEN,
    Kind.RETURNED: InvoiceStatus.OPEN,
}
PAYMENTS: dict[Kind, PaymentStatus] = {
    Kind.PART_PAID: PaymentStatus.SUCCEEDED,
    Kind.PAID: PaymentStatus.SUCCEEDED,
    Kind.PROCESSING: PaymentStatus.PROCESSING,
    Kind.RETURNED: PaymentStatus.RETURNED,
}
_LABELS = {Method.CARD: ("Visa 4242", "Mastercard 4444"), Method.NETWORK: ("Everyday 8801", "Business 8802")}
_BANK_ACCOUNT = "First Harbor 6789"
_MORNING = time(15, tzinfo=UTC)
_LETTERS = "23456789BCDFGHJKMNPQRSTVWXZ"  # those of a reference that the application draws
_WORTH_DELIVERING = 5_000
_STRIDE = 104_729  # a prime, so that consecutive references look unlike and never repeat


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows by table, in the order in which they may be inserted."""

    invoice: list[Row] = field(default_factory=list)
    invoice_line: list[Row] = field(default_factory=list)
    payment: list[Row] = field(default_factory=list)
    allocation: list[Row] = field(default_factory=list)
    payment_event: list[Row] = field(default_factory=list)
    ledger_entry: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class Books:
    """Writes one merchant's papers into batches. `invoice_ids` and `payment_ids` give the next free keys."""

    merchant_id: int
    currency: str
    now: datetime
    today: date
    dice: Random
    invoice_ids: Iterator[int]
    payment_ids: Iterator[int]
    batch: Batch = field(default_factory=Batch)
    _references: Iterator[int] = field(default_factory=count)

    def enter(self, paper: PaperCard, customer_id: int, number: str) -> None:
        issued_at = self._issued_at(paper)
        share = self._paid_share(paper)
        invoice = self._invoice(paper, customer_id, number, share, issued_at)
        self.batch.invoice.append(invoice)
        self.batch.invoice_line.extend(_lines(invoice))
        if paper.kind is not Kind.DRAFT:
            self._post(invoice, None, issued_at, _owing(paper.minor))
        if paper.kind is Kind.VOID:
            self._post(invoice, None, self._after(issued_at), _owing(-paper.minor))
        if paper.kind in PAYMENTS:
            self._pay(paper, invoice, share or paper.minor, issued_at)

    def take(self) -> Batch:
        """What has gathered, once."""
        full, self.batch = self.batch, Batch()
        return full

    # --- the invoice --------------------------------------------------------------------------------------------------
    def _issued_at(self, paper: PaperCard) -> datetime:
        day = self.today - timedelta(days=paper.issued_days_ago)
        return min(datetime.combine(day, _MORNING), self.now - timedelta(hours=1))

    def _after(self, start: datetime) -> datetime:
        """Some moment between then and now."""
        return start + (self.now - start) * self.dice.uniform(0.1, 0.9)

    def _paid_share(self, paper: PaperCard) -> int:
        """What has been paid of it and not gone back."""
        if paper.kind is Kind.PAID:
            return paper.minor
        return paper.minor * 2 // 5 if paper.kind is Kind.PART_PAID else 0

    def _invoice(self, paper: PaperCard, customer_id: int, number: str, share: int, issued_at: datetime) -> Row:
        voided = paper.kind is Kind.VOID
        return {
            "id": next(self.invoice_ids),
            "public_id": self._public_id(),
            "merchant_id": self.merchant_id,
            "customer_id": customer_id,
            "mode": Mode.LIVE,
            "number": number,
            "description": paper.description,
            "status": STATUSES[paper.kind],
            "currency": paper.currency or self.currency,
            "total_minor": paper.minor,
            "balance_minor": 0 if voided else paper.minor - share,
            "issued_on": self.today - timedelta(days=paper.issued_days_ago),
            "due_on": self.today + timedelta(days=paper.due_in_days),
            "version": 2 if voided else 1,
            "paid_at": None,
            "created_at": issued_at,
        }

    # --- its payment --------------------------------------------------------------------------------------------------
    def _pay(self, paper: PaperCard, invoice: Row, amount: int, issued_at: datetime) -> None:
        under_way = paper.kind is Kind.PROCESSING
        at = self.now - timedelta(hours=3) if under_way else self._after(issued_at)
        settled_at = at + (self.now - at) / 2
        payment = self._payment(paper.kind, invoice, amount, at, None if under_way else settled_at)
        self.batch.payment.append(payment)
        ours = {"payment_id": payment["id"], "merchant_id": self.merchant_id, "mode": Mode.LIVE, "is_open": under_way}
        self.batch.allocation.append(ours | {"invoice_id": invoice["id"], "amount_minor": amount})
        if payment["method"] is Method.BANK:
            self._note(payment, "processing", at)
        if under_way:
            return
        self._note(payment, f"succeeded:{amount}:{invoice['currency']}", settled_at)
        self._post(invoice, payment["id"], settled_at, _captured(amount))
        if paper.kind is Kind.PAID:
            invoice["paid_at"] = settled_at
        if paper.kind is Kind.RETURNED:
            self._note(payment, f"returned:{amount}:{invoice['currency']}", self.now - timedelta(hours=2))
            self._post(invoice, payment["id"], self.now - timedelta(hours=2), _captured(-amount))

    def _payment(self, kind: Kind, invoice: Row, amount: int, at: datetime, ended_at: datetime | None) -> Row:
        method, label = self._method(kind)
        return {
            "id": next(self.payment_ids),
            "public_id": self._public_id(),
            "merchant_id": self.merchant_id,
            "customer_id": invoice["customer_id"],
            "mode": Mode.LIVE,
            "reference": self._reference(),
            "method": method,
            "method_label": label,
            "currency": invoice["currency"],
            "amount_minor": amount,
            "status": PAYMENTS[kind],
            "provider": "sandbox",
            "provider_reference": self._public_id(),
            "failure_code": "R01" if kind is Kind.RETURNED else None,
            "created_at": at,
            "submitted_at": at,
            "finished_at": ended_at,
            "next_check_at": None if ended_at else self.now + CHECKS[PaymentStatus.PROCESSING][0],
            "checks": 0,
        }

    def _method(self, kind: Kind) -> tuple[Method, str]:
        if kind in (Kind.PROCESSING, Kind.RETURNED) or self.dice.random() < 0.3:
            return Method.BANK, _BANK_ACCOUNT
        method = Method.NETWORK if self.dice.random() < 0.3 else Method.CARD
        return method, self.dice.choice(_LABELS[method])

    def _reference(self) -> str:
        value, letters = next(self._references) * _STRIDE + 20_231, ""
        for _ in range(6):
            value, letter = divmod(value, len(_LETTERS))
            letters += _LETTERS[letter]
        return letters

    def _note(self, payment: Row, effect: str, at: datetime) -> None:
        event = {"payment_id": payment["id"], "provider": "sandbox", "effect": effect, "created_at": at}
        self.batch.payment_event.append(event)

    # --- the ledger ---------------------------------------------------------------------------------------------------
    def _post(self, invoice: Row, payment_id: int | None, at: datetime, lines: list[tuple[Account, int, bool]]) -> None:
        journal = self._public_id()
        for account, amount, on_invoice in lines:
            self.batch.ledger_entry.append(
                {
                    "merchant_id": self.merchant_id,
                    "journal": journal,
                    "account": account,
                    "customer_id": invoice["customer_id"],
                    "invoice_id": invoice["id"] if on_invoice else None,
                    "payment_id": payment_id,
                    "currency": invoice["currency"],
                    "amount_minor": amount,
                    "created_at": at,
                }
            )

    def _public_id(self) -> str:
        return f"{self.dice.getrandbits(128):032x}"


def _lines(invoice: Row) -> Iterator[Row]:
    """The goods at a whole price each, and the delivery, which takes up the odd cents."""
    goods, _, how_many = invoice["description"].rpartition(", ")
    digits = how_many.split(" ")[0]
    if not goods or not digits.isdigit() or invoice["total_minor"] < _WORTH_DELIVERING:
        yield _line(invoice, 0, invoice["description"], 1, invoice["total_minor"])
        return
    each = invoice["total_minor"] * 24 // 25 // int(digits)
    yield _line(invoice, 0, goods, int(digits), each)
    yield _line(invoice, 1, "Delivery", 1, invoice["total_minor"] - each * int(digits))


def _line(invoice: Row, position: int, description: str, count: int, each: int) -> Row:
    return {
        "invoice_id": invoice["id"],
        "position": position,
        "description": description,
        "quantity_milli": count * 1000,
        "unit_price_minor": each,
        "amount_minor": count * each,
    }


def _owing(minor: int) -> list[tuple[Account, int, bool]]:
    return [(Account.RECEIVABLE, minor, True), (Account.REVENUE, -minor, True)]


def _captured(minor: int) -> list[tuple[Account, int, bool]]:
    return [(Account.CLEARING, minor, False), (Account.RECEIVABLE, -minor, True)]
