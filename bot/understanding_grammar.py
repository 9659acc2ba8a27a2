"""The grammar: rules.toml over one symbol per token, so a rule is written once for both languages.
It reads symbols only; words become symbols here, entities arrive as tokens."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from threading import Lock

from bot.lexicon import Language, lexicon, read_toml
from bot.understanding_notation import Pattern, Writer
from bot.understanding_text import KINDS, Token

STRANGER = "x"
FILLER = "filler"
# Opting out counts wherever it is said; an answer to our question is an answer.
HEARD_ANYWAY = frozenset({"stop", "start", "email", "code", "choose"})
# A stranger between two words of a rule is let pass, but not where a misreading costs money or silence.
STRICT = frozenset({"pay", "stop", "start", "question_stop", "choose", "greeting", "thanks", "more"})
FIRST_SYMBOL = 0xE000  # private use: never in a person's text, one code point per concept
# A text worth reading is shorter; the cap bounds the work that a hostile one can cause.
MOST_SYMBOLS = 160
MOST_IN_A_ROW = 4

_one_builder = Lock()


@dataclass(frozen=True, slots=True)
class Rule:
    intent: str
    state: str | None
    weight: int
    pattern: Pattern


@dataclass(frozen=True, slots=True)
class Match:
    intent: str
    weight: int
    start: int
    end: int
    in_state: bool


@dataclass(frozen=True, slots=True)
class Grammar:
    """`rules` run from the heaviest down; `by_symbol` holds the places of the rules worth trying for a symbol."""

    symbols: dict[str, str]
    rules: tuple[Rule, ...]
    by_symbol: dict[str, tuple[int, ...]]
    vetoes: dict[str, tuple[Pattern, ...]]
    order: dict[str, int]
    in_turn: frozenset[str]
    chatter: tuple[Pattern, ...]
    trade: tuple[Pattern, ...]
    hints: dict[str, tuple[Pattern, ...]]

    def matches(self, symbols: str, state: str) -> list[Match]:
        """The best match of every intent that nothing vetoes, heaviest first, ties by the order in rules.toml."""
        best: dict[str, Match] = {}
        stray = self._is_chatter(symbols)
        for rule in self._worth_trying(symbols):
            if rule.intent in best or (rule.state is not None and rule.state != state):
                continue
            if stray and rule.intent not in HEARD_ANYWAY:
                continue
            if found := rule.pattern.regex.search(symbols):
                best[rule.intent] = Match(rule.intent, rule.weight, *found.span(), rule.state is not None)
        kept = [match for match in best.values() if not self.silenced(match.intent, symbols)]
        return sorted(kept, key=lambda match: (-match.weight, self.order[match.intent]))

    def silenced(self, intent: str, symbols: str) -> bool:
        return _any_in(self.vetoes.get(intent, ()), symbols)

    def hinted(self, intent: str, symbols: str) -> bool:
        """Whether a text that is about us holds a hint of this intent, for those that need one."""
        return _any_in(self.hints[intent], symbols) and not _any_in(self.chatter, symbols)

    def _worth_trying(self, symbols: str) -> list[Rule]:
        places = set(self.by_symbol[""])
        for symbol in set(symbols):
            places.update(self.by_symbol.get(symbol, ()))
        return [self.rules[place] for place in sorted(places)]

    def _is_chatter(self, symbols: str) -> bool:
        """Whether a text speaks of some other life, and of the trade not once."""
        return _any_in(self.chatter, symbols) and not _any_in(self.trade, symbols)


def _any_in(patterns: Iterable[Pattern], symbols: str) -> bool:
    present = set(symbols)
    return any(not (p.keys and p.keys.isdisjoint(present)) and p.regex.search(symbols) for p in patterns)


def grammar() -> Grammar:
    """Takes a second to build: whoever asks meanwhile waits for the one that is being built."""
    with _one_builder:
        return _built()


@cache
def _built() -> Grammar:
    names = [*(kind for kind, _ in KINDS if kind != "word"), STRANGER, *lexicon().concepts]
    symbols = {name: chr(FIRST_SYMBOL + place) for place, name in enumerate(names)}
    source = read_toml("rules.toml")
    macros = {name: str(text) for name, text in source.pop("macros").items()}
    order, hints = source.pop("order"), source.pop("hints")
    strict, loose = Writer(symbols, macros, gap="@small"), Writer(symbols, macros, gap="@small|x")
    rules: list[Rule] = []
    vetoes: dict[str, tuple[Pattern, ...]] = {}
    for key, table in source.items():
        intent, _, state = key.partition("_in_")
        for name, value in table.items():
            if name == "veto":
                vetoes[intent] = _patterns(value, strict)
            else:
                writer = strict if intent in STRICT else loose
                rules.extend(Rule(intent, state or None, int(name[1:]), p) for p in _patterns(value, writer))
    rules.sort(key=lambda rule: -rule.weight)
    return Grammar(
        symbols,
        tuple(rules),
        _by_symbol(rules),
        vetoes,
        {intent: place for place, intent in enumerate(_names(order["intents"]))},
        frozenset(_names(order["in_turn"])),
        chatter=_patterns(order["chatter"], strict),
        trade=_patterns(order["trade"], strict),
        hints={intent: _patterns(value, strict) for intent, value in hints.items()},
    )


def _by_symbol(rules: Sequence[Rule]) -> dict[str, tuple[int, ...]]:
    places: dict[str, list[int]] = {"": []}
    for place, rule in enumerate(rules):
        for symbol in rule.pattern.keys or ("",):
            places.setdefault(symbol, []).append(place)
    return {symbol: tuple(found) for symbol, found in places.items()}


def _patterns(value: object, writer: Writer) -> tuple[Pattern, ...]:
    return tuple(writer.pattern(text) for text in _names(value))


def _names(value: object) -> list[str]:
    if not isinstance(value, list):
        raise TypeError("rules.toml holds lists of patterns")
    return [str(name) for name in value]


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
    while place < len(tokens) and len(marks) < MOST_SYMBOLS:
        token = tokens[place]
        if token.kind != "word":
            marks.append(symbol[token.kind])
            place += 1
            continue
        length, concept = _longest(tokens, place)
        if concept != FILLER and marks[-MOST_IN_A_ROW:] != [symbol[concept]] * MOST_IN_A_ROW:
            marks.append(symbol[concept])
        for word in tokens[place : place + length]:
            tally[known.languages.get(word.text, "any")] += 1
        place += length
    return Reading("".join(marks), _spoken(tally["en"], tally["es"]))


def _longest(tokens: Sequence[Token], place: int) -> tuple[int, str]:
    """The longest phrase that begins here, in tokens, and its concept; else the one word."""
    known = lexicon()
    second = tokens[place + 1].text if place + 1 < len(tokens) else None
    for tail, concept in known.phrases.get(tokens[place].text, ()):
        if tail[0] == second and tuple(t.text for t in tokens[place + 1 : place + 1 + len(tail)]) == tail:
            return 1 + len(tail), concept
    return 1, known.words.get(tokens[place].text, STRANGER)


def _spoken(english: int, spanish: int) -> Language | None:
    if english == spanish:
        return None
    return "en" if english > spanish else "es"
