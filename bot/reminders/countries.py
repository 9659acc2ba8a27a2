"""Countries that a merchant texts beside its own: by their two letters (ISO 3166), or by name as people type them."""

from collections.abc import Iterable
from functools import lru_cache

import phonenumbers
from babel import Locale

from models.errors import DomainError

MOST_COUNTRIES = 40
ALL = frozenset(phonenumbers.SUPPORTED_REGIONS)
"""That have telephone numbers of their own. Satellites and the like have no country, and are never texted."""


def checked(codes: Iterable[object]) -> list[str]:
    """In order, each once. Raises DomainError("country_unknown")."""
    found = sorted({str(code) for code in codes})
    if len(found) > MOST_COUNTRIES or not ALL.issuperset(found):
        raise DomainError("country_unknown")
    return found


def read(text: str) -> list[str]:
    """ "Mexico, gb" as ["GB", "MX"]. Raises DomainError("country_unknown")."""
    words = [" ".join(word.split()) for word in text.replace(";", ",").split(",")]
    return checked(_codes().get(word.casefold(), word.upper()) for word in words if word)


def name(code: str) -> str:
    return str(Locale("en").territories.get(code, code))


def names(codes: Iterable[str]) -> str:
    """As `read` takes them."""
    return ", ".join(sorted(name(code).replace(",", "") for code in codes))


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    return {name(code).replace(",", "").casefold(): code for code in ALL}
