"""The particulars a text names: amount, invoice numbers, picks from the list, code, email, date.
Each reader takes tokens or clean text and returns what is plainly there; it never guesses a missing part."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from bot.slots_dates import date_in
from bot.understanding_text import Token

__all__ = ["Slots", "code_in", "date_in", "email_in", "listed_picks", "picks_in"]


@dataclass(frozen=True, slots=True)
class Slots:
    """What a text names. `choices` are places in the list last shown, from 1. A pick that cannot be told
    from the text alone ("the last one", "all but 2") leaves them empty: the caller shows the list and asks.
    `both` means the two shown, and nothing where more are. `part`: a part of what is owed is meant, sum or no sum."""

    amount: Decimal | None = None
    currency: str | None = None
    part: bool = False
    invoice_numbers: tuple[str, ...] = ()
    choices: tuple[int, ...] = ()
    everything: bool = False
    both: bool = False
    oldest: bool = False
    code: str | None = None
    email: str | None = None
    date: dt.date | None = None


CODE_LENGTHS = (6, 8)
# A code typed with a digit too few or too many is still an attempt, when nothing else is in the text.
ATTEMPT_LENGTHS = range(4, 9)
DIGIT_GROUPS = re.compile(r"(?<![\d$€£#.,])\d(?:[ -]?\d){3,9}(?![\d])(?!\s?(?:dollars|usd|%))")
DIGIT_WORDS = {
    word: str(digit)
    for words in (
        "zero one two three four five six seven eight nine",
        "cero uno dos tres cuatro cinco seis siete ocho nueve",
    )
    for digit, word in enumerate(words.split())
} | {"oh": "0"}
LETTER_O = re.compile(r"(?<=\d)o(?=[\do]|\b)")
ABOUT_CODES = re.compile(r"\b(?:g-|code|codigo|clave|pin|is|es|its|it's|the|el|la|my|mi|ok|here|aqui|esta|:)")


def code_in(cleaned: str) -> str | None:
    """The one-time code in a text sent while one is awaited."""
    text = LETTER_O.sub("0", " ".join(DIGIT_WORDS.get(word, word) for word in cleaned.split()))
    groups = [re.sub(r"\D", "", group) for group in DIGIT_GROUPS.findall(text)]
    exact = [group for group in groups if len(group) in CODE_LENGTHS]
    if exact:
        return exact[-1]
    alone = len(groups) == 1 and _says_no_more(text)
    return groups[0] if alone and len(groups[0]) in ATTEMPT_LENGTHS else None


def lone_code(cleaned: str) -> str | None:
    """A text that is a code and nothing else, sent while none is awaited: a used one, or another phone's."""
    code = code_in(cleaned)
    return code if code is not None and len(code) in CODE_LENGTHS and _says_no_more(cleaned) else None


def _says_no_more(text: str) -> bool:
    return re.search(r"[a-z]{3}", ABOUT_CODES.sub("", DIGIT_GROUPS.sub("", text))) is None


