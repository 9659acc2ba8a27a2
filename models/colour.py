"""Hex colours as light: how bright one is and how well one reads on another (WCAG 2). Knows no brands and no pages."""

from functools import lru_cache

Rgb = tuple[int, int, int]


def channels(colour: str) -> Rgb:
    """Of `#rrggbb`."""
    value = int(colour[1:], 16)
    return value >> 16, value >> 8 & 255, value & 255


def linear(channel: int) -> float:
    part = channel / 255
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


@lru_cache(maxsize=4096)
def luminance(colour: str) -> float:
    """WCAG 2 relative luminance, 0 to 1."""
    red, green, blue = (linear(channel) for channel in channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
