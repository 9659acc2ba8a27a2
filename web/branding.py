"""The brand guard: one merchant colour becomes every brand role a page needs, readable in light and dark.

Owns the palette and the brand stylesheet. Refuses anything that is not a six-digit hex colour.
"""

import hashlib
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import lru_cache, partial

from models.colour import channels, contrast, linear
from models.errors import DomainError

TEXT_CONTRAST = 4.5  # WCAG 1.4.3, body text
EDGE_CONTRAST = 3.0  # WCAG 1.4.11, borders and controls
MARGIN = 1.02  # rounding to eight bits per channel may cost up to 1 %
LIGHTNESS_STEPS = 100
HOVER_STEP = 0.045  # OKLCH lightness
HEX_COLOUR = re.compile(r"#?([0-9a-fA-F]{6})")


class Mode(StrEnum):
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Palette:
    """Hex colours by role; the field names are the CSS custom properties (`on_fill` is `--on-fill`)."""

    fill: str
    fill_hover: str
    on_fill: str
    edge: str
    link: str
    tint: str


@dataclass(frozen=True, slots=True)
class Ground:
    """What a mode puts behind brand colours (the neutrals of app.css), its soft tint, and the contrast to aim for."""

    backdrops: tuple[str, ...]
    tint_lightness: float
    tint_chroma: float
    link_contrast: float
    edge_contrast: float


# Thin bright lines and letters on a dark ground need more than the legal minimum to look calm.
GROUNDS = {
    Mode.LIGHT: Ground(("#f3f5f8", "#ffffff", "#f8f9fb"), 0.962, 0.022, TEXT_CONTRAST, EDGE_CONTRAST),
    Mode.DARK: Ground(("#0e1116", "#171b22", "#1c212a"), 0.29, 0.034, 7.0, TEXT_CONTRAST),
}
LIGHT_TEXT, DARK_TEXT = "#ffffff", "#10151c"


def parse_hex(colour: str) -> str:
    """`#RRGGBB` or `RRGGBB` as `#rrggbb`. Raises DomainError("bad_colour")."""
    found = HEX_COLOUR.fullmatch(colour.strip())
    if found is None:
        raise DomainError("bad_colour")
    return f"#{found[1].lower()}"


@lru_cache(maxsize=1024)
def palette(colour: str, mode: Mode) -> Palette:
    """Every role for one mode, from one hex colour."""
    brand = parse_hex(colour)
    ground = GROUNDS[mode]
    _, chroma, hue = _to_oklch(brand)
    tint = _to_hex(ground.tint_lightness, min(chroma, ground.tint_chroma), hue)
    backdrops = (*ground.backdrops, tint)
    fill, on_fill = _button(brand)
    return Palette(
        fill=fill,
        fill_hover=_hovered(fill, on_fill),
        on_fill=on_fill,
        edge=_nearest(brand, lambda c: _stands_out(c, backdrops, ground.edge_contrast)),
        link=_nearest(brand, lambda c: _stands_out(c, backdrops, ground.link_contrast)),
        tint=tint,
    )


@lru_cache(maxsize=1024)
def stylesheet(colour: str) -> str:
    """The text of /brand/<merchant>.css: custom properties for both modes, nothing else."""
    light, dark = (_declarations(palette(colour, mode)) for mode in Mode)
    return f":root{{{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"


def stylesheet_url(public_id: str, colour: str) -> str:
    """The address changes with the colours, so the stylesheet may be cached for ever."""
    digest = hashlib.blake2b(stylesheet(colour).encode(), digest_size=6).hexdigest()
    return f"/brand/{public_id}.css?v={digest}"


def logo_url(public_id: str, version: str | None) -> str | None:
    """The address changes with the picture, so browsers may keep it for ever. None where there is no logo."""
    return f"/brand/{public_id}.png?v={version}" if version is not None else None


def _declarations(roles: Palette) -> str:
    names = (field.name for field in fields(roles))
    return ";".join(f"--{name.replace('_', '-')}:{getattr(roles, name)}" for name in names)


def _stands_out(colour: str, backdrops: Iterable[str], ratio: float) -> bool:
    return all(contrast(colour, backdrop) >= ratio * MARGIN for backdrop in backdrops)


def _button(brand: str) -> tuple[str, str]:
    """Fill and text: the brand as it is where white or ink reads on it, else moved as little as possible."""
    choices = [(_nearest(brand, partial(_reads, text)), text) for text in (LIGHT_TEXT, DARK_TEXT)]
    moved = [abs(_to_oklch(fill)[0] - _to_oklch(brand)[0]) for fill, _ in choices]
    # Saturated mid-tones look like buttons under white text, so ink must save a clear step.
    return choices[0] if moved[0] <= moved[1] + 0.06 else choices[1]


def _hovered(fill: str, text: str) -> str:
    lightness, chroma, hue = _to_oklch(fill)
    steps = [_to_hex(lightness + step, chroma, hue) for step in (-HOVER_STEP, HOVER_STEP)]
    return next((colour for colour in steps if colour != fill and _reads(text, colour)), fill)


def _reads(text: str, fill: str) -> bool:
    return contrast(fill, text) >= TEXT_CONTRAST * MARGIN


def _nearest(brand: str, fits: Callable[[str], bool]) -> str:
    """The fitting colour closest in OKLCH lightness, same hue, chroma lowered only to stay inside sRGB."""
    if fits(brand):
        return brand
    lightness, chroma, hue = _to_oklch(brand)
    levels = sorted((n / LIGHTNESS_STEPS for n in range(LIGHTNESS_STEPS + 1)), key=lambda v: abs(v - lightness))
    return next(colour for colour in (_to_hex(level, chroma, hue) for level in levels) if fits(colour))


# OKLab by Bjorn Ottosson (bottosson.github.io/posts/oklab), public domain constants.


def _encoded(part: float) -> float:
    return part * 12.92 if part <= 0.0031308 else float(1.055 * part ** (1 / 2.4) - 0.055)


def _to_oklch(colour: str) -> tuple[float, float, float]:
    red, green, blue = (linear(channel) for channel in channels(colour))
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    return lightness, math.hypot(a, b), math.atan2(b, a)


def _to_linear(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _to_hex(lightness: float, chroma: float, hue: float) -> str:
    """Into sRGB by lowering chroma alone: hue and lightness are what people recognise and read by."""
    lightness = min(max(lightness, 0.0), 1.0)
    low, high = 0.0, chroma
    if not _in_gamut(_to_linear(lightness, chroma, hue)):
        for _ in range(16):
            middle = (low + high) / 2
            inside = _in_gamut(_to_linear(lightness, middle, hue))
            low, high = (middle, high) if inside else (low, middle)
        chroma = low
    channels = (_encoded(min(max(part, 0.0), 1.0)) for part in _to_linear(lightness, chroma, hue))
    return "#" + "".join(f"{round(part * 255):02x}" for part in channels)


def _in_gamut(parts: Iterable[float]) -> bool:
    return all(-0.0005 <= part <= 1.0005 for part in parts)
