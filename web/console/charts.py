"""Geometry of the plots: numbers to SVG attributes. No style attributes, so the strict policy holds; the words around
them and the table behind each are in the templates."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 700, 200
GAP = 0.38
"""Share of each place that stays empty between two bars."""
_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Bars:
    """`top` is the value of the highest line; `lines` are its height, half of it and zero."""

    bars: tuple[Bar, ...]
    top: int
    lines: tuple[float, ...] = (0.5, HEIGHT / 2, HEIGHT - 0.5)
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True, slots=True)
class Slice:
    x: float
    width: float
    kind: str


def bars(values: Sequence[int]) -> Bars:
    top = nice(max(values, default=0))
    place = WIDTH / max(len(values), 1)
    shown = []
    for n, value in enumerate(values):
        tall = round(HEIGHT * value / top, 1)
        shown.append(Bar(round((n + GAP / 2) * place, 1), round(HEIGHT - tall, 1), round(place * (1 - GAP), 1), tall))
    return Bars(tuple(shown), top)


def nice(value: int) -> int:
    """The next round number above: 2,480 becomes 2,500. Always even in halves, never zero."""
    size = 1
    while size * 10 < value:
        size *= 10
    return next((int(size * step) for step in _STEPS if size * step >= value and size * step >= 2), 2)


def share(part: int, whole: int) -> float:
    """Percent, at least a visible sliver of anything that is not nothing."""
    return max(round(100 * part / whole, 1), 1.5) if part and whole else 0.0


def stack(parts: Sequence[tuple[str, int]]) -> tuple[Slice, ...]:
    """Side by side to a hundred, with a thin gap between them."""
    whole = sum(n for _, n in parts)
    wide = {kind: share(n, whole) for kind, n in parts if n}
    scale = 100 / sum(wide.values()) if wide else 0
    slices, x = [], 0.0
    for kind, width in wide.items():
        slices.append(Slice(round(x, 2), round(width * scale - 0.4, 2), kind))
        x += width * scale
    return tuple(slices)
