"""Where quoted mail begins: the line above a quote, a quoted header, a divider. Pure; each look is bounded."""

import re

from bot.channels import quoting_words as words

ATTRIBUTION_LINES = 6
"""Programs wrap the line above a quote at 72 columns, and some put each part on a line of its own."""
ATTRIBUTION_CHARS = 400
HEADER_LINES = 8
NAME_CHARS = 60
LAST_WORDS_CHARS = 50

QUOTED = re.compile(r"[ \t]{0,3}(?:[A-Z]{0,3}>|\|(?:[ \t]|$))")
_RULE = re.compile(r"[ \t]*[-_=\u2013\u2014*\u2500]{2,200}[ \t]*$")
_DECORATION = re.compile(r"^[\s\-_*=>#\u2013\u2014\u2022~|]+|[\s\-_*=#:\u2013\u2014~|]+$")
_ADDRESS = re.compile(r"[^\s<>@\[\]()]{1,64}@[^\s<>@\[\]()]{1,190}")
_TIME = re.compile(
    r"\d{1,2}[:.h]\d{2}|\b(?:19|20)\d\d\b|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|\b\d{1,2}\.? ?[^\W\d_]{3,10}\b"
    r"|\b[^\W\d_]{3,10}\.? \d{1,2}\b|\u5e74"
)
_CLOCK = re.compile(r"\b(?:19|20)\d\d\b.{0,12}\b\d{1,2}:\d{2}")
_NO_VERB = re.compile(r"\d{4}-\d\d-\d\d \d{1,2}:\d\d GMT[+-]\d\d?(?::\d\d)? \S[^.!?]{1,60}:?$")
"""Gmail's former line: "2016-03-03 17:21 GMT+01:00 Some One <one@example.com>:", at times without the address."""
_VERBS = "(?:" + "|".join(sorted(map(re.escape, words.WROTE), key=len, reverse=True)) + ")"
_VERB = re.compile(rf"(?<!\w){_VERBS}(?!\w)")
_NAME_FIRST = re.compile(rf"[\"']?[^\W\d_a-z][\w.'\-]*(?: [^\W\d_a-z][\w.'\-]*){{0,4}}[\"']? {_VERBS}(?!\w)")
_MYSELF = re.compile(r"(?<!\w)(?:i|we|ich|wir|yo|je|nous|io|ik|eu) \S{1,20}:$")
_VERB_LAST = re.compile(rf"(?:{_VERBS}|(?<!\w)sent)" + r"(?: the following)?[\s.\-\u2026]*[:\uff1a]?[\s\-*_]*$")
_ENDS = re.compile(r"[:\uff1a]\s*$")
_WEEKDAY = (
    r"(?:mon|tue|wed|thu|fri|sat|sun|lun|mar|mi\u00e9|mi|jeu|jue|ven|vie|s\u00e1b|sam|dim|dom|do|di|do|wo|za|zo|vr|ma|"
    r"gio|mer|lun|sab|so|sa|fr|mo|seg|ter|qua|qui|sex|tir|ons|tor|fre|l\u00f8r|s\u00f8n|m\u00e5n|tis|pe|ke|to|la|su|ti|"
    r"\u043f\u043d|\u0432\u0442|\u0441\u0440|\u0447\u0442|\u043f\u0442|\u0441\u0431|\u0432\u0441)"
    r"[^\s\d,.]{0,12}[.,]{0,2} \d"
)
_OPENING = re.compile(
    rf"[\s*_\-]*(?:(?:on|am|le|el|il|op|em|no dia|den|på|w dniu|dnia|in data|quoting) |\d|{_WEEKDAY})"
)
_MID_LINE = re.compile(rf"(?:^|[ \t]|-)(?=(?:on|am|le|el|il|op|em) (?:\d|{_WEEKDAY}|[a-z]{{3}},))", re.IGNORECASE)
_FIELD = re.compile(r"[\s>*_]{0,8}([^\W\d_][^:\n\uff1a*]{0,24}?)[\s*_\u00a0]{0,4}[:\uff1a][\s*_]{0,4}(.*)")
_INLINE_DIVIDER = re.compile(rf"-{{3,}}.{{1,160}}{_VERBS}\s*:?\s*-{{3,}}\s*$")
_FROM = frozenset(words.FROM)
_FIELDS = frozenset(words.OTHER_FIELDS)
_BEGINNINGS = frozenset(words.FIRST_FIELDS)
_DIVIDERS = frozenset(words.DIVIDERS)


def is_rule(line: str) -> bool:
    """A line of dashes or the like, as programs draw between an answer and what it quotes."""
    return _RULE.match(line) is not None


def is_divider(lines: list[str], at: int) -> bool:
    """ "-----Original Message-----" and its kind: a title between dashes, before a colon, or above a quoted header."""
    if len(lines[at]) > 200:
        return False
    folded = lines[at].strip().casefold().replace("\u2019", "'")
    if _INLINE_DIVIDER.match(folded):
        return True
    if _DECORATION.sub("", folded) not in _DIVIDERS:
        return False
    below = next((after for after in range(at + 1, min(at + 4, len(lines))) if lines[after].strip()), None)
    return folded not in _DIVIDERS or (below is not None and header_length(lines, below) > 0)


