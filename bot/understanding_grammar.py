"""The grammar: rules.toml compiled to regular expressions over one symbol per token.
It reads symbols only, so a rule is written once for both languages, and it refuses a name nobody defined."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from bot.lexicon import Language, lexicon, read_toml
from bot.understanding_text import KINDS, Token

STRANGER = "x"
FILLER = "filler"
# Opting out counts wherever it is said; an answer to our question is an answer.
HEARD_ANYWAY = frozenset({"stop", "start", "email", "code", "choose"})
BOUNDARIES = ("brk", "qm", "comma")
FIRST_SYMBOL = 0xE000  # private use: never in a person's text, one code point per concept

# A stranger between two words of a rule is let pass, but not where a misreading costs money or silence.
STRICT = frozenset({"pay", "stop", "start", "question_stop", "choose", "greeting", "thanks", "more"})


@dataclass(frozen=True, slots=True)
class Rule:
    intent: str
    state: str | None
    weight: int
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Match:
    intent: str
    weight: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Grammar:
    symbols: dict[str, str]
    rules: tuple[Rule, ...]
    vetoes: dict[str, re.Pattern[str]]
    order: dict[str, int]
    in_turn: frozenset[str]
    chatter: re.Pattern[str]
    trade: re.Pattern[str]

    def matches(self, symbols: str, state: str) -> list[Match]:
        """The best match of every intent that nothing vetoes, heaviest first, ties by the order in rules.toml."""
        best: dict[str, Match] = {}
        for rule in self.rules:
            if rule.intent in best or (rule.state is not None and rule.state != state):
                continue
            if found := rule.pattern.search(symbols):
                best[rule.intent] = Match(rule.intent, rule.weight, found.start(), found.end())
        stray = self._is_chatter(symbols)
        kept = [
            m
            for m in best.values()
            if not self.silenced(m.intent, symbols) and not (stray and m.intent not in HEARD_ANYWAY)
        ]
        return sorted(kept, key=lambda match: (-match.weight, self.order[match.intent]))

    def _is_chatter(self, symbols: str) -> bool:
        """Whether a text speaks of some other life, and of the trade not once."""
        return self.chatter.search(symbols) is not None and self.trade.search(symbols) is None

    def silenced(self, intent: str, symbols: str) -> bool:
        veto = self.vetoes.get(intent)
        return veto is not None and veto.search(symbols) is not None


@cache
def grammar() -> Grammar:
    names = [*(kind for kind, _ in KINDS if kind != "word"), STRANGER, *lexicon().concepts]
    symbols = {name: chr(FIRST_SYMBOL + place) for place, name in enumerate(names)}
    source = read_toml("rules.toml")
    writer = Writer(symbols, {name: str(text) for name, text in source["macros"].items()})
    rules: list[Rule] = []
    vetoes: dict[str, re.Pattern[str]] = {}
    for key, table in source.items():
        if key in ("macros", "order"):
            continue
        intent, _, state = key.partition("_in_")
        gap = "@small" if intent in STRICT else "@small|x"
        for name, value in table.items():
            texts = _names(value)
            if name == "veto":
                vetoes[intent] = writer.pattern(texts, gap="@small")
            else:
                rules.append(Rule(intent, state or None, int(name[1:]), writer.pattern(texts, gap=gap)))
    rules.sort(key=lambda rule: -rule.weight)
    return Grammar(
        symbols,
        tuple(rules),
        vetoes,
        {intent: place for place, intent in enumerate(_names(source["order"]["intents"]))},
        frozenset(_names(source["order"]["in_turn"])),
        chatter=writer.pattern(_names(source["order"]["chatter"]), gap="@small"),
        trade=writer.pattern(_names(source["order"]["trade"]), gap="@small"),
    )


def _names(value: object) -> list[str]:
    if not isinstance(value, list):
        raise TypeError("rules.toml holds lists of patterns")
    return [str(name) for name in value]


PIECE = re.compile(
    r"(!\(|\(|\)|/|\^\^|\$\$|\$\.|\^|\$)([?*+]|\{\d*,?\d*\})?|([^\s()]+?)([?*+]|\{\d*,?\d*\})?(?=[\s()]|$)"
)


class Writer:
    """Writes one rule as a regular expression. A rule is names apart by spaces; `a|b` either; `? * +` repeats;
    `( a / b )` groups; `^ $` the edges of a clause, `$.` of a sentence, `^^ $$` of the text;
    `..` small words; `~` any one token; `!(` is not followed by, `<!a|b` not preceded by; `@name` a macro."""

    def __init__(self, symbols: dict[str, str], macros: dict[str, str]) -> None:
        self.symbols = symbols
        self.macros = macros
        self.gap = "@small"
        edge = "".join(symbols[name] for name in (*BOUNDARIES, "and", "but", "because", "so", "if"))
        within = "".join(symbols[name] for name in BOUNDARIES)
        self.fixed = {
            "(": "(?:",
            "!(": "(?!",
            ")": ")",
            "/": "|",
            "^^": r"\A",
            "$$": r"\Z",
            "^": f"(?<![^{edge}])",
            "$": f"(?![^{edge}])",
            "$.": f"(?![^{within}])",
            "~": f"[^{within}]",
        }

    def pattern(self, texts: list[str], *, gap: str) -> re.Pattern[str]:
        self.gap = gap
        return re.compile("|".join(f"(?:{self.write(text)})" for text in texts))

    def write(self, text: str) -> str:
        return "".join(self._piece(match) for match in PIECE.finditer(text))

    def _piece(self, match: re.Match[str]) -> str:
        mark, mark_repeat, name, repeat = match.groups()
        if mark:
            return self.fixed[mark] + (mark_repeat or "")
        if name in self.fixed:
            return self.fixed[name] + (repeat or "")
        if name == "..":
            return self._set(self.gap) + "{0,6}"
        if name.startswith("<!"):
            return f"(?<!{self._set(name[2:])})"
        if name.startswith("@") and "|" not in name and " " in self.macros[name[1:]].strip():
            return f"(?:{self.write(self.macros[name[1:]])}){repeat or ''}"
        return self._set(name) + (repeat or "")

    def _set(self, names: str) -> str:
        return f"[{''.join(sorted(self._members(names)))}]"

    def _members(self, names: str) -> set[str]:
        members: set[str] = set()
        for name in names.split("|"):
            macro = name.removeprefix("@")
            if name not in self.symbols and macro in self.macros:
                members |= self._members(self.macros[macro].strip())
            else:
                members.add(self.symbols.get(name) or self.symbols[lexicon().words[name]])
        return members


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as the grammar sees it: one symbol per concept or entity, and the language its words speak."""

    symbols: str
    language: Language | None


def read(tokens: Sequence[Token]) -> Reading:
    known, symbol = lexicon(), grammar().symbols
    marks: list[str] = []
    tally = {"en": 0, "es": 0, "any": 0}
    place = 0
    while place < len(tokens):
        token = tokens[place]
        if token.kind != "word":
            marks.append(symbol[token.kind])
            place += 1
            continue
        length, concept = _longest(tokens, place)
        if concept != FILLER:
            marks.append(symbol[concept])
        for word in tokens[place : place + length]:
            tally[known.languages.get(word.text, "any")] += 1
        place += length
    return Reading("".join(marks), _spoken(tally["en"], tally["es"]))


def _longest(tokens: Sequence[Token], place: int) -> tuple[int, str]:
    known = lexicon()
    for tail, concept in known.phrases.get(tokens[place].text, ()):
        following = tokens[place + 1 : place + 1 + len(tail)]
        if len(following) == len(tail) and all(t.text == word for t, word in zip(following, tail, strict=True)):
            return 1 + len(tail), concept
    return 1, known.words.get(tokens[place].text, STRANGER)


def _spoken(english: int, spanish: int) -> Language | None:
    if english == spanish:
        return None
    return "en" if english > spanish else "es"
