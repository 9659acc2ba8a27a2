"""What hangs below an answer: signatures, "sent from my phone", sign-offs, disclaimers. Pure; never empties an answer
whose every line could be one."""

import re

from bot.channels import quoting_words as words

SIGN_OFF_CHARS = 45
SIGNATURE_LINES = 12
SIGNATURE_LINE_CHARS = 90
SENT_FROM_CHARS = 80

_DELIMITER = re.compile(r"\s{0,3}(?:--|\u2014|\u2013|-- ?\u00a0)\s*$")
_LONG_RULE = re.compile(r"\s{0,3}(?:[-\u2014\u2013]{3,}|_{2,}|\*{3,}|={3,}|\u2500{3,})\s*$")
_UNDERSCORES = re.compile(r"\s{0,3}_{5,}\s*$")
_LIST_FOOTER = re.compile(r"mailing list|listinfo|unsubscribe|google groups|to unsubscribe|groups\.google")
_SENTENCE = re.compile(r"[^\W\d_]{3,}[.!?]\s+[^\W_]|[,;] [^\W\d_]+ [^\W\d_]+ [^\W\d_]+ [^\W\d_]+ ")
_CONTACT = re.compile(r"@|https?:|www\.|\+?\d[\d .()/-]{6,}|\btel\b|\bphone\b|\bmobile\b|\bfax\b|\|", re.IGNORECASE)
_LINK = re.compile(r"[<(\[] ?https?:[^>)\]\s]{0,300} ?[>)\]]")
_REMARK = re.compile(
    r"\b(?:bank|account|banco|cuenta|konto|compte|banque|conto|banca|rekening|conta)"  # "sent from my bank account"
    r"|, (?:\w+ ){3}"
)
_TRIM = " \t*_.,;:!\u2026-\u2013\u2014\U0001f642\U0001f60a<>\u00a0"


def without_signature(text: str) -> str:
    lines = text.split("\n")
    end = len(lines)
    for at, line in enumerate(lines):
        if _ends_at(lines, at, line):
            end = at
            break
    return "\n".join(lines[:end]).strip()


def _ends_at(lines: list[str], at: int, line: str) -> bool:
    if not line.strip():
        return False
    if _DELIMITER.match(line) or _is_sent_from(lines, at):
        return True
    if not any(before.strip() for before in lines[max(0, at - 40) : at]):
        return False
    return _is_sign_off(lines, at) or _is_disclaimer(lines, at) or _is_ruled_signature(lines, at)


def _folded(line: str) -> str:
    return line.strip().strip(_TRIM).casefold().replace("\u2019", "'")


def _is_sent_from(lines: list[str], at: int) -> bool:
    """A short line alone in its paragraph, or the last one: "sent from my office I can see..." is an answer."""
    line = lines[at]
    folded = _folded(_LINK.sub("", line))
    if not folded.startswith(words.SENT_FROM) or len(folded) > SENT_FROM_CHARS:
        return False
    if folded.count(".") > 1 or "?" in folded or _REMARK.search(folded):
        return False
    after = [following for following in lines[at + 1 : at + 2] if following.strip()]
    return not after or len(_following(lines, at)) <= 3


def _is_sign_off(lines: list[str], at: int) -> bool:
    line = lines[at]
    if len(line) > SIGN_OFF_CHARS + 20:
        return False
    folded = _folded(line)
    if folded not in _SIGN_OFFS and not _is_sign_off_with_name(line):
        return False
    rest = _following(lines, at)
    if _only_names(rest):
        return False
    return len(rest) <= SIGNATURE_LINES or _reads_as_signature(rest[:SIGNATURE_LINES])


def _only_names(rest: list[str]) -> bool:
    """ "Regards, Bob" is how a letter ends; a signature says more than a name."""
    return len(rest) <= 1 and all(_is_short(line) and not _CONTACT.search(line) for line in rest)


def without_sign_off(text: str) -> str:
    """For reading what is wanted: "2, regards, Bob" wants 2. Leaves a text that is nothing else."""
    lines = text.split("\n")
    for at, line in enumerate(lines):
        says_goodbye = _folded(line) in _SIGN_OFFS or _is_sign_off_with_name(line)
        if at and says_goodbye and _only_names(_following(lines, at)):
            return "\n".join(lines[:at]).strip() or text
    return text


def _is_sign_off_with_name(line: str) -> bool:
    """ "Best regards, Bob" on one line."""
    before, comma, name = line.strip().partition(",")
    return (
        bool(comma) and _folded(before) in _SIGN_OFFS and 0 < len(name.split()) <= 4 and not name.rstrip().endswith("?")
    )


def _is_disclaimer(lines: list[str], at: int) -> bool:
    folded = _folded(lines[at]).lstrip("([\"'# ")
    if not folded.startswith(words.DISCLAIMERS):
        return False
    if lines[at - 1].strip() and not _LONG_RULE.match(lines[at - 1]):
        return False
    paragraph = " ".join(_paragraph(lines, at)).casefold()
    return any(stem in paragraph for stem in words.LEGAL)


def _is_ruled_signature(lines: list[str], at: int) -> bool:
    """A longer rule is as often a heading's underline: only what reads as a signature below it makes it one."""
    if not _LONG_RULE.match(lines[at]):
        return False
    rest = _following(lines, at)
    if not rest:
        return True
    if any(_LIST_FOOTER.search(line.casefold()) for line in rest[:8]):
        return True
    if _UNDERSCORES.match(lines[at]) and len(rest) <= 6 and all(_is_short(line) for line in rest):
        return True
    return len(rest) <= SIGNATURE_LINES and _reads_as_signature(rest)


def _reads_as_signature(rest: list[str]) -> bool:
    if not rest:
        return True
    if any(_folded(line).startswith(words.DISCLAIMERS) for line in rest[:4]):
        return True
    return all(_is_short(line) for line in rest) and any(_CONTACT.search(line) for line in rest)


def _is_short(line: str) -> bool:
    return len(line) <= SIGNATURE_LINE_CHARS and not _SENTENCE.search(line)


def _following(lines: list[str], at: int) -> list[str]:
    return [line for line in lines[at + 1 : at + 60] if line.strip()]


def _paragraph(lines: list[str], at: int) -> list[str]:
    found = []
    for line in lines[at : at + 30]:
        if not line.strip():
            break
        found.append(line)
    return found


_SIGN_OFFS = frozenset(words.SIGN_OFFS)
