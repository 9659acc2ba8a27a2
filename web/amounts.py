"""Amounts as people type them into a form: `1,234.50`, `$1234.5`, `1.234,50`. Refuses whatever is no plain amount."""

import re
from decimal import Decimal

from models.errors import DomainError
from models.money import Money, exponent

MAX_CHARS = 32
_SYMBOLS = re.compile(r"[\s$€£¥]")
_NUMBER = re.compile(
    r"(?P<whole>\d{1,3}(?P<mark>[.,])\d{3}(?:(?P=mark)\d{3})*|\d{1,15})(?:(?P<point>[.,])(?P<rest>\d*))?"
)


def parse(text: str, currency: str) -> Money | None:
    """None: not an amount of this currency. A lone comma before exactly three digits groups thousands, as on our
    pages; any other lone mark parts the cents off."""
    bare = _SYMBOLS.sub("", text[:MAX_CHARS]).upper().removeprefix(currency).removesuffix(currency)
    found = _NUMBER.fullmatch(bare) if bare.isascii() else None
    if found is None or (found["mark"] is not None and found["mark"] == found["point"]):
        return None
    whole, rest = found["whole"], found["rest"] or ""
    if found["mark"] == "." and found["point"] is None:  # 1.500: dinars with their fils, or a doubtful thousand
        whole, _, rest = whole.partition(".")
        if exponent(currency) != len(rest):
            return None
    try:
        return Money.of(Decimal(f"{re.sub('[.,]', '', whole)}.{rest or 0}"), currency)
    except DomainError:
        return None
