"""A merchant's people in tests: made with their authenticator set up, signed in as a browser without script does it."""

from dataclasses import dataclass

import pyotp
import sqlalchemy as sa
from werkzeug.test import TestResponse

from models.audit import AuditEntry
from models.member import TOTP_PERIOD, Member, Role
from models.signing import Purpose
from tests.support.visitor import Visitor
from tests.support.world import World

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def add_member(
    world: World, slug: str = "acme", role: Role = Role.OWNER, *, email: str = "", enrolled: bool = True
) -> Member:
    now, merchant = world.clock.now(), world.merchants[slug]
    member = Member(
        merchant_id=merchant.id,
        email=email or f"{role.value}@{slug}.example",
        name=f"{role.value.title()} of {merchant.name}",
        role=role,
        totp_secret=world.runtime.signer.hide(Purpose.TOTP, SECRET) if enrolled else None,
        enrolled_at=now if enrolled else None,
        created_at=now,
    )
    with world.runtime.write() as ctx:
        ctx.session.add(member)
    return member


def factor(world: World, secret: str = SECRET) -> str:
    """What the authenticator shows now. The clock moves on first: no code is taken twice."""
    world.clock.advance(TOTP_PERIOD)
    return pyotp.TOTP(secret).at(world.clock.now())


@dataclass
class MemberVisitor(Visitor):
    """A member's browser."""

    def enters(self, email: str) -> TestResponse:
        """From the door to the first page."""
        self.gives_email(email)
        self.sends("/console/sign-in/code", code=self.world.code_for(email))
        self.follows()
        self.sends("/console/sign-in/authenticator", code=factor(self.world))
        return self.follows()

    def gives_email(self, email: str) -> None:
        self.opens("/console/sign-in")
        self.sends("/console/sign-in", email=email)
        self.follows()
        self.world.settle_down()

    def confirms(self) -> TestResponse:
        """The authenticator once more, where a page asked for it."""
        self.follows()
        self.sends("/console/confirm", code=factor(self.world), next=self.value("next"))
        return self.follows()


def enter(world: World, slug: str = "acme", role: Role = Role.OWNER) -> MemberVisitor:
    """A member of that role, signed in."""
    visitor, email = MemberVisitor(world), f"{role.value}@{slug}.example"
    with world.runtime.read() as ctx:
        known = ctx.session.scalars(sa.select(Member.id).where(Member.email == email)).first()
    if known is None:
        add_member(world, slug, role)
    visitor.enters(email)
    return visitor


def trail(world: World) -> list[AuditEntry]:
    with world.runtime.read() as ctx:
        return list(ctx.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id)))
