"""One line of a file as values: dates, amounts, addresses, yes and no. What a cell cannot be is told by its column."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache

import phonenumbers

from bot.exchange import shapes
from bot.exchange.shapes import Shape
from models.customer import Channel, normalise_email
from models.errors import DomainError
from models.money import Money

_SEPARATORS = re.compile(r"[;,\n|]+")
_EMAIL = re.compile(r"[^@\s<>()\",;:\\]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)+")
_UNWANTED = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]+")
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_AMOUNT = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?|-?\d+(\.\d+)?", re.ASCII)
_YES, _NO = frozenset({"yes", "y", "true", "1", "granted", "si"}), frozenset({"no", "n", "false", "0", "revoked"})
_OWED = frozenset({"", "open", "draft", "past_due", "overdue", "uncollectible"})
_LENGTHS = {"name": 120, "reference": 64, "number": 32, "description": 200, "postal_code": 12}


class BadCell(Exception):
    """`column` is ours; `code` says what is wrong with it."""

    def __init__(self, column: str, code: str) -> None:
        super().__init__(code)
        self.column, self.code = column, code


@dataclass(frozen=True, slots=True)
class CustomerLine:
    reference: str | None
    name: str
    locale: str | None
    postal_code: str | None
    addresses: tuple[tuple[Channel, str], ...]
    consents: Mapping[Channel, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    number: str
    total: Money
    issued_on: date
    due_on: date
    description: str
    customer: CustomerLine
    is_owed: bool
    """False: the file says that nobody owes it any more."""


@dataclass(frozen=True, slots=True)
class Usual:
    """What a file leaves out."""

    country: str
    currency: str
    today: date


def customer(shape: Shape, cells: Mapping[str, str], usual: Usual) -> CustomerLine:
    """Raises BadCell."""
    locale = shapes.cell(shape, cells, "locale").casefold()[:2]
    if locale not in ("", "en", "es"):
        raise BadCell("language", "unknown_language")
    consents = {
        channel: agreed
        for channel, column in ((Channel.SMS, "text_consent"), (Channel.EMAIL, "email_consent"))
        if (agreed := _yes_or_no(shape, cells, column)) is not None
    }
    return CustomerLine(
        reference=_text(shape, cells, "reference") or None,
        name=_text(shape, cells, "name"),
        locale=locale or None,
        postal_code=_text(shape, cells, "postal_code") or None,
        addresses=(*_emails(shape, cells), *_phones(shape, cells, usual.country)),
        consents=consents,
    )


def invoice(shape: Shape, cells: Mapping[str, str], usual: Usual) -> InvoiceLine:
    """Raises BadCell."""
    number = _text(shape, cells, "number")
    if not number:
        raise BadCell("number", "missing")
    status = shapes.cell(shape, cells, "status").casefold().replace(" ", "_")
    total = _money(shape, cells, usual.currency)
    issued_on, due_on = _date(shape, cells, "issued_on"), _date(shape, cells, "due_on")
    issued_on = issued_on or min(usual.today, due_on or usual.today)
    due_on = due_on or issued_on
    if due_on < issued_on:
        raise BadCell("due_on", "due_before_issue")
    return InvoiceLine(
        number=number,
        total=total,
        issued_on=issued_on,
        due_on=due_on,
        description=_text(shape, cells, "description"),
        customer=customer(shape, cells, usual),
        is_owed=status in _OWED and total.minor > 0,
    )


def _text(shape: Shape, cells: Mapping[str, str], column: str) -> str:
    found = " ".join(_UNWANTED.sub(" ", shapes.cell(shape, cells, column)).split())
    if len(found) > _LENGTHS[column]:
        if column == "description":
            return found[: _LENGTHS[column]]
        raise BadCell(column, "too_long")
    return found


def _emails(shape: Shape, cells: Mapping[str, str]) -> list[tuple[Channel, str]]:
    found = []
    for told in _SEPARATORS.split(shapes.cell(shape, cells, "emails")):
        address = normalise_email(told)
        if address and (len(address) > 254 or not _EMAIL.fullmatch(address)):
            raise BadCell("emails", "no_email")
        if address:
            found.append((Channel.EMAIL, address))
    return list(dict.fromkeys(found))


def _phones(shape: Shape, cells: Mapping[str, str], country: str) -> list[tuple[Channel, str]]:
    found = []
    for told in _SEPARATORS.split(shapes.cell(shape, cells, "phones")):
        spoken = re.sub(r"^(phone|mobile|main|work|fax):\s*", "", told.strip(), flags=re.IGNORECASE)
        if spoken:
            found.append((Channel.SMS, _e164(spoken, country)))
    return list(dict.fromkeys(found))


@lru_cache(maxsize=65_536)
def _e164(spoken: str, country: str) -> str:
    try:
        parsed = phonenumbers.parse(spoken, country)
    except phonenumbers.NumberParseException as error:
        raise BadCell("phones", "no_phone") from error
    if not phonenumbers.is_possible_number(parsed) and not re.fullmatch(r"\+\d{8,15}", spoken, re.ASCII):
        raise BadCell("phones", "no_phone")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _money(shape: Shape, cells: Mapping[str, str], usual_currency: str) -> Money:
    told = shapes.cell(shape, cells, "amount").replace("$", "").replace(" ", "")
    currency = shapes.cell(shape, cells, "currency").upper() or usual_currency
    if not told:
        raise BadCell("amount", "missing")
    if not _AMOUNT.fullmatch(told):
        raise BadCell("amount", "no_amount")
    try:
        total = Money.of(Decimal(told.replace(",", "")), currency)
    except (DomainError, InvalidOperation) as error:
        wrong = "currency" if str(error) == "unknown_currency" else "amount"
        raise BadCell(wrong, "unknown_currency" if wrong == "currency" else "no_amount") from error
    if total.minor < 0:
        raise BadCell("amount", "no_amount")
    return total


def _date(shape: Shape, cells: Mapping[str, str], column: str) -> date | None:
    told = shapes.cell(shape, cells, column)
    if not told:
        return None
    formats: tuple[str, ...] = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ")
    if shape.month_first:
        formats = ("%m/%d/%Y", "%m/%d/%y", *formats)
    if _ISO_DAY.fullmatch(told):
        try:
            return date.fromisoformat(told)  # most files, and ten times as fast
        except ValueError as error:
            raise BadCell(column, "no_date") from error
    for spelling in formats:
        try:
            return datetime.strptime(told, spelling).date()  # noqa: DTZ007 - a day, not an instant
        except ValueError:
            continue
    raise BadCell(column, "no_date")


def _yes_or_no(shape: Shape, cells: Mapping[str, str], column: str) -> bool | None:
    told = shapes.cell(shape, cells, column).casefold()
    if not told:
        return None
    if told not in _YES | _NO:
        raise BadCell(column, "no_yes_or_no")
    return told in _YES
