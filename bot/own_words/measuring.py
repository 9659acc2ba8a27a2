"""How words come out: for made-up customers, and as long as they realistically get; what they cost as a text, and which
characters make them dear."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from bot import letters, rendering
from bot.gsm import Encoding, Segments, segments, to_gsm
from bot.own_words import book as books
from bot.own_words import judging, tills
from bot.own_words.book import Book
from bot.own_words.catalogue import MOST_SEGMENTS, PHONE_CHARS, Part, Template
from bot.own_words.judging import Fault
from models.merchant import Merchant
from models.money import Money

_USUAL = {"en": "Rosa Delgado", "es": "Rosa Delgado"}
_LONG_NAME, _LONG_NUMBER, _LONG_COUNT = "Bartholomew Featherstone", "INV-2026-1042-99", "120"
_USUAL_MINOR, _LONG_MINOR = 1_284_50, 128_284_50
_USUAL_DAY, _LONG_DAY = date(2026, 6, 12), date(2026, 9, 28)  # "28 sept" is as long as days get
_REFERENCE = "7F3K2Q"
_RESERVED = frozenset({"STOPALL", "UNSUBSCRIBE", "END", "QUIT", "CANCEL", "REVOKE", "OPTOUT", "YES", "UNSTOP", "INFO"})
"""Carriers answer these themselves: a customer who is asked to reply one of them never reaches us."""
_DEBT = frozenset({"debt", "debts", "collections", "collector", "deuda", "deudas", "cobranza"})
"""Carriers take texts with these for third parties' debt collection (Twilio 30863, 30943)."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A character that GSM-7 lacks. `plain`: what stands nearest; "": it would go."""

    character: str
    plain: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One made-up customer's message. `size`: of a text."""

    who: str
    text: str = ""
    subject: str = ""
    opening: str = ""
    size: Segments | None = None


@dataclass(frozen=True, slots=True)
class Examined:
    """`shown`: the usual, the one without an amount where that can be, the longest; none while there are faults that
    keep the words from being filled."""

    faults: Sequence[Fault]
    warnings: Sequence[Fault] = ()
    foreign: Sequence[Foreign] = ()
    shown: Sequence[Shown] = field(default_factory=tuple)

    @property
    def longest(self) -> Segments | None:
        return self.shown[-1].size if self.shown else None


def examine(
    base_url: str, merchant: Merchant, template: Template, language: str, words: Mapping[Part, str]
) -> Examined:
    """`words` are tidy. Part by part; what is left out is shown in Till's words."""
    found = judging.faults(template, words)
    foreign = foreign_to_gsm(words.get(Part.TEXT, ""))
    if found:
        return Examined(found, foreign=foreign)
    shown = [_shown(base_url, merchant, template, language, words, who) for who in _people(template, words)]
    longest = shown[-1].size
    if longest is not None and longest.count > MOST_SEGMENTS:
        found = [Fault("too_many_segments", Part.TEXT, str(longest.count), str(MOST_SEGMENTS))]
    return Examined(found, _warnings(words, shown), foreign, shown)


def foreign_to_gsm(text: str) -> tuple[Foreign, ...]:
    return tuple(Foreign(one, to_gsm(one)) for one in dict.fromkeys(text) if to_gsm(one) != one)


def in_gsm(words: Mapping[Part, str]) -> dict[Part, str]:
    """The text in plain letters; emails need none of that."""
    return {part: judging.tidied(to_gsm(source)) if part is Part.TEXT else source for part, source in words.items()}


def _people(template: Template, words: Mapping[Part, str]) -> tuple[str, ...]:
    lacks = any("{amount}" in source for source in words.values()) and template.name.startswith("remind")
    return ("usual", "no_amount", "longest") if lacks else ("usual", "longest")


def _shown(
    base_url: str, merchant: Merchant, template: Template, language: str, words: Mapping[Part, str], who: str
) -> Shown:
    book = Book(base_url, {(template.name, language): words})
    values = _values(base_url, merchant, language, who, in_text=not template.is_email)
    if template.is_email:
        subject, opening = (books.line(template.name, language, part, values, book) for part in template.parts)
        return Shown(who, subject=subject[: letters.SUBJECT_CHARS], opening=opening)
    said = books.filled(words[Part.TEXT], language, values)
    text = books.with_link(said, template.name, base_url)
    return Shown(who, text=text, size=segments(text))


def _values(base_url: str, merchant: Merchant, language: str, who: str, *, in_text: bool) -> dict[str, str | None]:
    is_long = who == "longest"
    clean = rendering.clean if in_text else rendering.plain
    amount = Money(_LONG_MINOR if is_long else _USUAL_MINOR, merchant.currency)
    return {
        "merchant": clean(merchant.name),
        "customer": _LONG_NAME if is_long else _USUAL[language],
        "invoice": _LONG_NUMBER if is_long else "INV-1042",
        "amount": None if who == "no_amount" else rendering.money(amount, language),
        "due": rendering.day(_LONG_DAY if is_long else _USUAL_DAY, language),
        "count": _LONG_COUNT if is_long else "3",
        "reference": _REFERENCE,
        "link": "{link}",
        "portal": f"{base_url}/m/{merchant.slug}",
        "phone": clean(merchant.phone, PHONE_CHARS),
    }


def _warnings(words: Mapping[Part, str], shown: Sequence[Shown]) -> list[Fault]:
    usual, text = shown[0].size, words.get(Part.TEXT, "")
    spoken = text.replace(tills.phrase("stop", "en"), "").replace("{", " ").replace("}", " ").split()
    bare = [word.strip(".,:;!?()¿¡\"'") for word in spoken]
    found = [Fault("reserved_word", Part.TEXT, word) for word in dict.fromkeys(bare) if word in _RESERVED]
    found += [Fault("debt_word", Part.TEXT, word) for word in dict.fromkeys(bare) if word.lower() in _DEBT]
    if usual is not None and usual.encoding is Encoding.UCS_2:
        found.append(Fault("ucs_2", Part.TEXT))
    if usual is not None and usual.count > 1:
        found.append(Fault("two_segments", Part.TEXT, str(usual.count)))
    return found
