"""Who is signed in, for the length of one request."""

from dataclasses import dataclass
from typing import cast

from flask import g

from models.member import ConsoleSession, Member
from models.merchant import Merchant


@dataclass(frozen=True, slots=True)
class Visitor:
    """Rows are detached: read their columns, never write them."""

    session: ConsoleSession
    member: Member
    merchant: Merchant


def visitor() -> Visitor:
    """Only behind access.guard."""
    return cast(Visitor, g.visitor)
