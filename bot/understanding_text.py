"""From what a person typed to a row of tokens: clean text, entities such as money or an email, spelled words.
It knows no intent; it never raises, whatever the bytes."""

import re
import unicodedata
from itertools import islice
from typing import NamedTuple

from bot.lexicon import lexicon, spell
from bot.understanding_money import UNITS_OF_MONEY, spelled_sums

# Twilio's longest body. More than that is not a message, and the cap keeps the work linear.
LONGEST_TEXT = 1_600
MOST_TOKENS = 180

SPOKEN_SIGNS = {
    "👍": " ok ",
    "👌": " ok ",
    "✅": " ok ",
    "🙏": " thanks ",
    "👋": " hi ",
    "❤": " thanks ",
    "🔗": " link ",
    "🧾": " receipt ",
    "💳": " card ",
    "💸": " money ",
    "💰": " money ",
    "🆘": " help ",
    "☎": " call ",
    "📞": " call ",
    "🛑": " stop ",
    "😂": " lol ",
    "🤣": " lol ",
    "❓": "?",
    "❔": "?",
}
APOSTROPHES = "\N{RIGHT SINGLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}\N{ACUTE ACCENT}`"
SPACED = '¿¡"“”«»_*~|'
SIGNS = str.maketrans(
    SPOKEN_SIGNS
    | dict.fromkeys(APOSTROPHES, "'")
    | dict.fromkeys(SPACED, " ")
    | {"\N{EN DASH}": "-", "\N{EM DASH}": ",", "…": ".", "\n": "."}
)
DROPPED = frozenset({"Cf", "Cc", "Cs", "Co", "Cn", "Mn", "Me"})
SYMBOLS = frozenset({"So", "Sk", "Zl", "Zp"})
SPELLED_OUT = re.compile(r"(?<![a-z0-9'])[a-z](?:[ .\-]{1,2}[a-z](?![a-z0-9'])){2,}")
NUMBER_SIGN = re.compile(r"#(?! ?\d)")
TWO_FOR_TO = re.compile(r"(?<=[a-z]) 2 (?=(?:pay|see|talk|speak|know|get|have|be|do|my|settle|make|send|u|you|me)\b)")
FOUR_FOR_FOR = re.compile(r"(?<=[a-z]) 4 (?=(?:my|the|this|me|you|u|ur|your|now|a|letting)\b)")


# No number we know is as long; a text of digits alone would keep every pattern busy.
LONG_NUMBER = re.compile(r"(\d{24})\d+")


class Token(NamedTuple):
    kind: str
    text: str


KINDS = (
    ("email", r"[^\s@,;<>()\[\]:]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+"),
    ("url", r"(?:https?://|www\.)\S+|\b[a-z0-9-]{2,40}\.(?:com|net|org|ly|io|me|co|info|biz)\b(?:/\S*)?"),
    ("phone_number", r"(?<!\d)\+?(?:1[-. ]?)?\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}(?!\d)|(?<![\d-])\+?\d{10,15}(?!\d)"),
    ("dated", r"(?<![\d/-])(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}/\d{1,2}(?:/\d{2,4})?)(?![\d/-])"),
    ("money", rf"(?:us ?)?[$€£] ?\d(?:[\d.,]{{0,12}}\d)?|\d[\d.,]{{0,12}} ?(?:(?:{UNITS_OF_MONEY})\b|[$€£])"),
    ("clock", r"\d{1,2}:\d{2}(?: ?[ap]\.?m\b)?|\d{1,2} ?[ap]\.?m\b|\d{1,2} ?o'?clock"),
    ("ord", r"\d{1,2} ?(?:st|nd|rd|th)\b|\d{1,2}(?:ro|ra|do|da|er|to|ta|vo|va)\b"),
    (
        "ref",
        (
            r"[a-z]{1,6}[-#]{1,2}\d{2,16}(?:[-/]\d{1,16}){0,3}|[a-z]{1,4}\d{3,16}(?:[-/]\d{1,16}){0,3}|\d{4}-\d{3,16}"
            r"|(?:# ?)?\d{3,12}(?!\w|[.,]\d{1,2}(?!\d))"
        ),
    ),
    ("decimal", r"\d{1,12}[.,]\d{1,2}(?![\d.,])|\d{1,3}(?:,\d{3})+(?:\.\d{2})?"),
    ("num", r"(?:# ?)?\d{1,2}(?![a-z0-9])"),
    ("word", r"[a-z0-9@$]{0,30}[a-z][a-z0-9]*(?:'[a-z]+)*"),
    ("qm", r"\?[?!.\s]*"),
    ("brk", r"[.!;:]+|\n+| - "),
    ("span", r"(?<=\d) ?- ?(?=\d)"),
    ("comma", r","),
    ("plus", r"[&+]"),
)
JOINTS = {"plus": "and", "span": "to"}
TOKEN = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in KINDS))


def clean(text: str) -> str:
    """Lower-case ASCII-like text: no accents, emoji as words or gone, curly quotes straight, odd digits plain."""
    folded = unicodedata.normalize("NFKC", text[:LONGEST_TEXT].translate(SIGNS)).casefold()
    folded = NUMBER_SIGN.sub(" number ", folded[:LONGEST_TEXT])[:LONGEST_TEXT]
    return re.sub(
        r"\s+", " ", "".join(_plain(char) for char in unicodedata.normalize("NFD", LONG_NUMBER.sub(r"\1", folded)))
    ).strip()


def _plain(char: str) -> str:
    if char < "\x7f":
        return max(char, " ")
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if category in DROPPED:
        return ""
    return " " if category in SYMBOLS else char


def tokens_of(cleaned: str) -> list[Token]:
    """The entities and words of a cleaned text, words spelled, one token each."""
    joined = SPELLED_OUT.sub(_joined_letters, cleaned)
    joined = FOUR_FOR_FOR.sub(" for ", TWO_FOR_TO.sub(" to ", joined))
    found: list[Token] = []
    for match in islice(TOKEN.finditer(joined), MOST_TOKENS):
        kind, typed = match.lastgroup or "word", match.group()
        if kind == "word":
            found.extend(Token("word", word) for word in spell(typed))
        elif kind in JOINTS:
            found.append(Token("word", JOINTS[kind]))
        else:
            found.append(Token(kind, typed.strip()))
    return _without_list_commas(_with_figures(found))


def _with_figures(tokens: list[Token]) -> list[Token]:
    """Sums in words as one token each."""
    figured, last = [], 0
    for start, end, written in spelled_sums([token.text for token in tokens]):
        figured += [*tokens[last:start], Token("money", written)]
        last = end
    return figured + tokens[last:]


def _joined_letters(match: re.Match[str]) -> str:
    joined = re.sub(r"[^a-z]", "", match.group())
    return joined if joined in lexicon().vocabulary else match.group()


NUMBERED = frozenset({"num", "ord", "ref"})


def _without_list_commas(tokens: list[Token]) -> list[Token]:
    """ "1, 2" is one list; every other comma parts two clauses."""
    return [
        token
        for place, token in enumerate(tokens)
        if not (
            token.kind == "comma"
            and 0 < place < len(tokens) - 1
            and tokens[place - 1].kind in NUMBERED
            and tokens[place + 1].kind in NUMBERED
        )
    ]