def header_length(lines: list[str], at: int) -> int:
    """How many lines of a quoted header begin here (From, Sent, To, Subject in any language); 0: none do."""
    name, value = _field(lines[at])
    if name not in _FROM and not (name in _BEGINNINGS and _TIME.search(value.casefold())):
        return 0
    seen, last = {name}, at
    if " objet :" in value.casefold():  # Samsung's French one-liner
        seen.add("objet")
    for offset, line in enumerate(lines[at + 1 : at + 1 + HEADER_LINES], 1):
        other, _ = _field(line)
        if other in _FIELDS or other in _FROM:
            seen.add(other)
            last = at + offset
        elif not line.strip(" >*\t") and len(seen) > 2:
            break
    # "From: my bank, to: yours" is an answer: two fields are a header only with an address.
    has_address = any(_ADDRESS.search(line) for line in lines[at : last + 1])
    begins_well = name in _FROM or _CLOCK.search(value) is not None
    return last - at + 1 if len(seen) >= (2 if has_address and begins_well else 3) else 0


def attribution_length(lines: list[str], at: int) -> int:
    """How many lines of "On Monday Bob wrote:" begin here; 0: none do."""
    length = _attribution_from(lines, at)
    if any(before_attribution(line, lines[n + 1 :]) for n, line in enumerate(lines[at : at + length], at)):
        return 0
    first = _bare(lines[at]).casefold()
    if length > 1 and not _OPENING.match(first) and not _ADDRESS.search(first):
        # The end of a sentence may stand right above one: then it begins further down.
        starts_paragraph = at == 0 or not lines[at - 1].strip()
        if any(_OPENING.match(_bare(line).casefold()) for line in lines[at + 1 : at + length]):
            return 0
        if not (starts_paragraph and len(first) <= NAME_CHARS and not first.endswith((".", ",", "!", "?"))):
            return 0
    return length


def before_attribution(line: str, following: list[str]) -> str | None:
    """What stands before an attribution that a program has put on the answer's own line; None: there is none."""
    if (
        len(line) > ATTRIBUTION_CHARS
        or not _VERB_LAST.search(line[-LAST_WORDS_CHARS:].casefold())
        or _OPENING.match(line.casefold())
    ):
        return None
    for found in _MID_LINE.finditer(line):
        if found.end() and _is_attribution(line[found.end() :], following, 0):
            return line[: found.start()].rstrip(" \t-")
    return None


def _attribution_from(lines: list[str], at: int) -> int:
    joined = ""
    for count, line in enumerate(lines[at : at + ATTRIBUTION_LINES], 1):
        part = _bare(line)
        if not part and _is_broken_address(joined, lines, at + count):
            continue
        # A ">" that a wrapped address has lost to the next line is no quote.
        if not part or (count > 1 and QUOTED.match(line) and not _is_verb(line) and part != ":"):
            return 0
        joined = f"{joined} {part}".strip()
        if len(joined) > ATTRIBUTION_CHARS:
            return 0
        if _is_attribution(joined, lines, at + count):
            return count
    return 0


def _is_broken_address(joined: str, lines: list[str], at: int) -> bool:
    """Polymail writes the name, a blank line, and then the address over three lines."""
    return bool(joined) and at < len(lines) and lines[at].strip() == "<"


def _is_attribution(joined: str, lines: list[str], after: int) -> bool:
    folded = joined.casefold()
    has_address, has_time = _ADDRESS.search(folded) is not None, _TIME.search(folded) is not None
    opens, ends = _OPENING.match(folded) is not None, _ENDS.search(folded) is not None
    quoted_next = any(QUOTED.match(line) and not _is_verb(line) for line in _next_text(lines, after))
    if _NO_VERB.match(joined):
        return True
    if _VERB_LAST.search(folded[-LAST_WORDS_CHARS:]):
        if has_time and opens and (has_address or (ends and not _MYSELF.search(folded))):
            return True
        return ends and (has_address or quoted_next)
    if not (ends or quoted_next):
        return False
    verb = _VERB.search(folded)
    if quoted_next and has_time and has_address and opens and not verb:
        return True
    if not (ends and has_time):
        return False
    if verb and (has_address or quoted_next or _NAME_FIRST.match(joined)):
        return True
    return has_address and ("<" in joined or opens)


def _is_verb(line: str) -> bool:
    """ "> wrote:": the mark belongs to the address on the line before."""
    return _VERB_LAST.fullmatch(_bare(line).casefold()) is not None


def _next_text(lines: list[str], after: int) -> list[str]:
    return [line for line in lines[after : after + 3] if line.strip()][:1]


def _bare(line: str) -> str:
    return line.strip(" \t>*_\u00a0")


def _field(line: str) -> tuple[str, str]:
    matched = _FIELD.match(line[:500])
    return (matched[1].strip().casefold(), matched[2].strip()) if matched else ("", "")
