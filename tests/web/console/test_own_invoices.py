"""An owner confirms that the invoices are the merchant's own, once, in words that are kept with who and when."""

import sqlalchemy as sa

from models.conversation import Conversation
from models.customer import Channel
from models.member import Role
from models.merchant import ATTESTATION, Merchant
from tests.support.members import enter, trail
from tests.support.world import ALICE, World

PAGE = "/console/settings/own-invoices"


def acme(world: World) -> Merchant:
    with world.runtime.read() as ctx:
        return ctx.session.get_one(Merchant, world.merchants["acme"].id)


def withdraw(world: World) -> None:
    with world.runtime.write() as ctx:
        ctx.session.get_one(Merchant, world.merchants["acme"].id).withdraw_attestation()


def test_an_owner_confirms_it_once(world: World) -> None:
    withdraw(world)
    owner = enter(world)
    owner.opens("/console/reminders")
    owner.sees("No reminder leaves as a text", "Confirm it now")
    owner.opens(PAGE)
    owner.sees("have bought no debts from others")
    assert "checked" not in owner.page.text
    assert owner.sends(PAGE, version=str(ATTESTATION)).status_code == 422
    assert owner.sends(PAGE, version="0", confirm="1").status_code == 422
    assert not acme(world).is_attested
    owner.sends(PAGE, version=str(ATTESTATION), confirm="1")
    owner.follows()
    owner.sees("Confirmed for Acme", "Owner of Acme <owner@acme.example>")
    kept = acme(world)
    assert (kept.attested_by, kept.attested_at, kept.attested_version) == (
        "Owner of Acme <owner@acme.example>",
        world.clock.now(),
        ATTESTATION,
    )
    entry = trail(world)[-1]
    assert (entry.action, (entry.after or {})["words"]) == ("merchant.attested", str(ATTESTATION))
    world.clock.advance(world.clock.now() - entry.created_at)
    assert owner.sends(PAGE, version=str(ATTESTATION), confirm="1").status_code == 409
    owner.opens("/console/reminders")
    assert "No reminder leaves as a text" not in owner.page.text


def test_nobody_else_confirms_it(world: World) -> None:
    withdraw(world)
    staff = enter(world, role=Role.STAFF)
    staff.opens("/console/reminders")
    assert staff.sends(PAGE, version=str(ATTESTATION), confirm="1").status_code == 403
    globex = enter(world, "globex")
    globex.opens(PAGE)
    globex.sends(PAGE, version=str(ATTESTATION), confirm="1")
    assert not acme(world).is_attested


def test_a_person_writes_first_to_nobody_without_it(world: World) -> None:
    """A thread that only a reminder has begun; whoever has written is answered."""
    withdraw(world)
    world.phone(ALICE).says("hi")
    with world.runtime.write() as ctx:
        merchant = {"merchant_id": world.merchants["acme"].id, "our_address": world.merchants["acme"].number}
        silent = Conversation(**merchant, channel=Channel.SMS, address="+12065550142", created_at=ctx.clock.now())
        ctx.session.add(silent)
        ctx.session.flush()
        ids = dict(ctx.session.execute(sa.select(Conversation.address, Conversation.public_id)).all())
    owner = enter(world)
    owner.opens("/console/messages")
    assert owner.sends(f"/console/messages/{ids['+12065550142']}", words="Pay us").status_code == 422
    owner.sees("Before you text first")
    assert owner.sends(f"/console/messages/{ids[ALICE]}", words="Hello").status_code == 303
