"""What customers read about what they owe: one invoice with all that made its amount, and a statement of everything.
The same contract as web/pages.py, continued."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from models.money import Money
from web.pages import FlightLine, MethodUsed, Page


class Step(StrEnum):
    """What changed an amount; words are in web/parts.html."""

    BILLED = "billed"
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"
    PAID = "paid"
    CREDITED = "credited"
    CAME_BACK = "came_back"


class Standing(StrEnum):
    """Of an invoice, as its customer sees it."""

    DUE = "due"
    ON_ITS_WAY = "on_its_way"
    PAID = "paid"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountStep:
    """`amount` is what it added to what is owed, `balance` what was owed then, `numbers` the invoices it touched,
    or what a payment without one was for."""

    step: Step
    on: date
    amount: Money
    balance: Money
    numbers: Sequence[str] = ()
    method: MethodUsed | None = None
    receipt_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemLine:
    """`unit_price` None: a line without a count."""

    description: str
    amount: Money
    quantity: str = "1"
    unit_price: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLine:
    """`kind` is PDF, PNG or JPEG; `size` in bytes."""

    name: str
    kind: str
    size: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicePage(Page):
    """One invoice. `total` is what it asks for, `due` what is left of it. The button posts `invoice`.
    `credit` is what of the customer's credit it would take: posts `seen`, its minor units."""

    template: ClassVar[str] = "web/invoice.html"
    value: str
    number: str
    description: str
    billed_to: str
    issued_on: date
    due_on: date
    standing: Standing
    total: Money
    due: Money
    steps: Sequence[AmountStep]
    items: Sequence[ItemLine] = ()
    files: Sequence[FileLine] = ()
    pending: Sequence[FlightLine] = ()
    pay_action: str | None = None
    credit: Money | None = None
    credit_action: str | None = None
    back_url: str
    is_back_to_pay: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """`label` is a year; None: everything there is."""

    label: str | None
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One currency of a statement."""

    opening: Money
    steps: Sequence[AmountStep]
    closing: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementPage(Page):
    template: ClassVar[str] = "web/statement.html"
    customer_name: str
    first: date
    last: date
    made_at: datetime
    periods: Sequence[Period]
    accounts: Sequence[Account]
    back_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedLine:
    method: MethodUsed
    remove_action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPage(Page):
    template: ClassVar[str] = "web/saved.html"
    lines: Sequence[SavedLine]
    back_url: str
