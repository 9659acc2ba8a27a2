"""What an area code tells is what the library tells of the whole number."""

import phonenumbers
import pytest
from phonenumbers import timezone as phone_zones

from bot.reminders.numbers import Number, number
from bot.reminders.places import place_of
from models.reminder import SkipReason

CANADIANS = ("+12045550142", "+12502340142", "+12509990142", "+14165550142", "+15142000199", "+18679200142")


@pytest.mark.parametrize("phone", CANADIANS)
def test_it_knows_a_canadian_and_their_zones(phone: str) -> None:
    parsed = phonenumbers.parse(phone)
    assert number(phone) == Number("CA", None)
    assert phonenumbers.region_code_for_number(parsed) == "CA"
    assert place_of(phone, "CA", None, "America/New_York").zones == tuple(phone_zones.time_zones_for_number(parsed))


def test_it_takes_no_islander_for_a_canadian() -> None:
    assert number("+12423220142").problem is SkipReason.BAD_ADDRESS  # a landline of the Bahamas, which share the plan
    assert number("+12423590142") == Number("BS", None)


def test_it_refuses_a_canadian_area_code_with_too_few_digits() -> None:
    assert number("+1416555014").problem is SkipReason.BAD_ADDRESS