ENDINGS = r"(?:com|net|org|edu|gov|co|io|me|us|uk|mx|es|ca|info|biz|dev|app|ar|cl|pe|test|invalid|example)"
PROVIDERS = r"(?:gmail|yahoo|hotmail|outlook|icloud|aol|live|msn|proton|protonmail|ymail|comcast|me|mac)"
EMAIL = re.compile(
    r"(?<![a-z0-9._%+'-])[a-z0-9](?:[a-z0-9._%+'-]{0,62}[a-z0-9_+-])?@(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,24}(?![a-z0-9@-])"
)
LETTER_BY_LETTER = re.compile(r"(?<![a-z0-9])(?:[a-z0-9] ){2,30}[a-z0-9](?= ?@)")
REPAIRS = (
    (re.compile(r"(?<=[a-z0-9]) (?:underscore|guion bajo) (?=[a-z0-9])"), "_"),
    (re.compile(r"(?<=[a-z0-9]) (?:dash|hyphen|guion) (?=[a-z0-9])"), "-"),
    (re.compile(r"\s?[(\[<{]\s?(?:at|arroba)\s?[)\]>}]\s?"), "@"),
    (re.compile(r"\s?[(\[{]\s?(?:dot|punto)\s?[)\]}]\s?"), "."),
    (re.compile(r"\barroba\b"), "@"),
    (re.compile(r"(?<=[a-z0-9]) (?:dot|punto) (?=[a-z])"), "."),
    (re.compile(rf"(?<=[a-z0-9]) at (?=[a-z0-9-]+(?:\.[a-z]|\.{PROVIDERS}\.))"), " at "),
    (re.compile(rf"(?<=[a-z0-9]) at (?={PROVIDERS}\s?[., ]\s?com)"), "@"),
    (re.compile(r"\s?@\s?"), "@"),
    (re.compile(r"@(?:gmial|gamil|gmal|gnail|gmali)(?=[., ])"), "@gmail"),
    (re.compile(rf"(@{PROVIDERS})\.(?:con|cmo|ocm|vom|xom|comm|cm|c0m)\b"), r"\1.com"),
    (re.compile(rf"(@[a-z0-9-]{{1,63}})(?: ?[,;] ?| \.? ?|\. )({ENDINGS})\b"), r"\1.\2"),
)
SPOKEN = re.compile(rf"\b(?:dot|punto)\s{ENDINGS}\b")
SPOKEN_AT = re.compile(r"(?<=[a-z0-9]) at (?=[a-z0-9-]+\.[a-z])")


def email_in(cleaned: str) -> str | None:
    """The last whole email address in a text, lower-cased, with the usual slips put right."""
    if "@" not in cleaned and not re.search(r"\b(?:at|arroba)\b", cleaned):
        return None
    spoken = SPOKEN.search(cleaned) is not None
    text = LETTER_BY_LETTER.sub(lambda said: said.group().replace(" ", ""), cleaned.replace("mailto:", " "))
    for pattern, replacement in REPAIRS:
        text = pattern.sub(replacement, text)
    if spoken:
        text = SPOKEN_AT.sub("@", text)
    found = EMAIL.findall(text)
    return found[-1] if found else None


PLACES = {
    word: place
    for words in (
        "first second third fourth fifth sixth seventh eighth ninth",
        "primera segunda tercera cuarta quinta sexta septima octava novena",
        "primero segundo tercero cuarto quinto sexto septimo octavo noveno",
        "one two three four five six seven eight nine",
        "uno dos tres cuatro cinco seis siete ocho nueve",
    )
    for place, word in enumerate(words.split(), start=1)
} | {"primer": 1, "tercer": 3, "una": 1}
# "the second one", "una factura": these words count only where nothing else does.
WEAK_PLACES = frozenset({"one", "uno", "una"})
FIRSTS = frozenset({"first", "primeras", "primeros", "top"})
EVERYTHING = frozenset({"all", "everything", "todo", "todos", "todas", "toda", "entire", "whole"})
BOTH = frozenset({"both", "ambas", "ambos"})
LASTS = frozenset({"last", "ultima", "ultimo"})
OLDEST = frozenset({"oldest", "older", "earliest", "antigua", "antiguo", "vieja", "viejo"})
EXCEPTIONS = frozenset({"except", "but", "excepto", "menos", "salvo", "minus", "excluding"})
INVOICE_WORDS = frozenset({"invoice", "bill", "factura", "number", "numero"})


@dataclass(frozen=True, slots=True)
class Picks:
    choices: tuple[int, ...]
    invoice_numbers: tuple[str, ...]
    everything: bool
    oldest: bool
    both: bool = False


def picks_in(tokens: Sequence[Token]) -> Picks:
    """What a text picks from the list: places, invoice numbers, everything, both, the oldest."""
    words = [token.text for token in tokens]
    if _says_both(words):
        return Picks((), tuple(dict.fromkeys(_invoice_numbers(tokens))), False, False, both=True)
    if not LASTS.isdisjoint(words):  # "the last one": of the page, of the list, the newest? ask
        return Picks((), tuple(_invoice_numbers(tokens)), False, False)
    everything = not EVERYTHING.isdisjoint(words)
    if everything and any(one.text in EVERYTHING and _number(two) for one, two in pairwise(tokens)):
        return Picks((), (), True, False)  # "all three" counts them; it picks no third one
    if everything and not EXCEPTIONS.isdisjoint(words):
        return Picks((), (), False, False)
    numbers = tuple(dict.fromkeys(_invoice_numbers(tokens)))
    places = tuple(dict.fromkeys(_places(tokens)))
    return Picks(places, numbers, everything and not places, not OLDEST.isdisjoint(words))


