"""How a rule is written: names, sets and repeats over symbols, turned into one regular expression each.
It refuses a name nobody defined, and finds the symbols without which a rule cannot match."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.lexicon import lexicon

BOUNDARIES = ("brk", "qm", "comma")
CONNECTIVES = ("and", "but", "because", "so", "if")
PIECE = re.compile(
    r"(!\(|\(|\)|/|\^\^|\$\$|\$\.|\^|\$)([?*+]|\{\d*,?\d*\})?|([^\s()]+?)([?*+]|\{\d*,?\d*\})?(?=[\s()]|$)"
)
OPENINGS = ("(", "!(")
# A rule is looked up by its rarest symbol; small words are in nearly every text, so they rank last.
COMMON_COST = 20

Symbols = frozenset[str]


@dataclass(frozen=True, slots=True)
class Pattern:
    """`keys`: a text that holds none of these symbols cannot match. Empty: no such set is known."""

    regex: re.Pattern[str]
    keys: Symbols


@dataclass(frozen=True, slots=True)
class Piece:
    mark: str
    name: str
    repeat: str

    @property
    def is_needed(self) -> bool:
        return self.repeat in ("", "+") or bool(re.match(r"\{[1-9]", self.repeat))


def pieces_of(text: str) -> Iterator[Piece]:
    for match in PIECE.finditer(text):
        mark, mark_repeat, name, repeat = match.groups()
        yield Piece(mark or "", name or "", mark_repeat or repeat or "")


class Writer:
    """Writes one rule as a regular expression. A rule is names apart by spaces; `a|b` either; `? * +` repeats;
    `( a / b )` groups; `^ $` the edges of a clause, `$.` of a sentence, `^^ $$` of the text;
    `..` small words; `~` any one token; `!(` is not followed by, `<!a|b` not preceded by; `@name` a macro."""

    def __init__(self, symbols: dict[str, str], macros: dict[str, str], *, gap: str) -> None:
        self.symbols = symbols
        self.macros = macros
        self.gap = gap
        self.common = self.members("@small|x") | {symbols[name] for name in BOUNDARIES}
        edge = "".join(symbols[name] for name in (*BOUNDARIES, *CONNECTIVES))
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

    def pattern(self, text: str) -> Pattern:
        needed = self._sequence(iter(list(pieces_of(text))))
        return Pattern(re.compile(self.write(text)), min(needed, key=self._cost, default=frozenset()))

    def write(self, text: str) -> str:
        return "".join(self._written(piece) for piece in pieces_of(text))

    def members(self, names: str) -> Symbols:
        """The symbols of a set such as `pay|@when_words|factura`: concepts, macros, or words for their concept."""
        found: set[str] = set()
        for name in names.split("|"):
            macro = name.removeprefix("@")
            if name not in self.symbols and macro in self.macros:
                found |= self.members(self.macros[macro].strip())
            else:
                found.add(self.symbols.get(name) or self.symbols[lexicon().words[name]])
        return frozenset(found)

    def _written(self, piece: Piece) -> str:
        if fixed := self.fixed.get(piece.mark or piece.name):
            return fixed + piece.repeat
        if piece.name == "..":
            return _set(self.members(self.gap)) + "{0,6}"
        if piece.name.startswith("<!"):
            return f"(?<!{_set(self.members(piece.name[2:]))})"
        if inlined := self._inlined(piece):
            return f"(?:{self.write(inlined)}){piece.repeat}"
        return _set(self.members(piece.name)) + piece.repeat

    def _inlined(self, piece: Piece) -> str | None:
        """A macro that is a pattern rather than a set."""
        text = self.macros.get(piece.name.removeprefix("@"), "") if piece.name.startswith("@") else ""
        return text if " " in text.strip() else None

    def _sequence(self, pieces: Iterator[Piece]) -> list[Symbols]:
        """The sets of which a match holds one symbol each, up to the end of the group the pieces open in."""
        branches: list[list[Symbols]] = [[]]
        for piece in pieces:
            if piece.mark in OPENINGS:
                inner, closing = self._group(pieces)
                if piece.mark == "(" and closing.is_needed:
                    branches[-1].extend(inner)
            elif piece.mark == "/":
                branches.append([])
            elif piece.name and piece.name not in ("..", "~") and not piece.name.startswith("<!") and piece.is_needed:
                inlined = self._inlined(piece)
                sets = self._sequence(pieces_of(inlined)) if inlined else [self.members(piece.name)]
                branches[-1].extend(sets)
        return self._common_to(branches)

    def _group(self, pieces: Iterator[Piece]) -> tuple[list[Symbols], Piece]:
        inside: list[Piece] = []
        depth = 1
        for piece in pieces:
            depth += (piece.mark in OPENINGS) - (piece.mark == ")")
            if not depth:
                return self._sequence(iter(inside)), piece
            inside.append(piece)
        raise ValueError("a group in rules.toml is never closed")

    def _common_to(self, branches: list[list[Symbols]]) -> list[Symbols]:
        if len(branches) == 1:
            return branches[0]
        if not all(branches):
            return []
        return [frozenset().union(*(min(branch, key=self._cost) for branch in branches))]

    def _cost(self, symbols: Symbols) -> int:
        return sum(COMMON_COST if symbol in self.common else 1 for symbol in symbols)


def _set(symbols: Iterable[str]) -> str:
    return f"[{''.join(sorted(symbols))}]"
