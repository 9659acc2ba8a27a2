"""What people type into forms, read strictly: amounts, quantities, days. Anything else is a problem with a code."""

import re
from datetime import date
from decimal import Decimal, InvalidOperation

from models.errors import DomainError
from models.money import Money
from web import typed

_AMOUNT = re.compile(r"\d{1,12}(\.\d{1,4})?|\d{1,3}(,\d{3}){1,4}(\.\d{1,4})?", re.ASCII)
_QUANTITY = re.compile(r"\d{1,9}(\.\d{1,3})?", re.ASCII)
_SIGNS = re.compile(r"[\s$€£]|USD|EUR|GBP")
MAX_LINE_CHARS = 200


def money(text: str, currency: str) -> Money:
    """`1,284.50`, `$1284.5`. Raises DomainError("amount_malformed")."""
    plain = _SIGNS.sub("", text)
    sign = -1 if plain.startswith("-") else 1
    plain = plain.removeprefix("-")
    if not _AMOUNT.fullmatch(plain):
        raise DomainError("amount_malformed")
    try:
        return Money.of(sign * Decimal(plain.replace(",", "")), currency)
    except DomainError as error:
        raise DomainError("amount_malformed") from error


def quantity(text: str) -> Decimal:
    """Raises DomainError("quantity_malformed")."""
    if not _QUANTITY.fullmatch(text.strip()):
        raise DomainError("quantity_malformed")
    try:
        return Decimal(text.strip())
    except InvalidOperation as error:
        raise DomainError("quantity_malformed") from error


def day(text: str) -> date:
    """As browsers send it: `2026-06-12`. Raises DomainError("day_malformed")."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise DomainError("day_malformed") from error


def line(text: str, longest: int = MAX_LINE_CHARS) -> str:
    return typed.line(text, longest)


def of_minor(minor: int, currency: str) -> Decimal:
    return Money(minor, currency).decimal