def _says_both(words: Sequence[str]) -> bool:
    """ "both", "las dos", "the two of them"; not "las dos primeras", which counts from the top."""
    pairs = set(pairwise(words))
    counted = not FIRSTS.isdisjoint(words) or pairs.isdisjoint({("las", "dos"), ("los", "dos"), ("two", "of")})
    return not counted or not BOTH.isdisjoint(words)


def _invoice_numbers(tokens: Sequence[Token]) -> list[str]:
    found = []
    for place, token in enumerate(tokens):
        if token.kind == "ref":
            found.append(token.text.lstrip("# ").upper())
        elif token.kind == "num" and _names_invoice(tokens, place):
            found.append(token.text.lstrip("# "))
    return found


def _names_invoice(tokens: Sequence[Token], place: int) -> bool:
    """ "invoice 12" is a number of an invoice, not a place in a list of three."""
    digits = tokens[place].text.lstrip("# ")
    before = tokens[place - 1].text if place else ""
    return before in INVOICE_WORDS and (len(digits) > 1 or digits == "0")


def _places(tokens: Sequence[Token]) -> list[int]:
    strong: list[int] = []
    weak: list[int] = []
    for place, token in enumerate(tokens):
        before = tokens[place - 1].text if place else ""
        number = _number(token)
        if number is None or (token.kind == "num" and _names_invoice(tokens, place)):
            continue
        if before in FIRSTS or _follows(tokens, place) in FIRSTS:
            strong = list(range(1, number + 1))
        elif token.text in WEAK_PLACES:
            weak.append(number)
        elif token.text not in FIRSTS or not _counted(tokens, place):
            strong.extend(_span(tokens, place, number))
    return [number for number in strong or weak if number > 0]


def _follows(tokens: Sequence[Token], place: int) -> str:
    return tokens[place + 1].text if place + 1 < len(tokens) else ""


def _counted(tokens: Sequence[Token], place: int) -> bool:
    """ "the first two": the number that follows says how many, so "first" itself is no pick."""
    return place + 1 < len(tokens) and _number(tokens[place + 1]) is not None


def _span(tokens: Sequence[Token], place: int, number: int) -> list[int]:
    """ "1-3" and "1 to 3" name every place between."""
    first = _number(tokens[place - 2]) if place > 1 else None
    ranged = place > 1 and tokens[place - 1].text in {"to", "through", "a", "al", "-"}
    return list(range(first, number + 1)) if ranged and first is not None and first < number else [number]


def _number(token: Token) -> int | None:
    if token.kind in ("num", "ord"):
        return int(re.sub(r"\D", "", token.text))
    return PLACES.get(token.text) if token.kind == "word" else None


_CARDINALS = "one|two|three|four|five|six|seven|eight|nine|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve"
_PLACE = rf"(?:[1-9]|1\d|20|{_CARDINALS})"
_BETWEEN = r"(?:\s*[,/&+]\s*(?:(?:and|y)\s+)?|\s+(?:and|y|e)\s+|\s+)"
_LISTED = re.compile(
    rf"(?:(?:pay|pagar|pague|invoices?|facturas?|numbers?|the|la|las|los)\s+)*({_PLACE}(?:{_BETWEEN}{_PLACE})+)"
)
_POLITE = re.compile(r"(?:\s*(?:please|pls|plz|por favor|porfa|thanks|thx|gracias|[.!]))+$")


def listed_picks(cleaned: str) -> tuple[int, ...]:
    """A text that is nothing but places: "1,3", "1, 2 and 3", "uno y dos", "pay 1/2". Empty for any other text:
    with a list on the table a comma between two digits is no decimal point, and a slash makes no date."""
    found = _LISTED.fullmatch(_POLITE.sub("", cleaned.strip()))
    if found is None:
        return ()
    words = re.findall(r"\d+|[a-z]+", found.group(1))
    return tuple(dict.fromkeys(n for n in (int(w) if w.isdigit() else PLACES.get(w, 0) for w in words) if n))
