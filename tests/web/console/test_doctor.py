"""Why an amount looks wrong, and messages that failed."""

import pytest
import sqlalchemy as sa

from models.message import Message, MessageStatus
from tests.support import records
from tests.support.members import MemberVisitor, enter, trail
from tests.support.world import ALICE, ALICE_EMAIL, World


@pytest.fixture
def staff(world: World) -> MemberVisitor:
    return enter(world)


def test_it_names_near_misses_for_an_unknown_email(staff: MemberVisitor) -> None:
    staff.opens("/console/doctor?q=Alise@example.com")
    staff.sees("Nobody has alise@example.com on file", "alice@example.com", "Alice Adams", "94% alike")


def test_it_shows_what_decides_the_amount(world: World, staff: MemberVisitor) -> None:
    world.add_customer(world.merchants["acme"], "Alice's Shop", emails=[ALICE_EMAIL])
    records.amend(world, "INV-1042", 100_00)
    records.void(world, "INV-1051")
    staff.opens(f"/console/doctor?q={ALICE_EMAIL}")
    staff.sees("2 customers share this address", "INV-1042 edited 1 time", "$100.00", "Void", "Live")


def test_it_knows_only_its_own_customers(world: World) -> None:
    globex = enter(world, "globex")
    globex.opens("/console/doctor?q=bob@example.com")
    globex.sees("Nobody has bob@example.com on file")
    assert "Bob Brown" not in globex.page.text


# --- failures --------------------------------------------------------------------------------------------------------
def failed(world: World) -> Message:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    with world.runtime.write() as ctx:
        message = ctx.session.scalars(sa.select(Message).where(Message.kind == "list_page")).one()
        message.status, message.error_code = MessageStatus.FAILED, "30003"
    return message


def test_it_sends_a_failed_message_again_once(world: World, staff: MemberVisitor) -> None:
    message, before = failed(world), len(world.phone(ALICE).receives())
    staff.opens("/console/failures")
    staff.sees("Alice Adams", "Failed: 30003")
    for _ in range(2):
        staff.sends(f"/console/failures/{message.public_id}", act="again")
        staff.follows()
    world.settle_down()
    assert len(world.phone(ALICE).receives()) == before + 1
    staff.sees("Everything arrived")


def test_it_puts_one_aside(world: World, staff: MemberVisitor) -> None:
    message = failed(world)
    staff.opens("/console/failures")
    staff.sends(f"/console/failures/{message.public_id}", act="discard")
    assert trail(world)[-1].action == "message.discarded"
    staff.follows()
    staff.sees("Everything arrived")
