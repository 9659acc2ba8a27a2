"""What each customer page shows, as frozen values: the contract between views and templates, up to the pay page.

Views fill these in; templates only print them. Nothing here knows a table, a request or a word of any language.
`frame` is what every page shares. `*_url` is a GET address, `*_action` the address a form posts to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from zoneinfo import ZoneInfo

from models.money import Money


class Banner(StrEnum):
    DEMO = "demo"
    TEST = "test"
    PREVIEW = "preview"
    """For the merchant's own eyes: nothing on the page exists."""


class Problem(StrEnum):
    """What was wrong with the form just posted; shown in the summary and beside the field."""

    EMAIL_MISSING = "email_missing"
    EMAIL_MALFORMED = "email_malformed"
    CODE_MISSING = "code_missing"
    CODE_WRONG = "code_wrong"
    CODE_EXPIRED = "code_expired"
    CODE_LOCKED = "code_locked"
    CHOICE_MISSING = "choice_missing"
    NOTHING_SELECTED = "nothing_selected"
    METHOD_MISSING = "method_missing"
    AMOUNT_MISSING = "amount_missing"
    AMOUNT_MALFORMED = "amount_malformed"
    AMOUNT_TOO_HIGH = "amount_too_high"
    AMOUNT_TOO_LOW = "amount_too_low"
    PART_REFUSED = "part_refused"
    DESCRIPTION_MISSING = "description_missing"
    TERMS_MISSING = "terms_missing"
    NUMBERS_UNKNOWN = "numbers_unknown"
    DEPOSITS_MISSING = "deposits_missing"
    DEPOSITS_WRONG = "deposits_wrong"


class Notice(StrEnum):
    """What just happened, said once at the top of a page."""

    SIGNED_OUT = "signed_out"
    SESSION_ENDED = "session_ended"
    REMINDER_OVER = "reminder_over"
    CODE_RESENT = "code_resent"
    AMOUNT_CHANGED = "amount_changed"
    AMOUNT_NEWER = "amount_newer"
    """Another amount than the message with the link said."""
    REST = "rest"
    """A part is paid: this is what is left."""
    FEE_SHOWN = "fee_shown"
    """The fee on the amount just typed, to be confirmed."""
    CREDIT_USED = "credit_used"


class MethodKind(StrEnum):
    NETWORK = "network"
    BANK = "bank"
    CARD = "card"
    CASH = "cash"
    CHECK = "check"
    OTHER = "other"


PAY_METHODS = (MethodKind.NETWORK, MethodKind.BANK, MethodKind.CARD)
"""What a pay page offers; the others the merchant records itself."""


class Channel(StrEnum):
    SMS = "sms"
    WHATSAPP = "whatsapp"
    EMAIL = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """The merchant as customers see it. `initials` is one or two letters; `phone_uri` is E.164."""

    name: str
    initials: str
    legal_name: str
    address: str
    phone: str
    phone_uri: str
    email: str
    css_url: str
    logo_url: str | None = None
    privacy_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What surrounds a page. `time_zone` is the merchant's IANA name, `now` UTC-aware.

    `switch_url` is this page in the other language; None hides the link.
    """

    language: str
    time_zone: str
    now: datetime
    brand: Brand | None
    banner: Banner | None = None
    switch_url: str | None = None
    sign_out_action: str | None = None

    @property
    def today(self) -> date:
        return self.now.astimezone(ZoneInfo(self.time_zone)).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    template: ClassVar[str]
    frame: Frame
    problem: Problem | None = None
    notice: Notice | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInPage(Page):
    """Posts `email`. `email` keeps what was typed. `idle_minutes` is the session's idle limit."""

    template: ClassVar[str] = "web/sign_in.html"
    action: str
    email: str = ""
    idle_minutes: int = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePage(Page):
    """A reminder link's door: the merchant's name and one button that sends a code to the address on file."""

    template: ClassVar[str] = "web/gate.html"
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePage(Page):
    """Posts `code`. `email` is what the visitor typed, never the address on file: None behind a reminder link."""

    template: ClassVar[str] = "web/code.html"
    action: str
    resend_action: str
    restart_url: str | None
    email: str | None
    code: str = ""
    tries_left: int = 0
    digits: int = 6
    minutes: int = 10
    locked_minutes: int = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    value: str
    label: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsPage(Page):
    """One verified email, several customers: posts `customer`."""

    template: ClassVar[str] = "web/accounts.html"
    action: str
    accounts: Sequence[Choice]


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodUsed:
    """`name` is the bank or card brand, `ending` the last four digits, each where known."""

    kind: MethodKind
    name: str | None = None
    ending: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """`amount` is what is left to pay; `total` what it was, where part of it is already paid. On a receipt `amount` is
    what was paid, and `left` what is not."""

    value: str
    number: str
    description: str
    amount: Money
    due_on: date | None
    details_url: str | None = None
    total: Money | None = None
    left: Money | None = None
    selected: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DueGroup:
    """Open invoices of one currency: one payment never mixes two."""

    lines: Sequence[InvoiceLine]
    total: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightLine:
    """`is_waiting`: for the customer, who has small deposits to confirm."""

    numbers: Sequence[str]
    amount: Money
    started_on: date
    status_url: str
    is_waiting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidLine:
    number: str
    amount: Money
    paid_on: date
    details_url: str | None = None
    method: MethodUsed | None = None
    receipt_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicesPage(Page):
    """The portal. Each group is a form that posts `invoice` once per ticked line. `all_paid_url` shows the rest."""

    template: ClassVar[str] = "web/invoices.html"
    action: str
    customer_name: str
    customer_email: str
    groups: Sequence[DueGroup]
    in_flight: Sequence[FlightLine] = ()
    paid: Sequence[PaidLine] = ()
    paid_count: int = 0
    all_paid_url: str | None = None
    credits: Sequence[Money] = ()
    statement_url: str | None = None
    custom_url: str | None = None
    saved_url: str | None = None
