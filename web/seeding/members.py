"""One owner for each seeded merchant, with the authenticator set up already: a demo should not begin with one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyotp

from models.database import Database
from models.member import Member, Role
from models.signing import Purpose, Signer
from models.walls import ALL_MERCHANTS
from web.seeding.sowing import SeededMerchant

OWNERS = ("Avery Finch", "Marisol Prieto")
"""Of the hand-written merchants, in order; made-up ones are owned by "The owner"."""


@dataclass(frozen=True, slots=True)
class SeededMember:
    """`totp_secret` exists nowhere else in the clear."""

    merchant: str
    name: str
    email: str
    role: Role
    totp_secret: str


def enrol(database: Database, signer: Signer, now: datetime, seeded: Sequence[SeededMerchant]) -> list[SeededMember]:
    members = []
    for position, merchant in enumerate(seeded):
        secret, slug = pyotp.random_base32(), merchant.card.slug
        name = OWNERS[position] if position < len(OWNERS) else "The owner"
        made = SeededMember(slug, name, f"owner@{slug}.example", Role.OWNER, secret)
        members.append(made)
        with database.write(ALL_MERCHANTS) as session:
            session.add(
                Member(
                    merchant_id=merchant.row["id"],
                    email=made.email,
                    name=made.name,
                    role=made.role,
                    totp_secret=signer.hide(Purpose.TOTP, secret),
                    enrolled_at=now,
                    created_at=now,
                )
            )
    return members
