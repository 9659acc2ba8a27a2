"""What a phone number tells about itself: whether it can be texted, and in which country it is."""

from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberType, region_code_for_country_code, region_code_for_number

from bot.reminders.places import is_us
from models.reminder import SkipReason

_NEVER = frozenset(
    {
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
        PhoneNumberType.PAGER,
    }
)
US_CHARS = len("+12065550142")
_LANDLINE = PhoneNumberType.FIXED_LINE


@dataclass(frozen=True, slots=True)
class Number:
    """`country`: ISO 3166, that of the whole plan where the number itself is in none."""

    country: str
    problem: SkipReason | None


@lru_cache(maxsize=65_536)
def number(phone: str) -> Number:
    if len(phone) == US_CHARS and is_us(phone):  # nine in ten, and the library takes a while
        return Number("US", None)
    try:
        parsed = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return Number("", SkipReason.BAD_ADDRESS)
    country = region_code_for_number(parsed) or region_code_for_country_code(parsed.country_code or 0)
    if not phonenumbers.is_possible_number(parsed):
        return Number(country, SkipReason.BAD_ADDRESS)
    kind = phonenumbers.number_type(parsed)
    if kind in _NEVER:
        return Number(country, SkipReason.UNSUPPORTED_COUNTRY)
    return Number(country, SkipReason.BAD_ADDRESS if kind == _LANDLINE else None)
