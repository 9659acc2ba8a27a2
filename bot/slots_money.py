"""The sum of money a text names: with its unit ("$640"), or by its place beside an invoice ("200 on 1042", "50 today").
Such a bare figure is marked as money first, so that it is never read as an invoice or a place in a list, too."""

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from bot.understanding_text import Token

CURRENCIES = (
    (("€", "eur"), "EUR"),
    (("£", "gbp", "pound", "quid"), "GBP"),
    (("mxn",), "MXN"),
    (("cad",), "CAD"),
    (("$", "usd", "dol", "dlls", "buck"), "USD"),
)


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


FIGURES = frozenset({"num", "ref", "decimal"})
ONTO = _words("on toward towards for of off against a de sobre para en por al")
BETWEEN = _words("the my la mi el invoice bill factura number numero account cuenta")
A_BILL = _words("invoice bill bills factura account cuenta balance saldo it oldest")
NOW = _words("now today tonight ahora hoy ahorita")
GIVING = _words("put give do send dar abonar abono abonarle afford spare manage")
AFTER_GIVING = _words("you just only le les about down in")
LISTING = _words("and y ,")
PARTS = _words("half mitad partial part portion parcial parte")


def with_sums(tokens: Sequence[Token]) -> list[Token]:
    """The tokens, the first bare figure that is a sum marked as money."""
    marked = list(tokens)
    for place, token in enumerate(tokens):
        if token.kind == "money":
            break
        if token.kind in FIGURES and not token.text.startswith("#") and _is_sum(tokens, place):
            marked[place] = token._replace(kind="money")
            break
    return marked


def amount_in(tokens: Sequence[Token]) -> tuple[Decimal | None, str | None]:
    """The first sum of money. "$" alone says dollars; "pesos" names no one currency."""
    for token in tokens:
        if token.kind == "money":
            currency = next((code for marks, code in CURRENCIES if any(m in token.text for m in marks)), None)
            return _decimal(token.text), currency
    return None, None


def is_part(tokens: Sequence[Token]) -> bool:
    """Whether the text speaks of a part of what is owed."""
    return any(token.text in PARTS for token in tokens)


def _decimal(typed: str) -> Decimal | None:
    digits = re.sub(r"[^\d.,]", "", typed).strip(".,")
    whole, mark, cents = re.match(r"(.*?)(?:([.,])(\d{1,2}))?$", digits).groups()  # type: ignore[union-attr]
    try:
        return Decimal(re.sub(r"\D", "", whole) + (f".{cents}" if mark else ""))
    except InvalidOperation:
        return None


def _is_sum(tokens: Sequence[Token], place: int) -> bool:
    token, after = tokens[place], tokens[place + 1].text if place + 1 < len(tokens) else ""
    before = [t.text for t in tokens[max(0, place - 3) : place] if t.text not in AFTER_GIVING]
    if token.kind == "decimal" and "." in token.text:
        return True
    if after in NOW:
        return not before or before[-1] not in BETWEEN
    given = bool(before) and before[-1] in GIVING
    return _onto_bill(tokens, place) or (given and after not in LISTING)


def _onto_bill(tokens: Sequence[Token], place: int) -> bool:
    """ "on 1042", "toward my bill", "a la factura 12"; not "on 2", which may be a day."""
    following = place + 1
    if following >= len(tokens) or tokens[following].text not in ONTO:
        return False
    between = set()
    while (following := following + 1) < len(tokens) and tokens[following].text in BETWEEN:
        between.add(tokens[following].text)
    if not between.isdisjoint(A_BILL):
        return True
    told = tokens[following] if following < len(tokens) else None
    return told is not None and (told.kind == "ref" or told.text in A_BILL or (told.kind == "num" and bool(between)))
