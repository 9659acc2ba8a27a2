"""Draws a run's figures as one SVG that needs nothing else and reads in light and in dark."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

WIDTH, BAR, GAP, LEFT, RIGHT = 760, 18, 6, 210, 90
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1f2328}.h{font-weight:600}"
    "rect{fill:#8c959f}rect.till{fill:#0969da}"
    "@media(prefers-color-scheme:dark){text{fill:#f0f6fc}rect{fill:#656c76}rect.till{fill:#4493f8}}"
)

Parts = Mapping[str, Mapping[str, Any]]


def draw(kept: Parts) -> str:
    parts, y = [], 24
    for title, bars in _panels(kept):
        parts.append(f'<text class="h" x="0" y="{y}">{escape(title)}</text>')
        y += 12
        longest = max(value for _, value, _ in bars)
        for label, value, is_till in bars:
            parts += _bar(label, value, is_till, longest, y)
            y += BAR + GAP
        y += 28
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y - 20}" role="img">'
    return f"{head}<title>What make bench measured</title><style>{STYLE}</style>{''.join(parts)}</svg>\n"


def _bar(label: str, value: float, is_till: bool, longest: float, y: int) -> list[str]:
    wide, kind = round((WIDTH - LEFT - RIGHT) * value / longest, 1), ' class="till"' if is_till else ""
    middle = y + BAR - 5
    return [
        f'<text x="{LEFT - 8}" y="{middle}" text-anchor="end">{escape(label)}</text>',
        f'<rect{kind} x="{LEFT}" y="{y}" width="{wide}" height="{BAR}" rx="2"/>',
        f'<text x="{LEFT + wide + 6}" y="{middle}">{value:,g}</text>',
    ]


def _panels(kept: Parts) -> Iterator[tuple[str, list[tuple[str, float, bool]]]]:
    for row in [row for name, part in kept.items() if name.startswith("turn") for row in part["rows"]]:
        sides = [(key.removesuffix(" req/s"), value) for key, value in row.items() if key.endswith("req/s")]
        yield f"Texts a second on {row['database']}", [(side, value, side == "till") for side, value in sides]
    pages = kept.get("pages", {"rows": []})["rows"]
    if pages:
        sizes = [key for key in pages[0] if key.endswith("p50 ms")]
        bars = [(f"{row['page']}, {size.partition(':')[0]}", row[size], True) for row in pages for size in sizes]
        yield "Milliseconds for a page (median), by how many invoices there are", bars
