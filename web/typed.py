"""What people type that any part of web/ reads strictly: one line of words, an address."""

import phonenumbers

from models.customer import Channel, normalise_email
from models.errors import DomainError
from web.portal import email_problem


def line(text: str, longest: int) -> str:
    """One line without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:longest]


def address(channel: Channel, text: str, country: str) -> str:
    """As it is stored. Raises DomainError: "email_malformed", "phone_malformed"."""
    if channel is Channel.EMAIL:
        if email_problem(text.strip()) is not None:
            raise DomainError("email_malformed")
        return normalise_email(text)
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException as error:
        raise DomainError("phone_malformed") from error
    if not phonenumbers.is_possible_number(number):
        raise DomainError("phone_malformed")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
