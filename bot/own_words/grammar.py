"""The language of templates: plain words, `{placeholder}`, and `[words with a {placeholder}]` that are left out where
it has no value. Reads any text without raising, computes nothing, repeats nothing."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

_PIECE = re.compile(r"\{([^{}]*)\}|([{}\[\]])")


@dataclass(frozen=True, slots=True)
class Piece:
    """`word`: what stands there. `kind`: "words", "placeholder" (its name), or "mark": a lone brace or a bracket."""

    kind: str
    word: str


@lru_cache(maxsize=1024)
def pieces(source: str) -> tuple[Piece, ...]:
    return tuple(_pieces(source))


def _pieces(source: str) -> Iterator[Piece]:
    at = 0
    for found in _PIECE.finditer(source):
        if found.start() > at:
            yield Piece("words", source[at : found.start()])
        yield Piece("mark", found[2]) if found[2] else Piece("placeholder", found[1])
        at = found.end()
    if at < len(source):
        yield Piece("words", source[at:])


def placeholders(source: str) -> tuple[str, ...]:
    return tuple(piece.word for piece in pieces(source) if piece.kind == "placeholder")


def fill(source: str, values: Mapping[str, str | None], otherwise: Mapping[str, str]) -> str:
    """Outside brackets `otherwise` stands in for a value that is None. Raises KeyError for a placeholder that is in
    neither: what was judged has none."""
    said: list[str] = []
    group: list[str] | None = None
    lacks = False
    for piece in pieces(source):
        if piece.kind == "mark":
            if group is not None and not lacks:
                said.extend(group)
            group, lacks = ([], False) if piece.word == "[" else (None, False)
            continue
        word = piece.word
        if piece.kind == "placeholder":
            value = values[piece.word]
            lacks |= group is not None and value is None
            word = value if value is not None else "" if group is not None else otherwise[piece.word]
        (said if group is None else group).append(word)
    return "".join(said if group is None or lacks else said + group)
