"""Where a recipient is, as far as hours go: the postal code first, else the area code, else what the number's country
code leaves open. Wherever it stays open, every zone that it may be counts."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers

WHERE = Path(__file__).parent / "where"
CONTINENTAL = ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles")
"""For a number of the +1 plan that tells no more."""
_UNKNOWN = "Etc/Unknown"
_EXCHANGE_CHARS = len("+1416555")
_MOST_ZONES = 6
"""A number that may be in more zones than this tells nothing: toll-free ones have forty."""


@dataclass(frozen=True, slots=True)
class Place:
    """`zones`: at least one; `states`: USPS codes, none outside the United States."""

    zones: tuple[str, ...]
    states: tuple[str, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        """The one to show times in."""
        return ZoneInfo(self.zones[0])


@lru_cache(maxsize=65_536)
def place_of(phone: str, country: str, postal_code: str | None, merchant_zone: str) -> Place:
    """`country` is the recipient's, by the number (see `numbers`); `merchant_zone` stands in for what nothing tells."""
    by_post = _by_postal_code(postal_code) if postal_code and country in ("US", "") else None
    return by_post or _by_phone(phone, country, merchant_zone)


def is_us(phone: str) -> bool:
    """By its area code."""
    return phone.startswith("+1") and phone[2:5] in _area_codes()


def _by_postal_code(postal_code: str) -> Place | None:
    digits = postal_code.strip()[:3]
    return _zip_codes().get(digits) if len(digits) == 3 and digits.isdigit() else None


def _by_phone(phone: str, country: str, merchant_zone: str) -> Place:
    if is_us(phone):
        return _area_codes()[phone[2:5]]
    # The library's zones go by seven digits of the +1 plan at most; and it takes a while for each number.
    found = _zones_near(phone[:_EXCHANGE_CHARS]) if country == "CA" else _zones_of(phone)
    zones = tuple(zone for zone in found if zone in available())
    if zones:
        return Place(zones)
    if phone.startswith("+1"):
        nearby = (merchant_zone,) if merchant_zone.startswith("America/") else ()
        return Place(tuple(dict.fromkeys((*nearby, *CONTINENTAL))))
    return Place((merchant_zone,))


@lru_cache(maxsize=8192)
def _zones_near(exchange: str) -> tuple[str, ...]:
    return _zones_of(f"{exchange}0142")


def _zones_of(phone: str) -> tuple[str, ...]:
    try:
        zones_for = import_module("phonenumbers.timezone").time_zones_for_number  # a table of 0.6 MB
        zones = tuple(zones_for(phonenumbers.parse(phone)))
    except phonenumbers.NumberParseException:
        return ()
    return () if _UNKNOWN in zones or len(zones) > _MOST_ZONES else zones


@lru_cache(maxsize=1)
def available() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(maxsize=1)
def _area_codes() -> dict[str, Place]:
    return {row["code"]: Place(tuple(row["zones"].split()), (row["state"],)) for row in _rows("area_codes.csv")}


@lru_cache(maxsize=1)
def _zip_codes() -> dict[str, Place]:
    return {
        f"{prefix:03}": Place(tuple(row["zones"].split()), (row["state"],))
        for row in _rows("zip_codes.csv")
        for prefix in range(int(row["first"]), int(row["last"]) + 1)
    }


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (WHERE / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(line for line in file if not line.startswith("#"))
