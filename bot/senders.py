"""How fast each kind of our own numbers may send: what carriers allow, by the number's shape."""

from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberType

SHORT_CODE_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Sender:
    """`queue`: the one whose rate it is. One start is one text: of several segments, too."""

    queue: str
    per_second: float


LONG_CODE = Sender("sms", 1.0)
TOLL_FREE = Sender("sms_toll_free", 3.0)
SHORT_CODE = Sender("sms_short_code", 10.0)


@lru_cache(maxsize=4096)
def sender(address: str) -> Sender:
    """A Messaging Service or a name is held to the slowest."""
    if address.isdigit() and len(address) <= SHORT_CODE_DIGITS:
        return SHORT_CODE
    try:
        kind = phonenumbers.number_type(phonenumbers.parse(address))
    except phonenumbers.NumberParseException:
        return LONG_CODE
    return TOLL_FREE if kind == PhoneNumberType.TOLL_FREE else LONG_CODE
