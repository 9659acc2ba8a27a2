"""Where customers say how they pay: the pay page behind a link, and the page for a payment without an invoice. The same
contract as web/pages.py, continued."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from models.money import Money
from web.pages import InvoiceLine, MethodKind, MethodUsed, Page, Problem

AMOUNT_PROBLEMS = frozenset(
    {
        Problem.AMOUNT_MISSING,
        Problem.AMOUNT_MALFORMED,
        Problem.AMOUNT_TOO_HIGH,
        Problem.AMOUNT_TOO_LOW,
        Problem.PART_REFUSED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PayMethod:
    """One way to pay. `host` is who serves the next page, `fee` what the payer is charged on top."""

    kind: MethodKind
    host: str
    fee: Money | None = None
    total: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAccount:
    """One kept last time: charged at the press, or confirmed on the provider's page. Posts `value` as `method`."""

    value: str
    method: MethodUsed
    is_selected: bool = False
    is_confirmed_there: bool = False
    fee: Money | None = None
    total: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What has to be accepted, by its version: posts `terms`."""

    url: str
    version: int
    is_ticked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout(Page):
    """Posts `method`, `idempotency_key`, `terms`, `amount` as typed, and `seen_fee`: the fee in minor units that the
    page showed for a card. `least` is the smallest amount that may be typed."""

    action: str
    idempotency_key: str
    methods: Sequence[PayMethod]
    selected_method: MethodKind | None = None
    typed_amount: str = ""
    least: Money | None = None
    terms: Terms | None = None
    kept: Sequence[KeptAccount] = ()
    may_keep: bool = False
    """Posts `keep`: only to whoever is signed in, since a link may be in anybody's hands."""
    is_keep_ticked: bool = False
    cancel_url: str | None = None

    @property
    def has_fees(self) -> bool:
        return any(method.fee for method in self.methods)

    @property
    def seen_fee(self) -> int:
        return next((method.fee.minor for method in self.methods if method.fee), 0)

    @property
    def is_about_amount(self) -> bool:
        return self.problem in AMOUNT_PROBLEMS


@dataclass(frozen=True, slots=True, kw_only=True)
class PayPage(Checkout):
    """Behind a link. `amount` is what is paid now, `owed` what is owed in all; also posts `seen_amount` (minor units of
    `owed`) and `seen_version`, which names what that is made of: what has changed since is asked again."""

    template: ClassVar[str] = "web/pay.html"
    amount: Money
    owed: Money
    lines: Sequence[InvoiceLine]
    works_until: datetime
    seen_version: str = ""
    may_split: bool = False
    change_url: str | None = None

    @property
    def due_dates(self) -> list[date]:
        return sorted(line.due_on for line in self.lines if line.due_on)

    @property
    def is_part(self) -> bool:
        return self.amount != self.owed


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomPage(Checkout):
    """Without an invoice: also posts `description` and `payer`. `amount` once it was readable."""

    template: ClassVar[str] = "web/custom.html"
    currency: str
    amount: Money | None = None
    description: str = ""
    payer: str = ""
    back_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsPage(Page):
    """`paragraphs` as the merchant wrote them."""

    template: ClassVar[str] = "web/terms.html"
    version: int
    paragraphs: Sequence[str]
