"""Reminders in the console: seen before they go, sent once for two presses, paused and called off."""

import pytest
import sqlalchemy as sa

from bot import optouts
from models.customer import Channel
from models.reminder import Campaign
from tests.support import records
from tests.support.members import MemberVisitor, enter, trail
from tests.support.world import ALICE, World

PLAN = "/console/reminders/plan"


@pytest.fixture
def staff(world: World) -> MemberVisitor:
    """Alice agreed to texts, and it is day where she is."""
    with world.runtime.write() as ctx:
        optouts.opt_in(ctx, world.merchants["acme"].id, Channel.SMS, ALICE, "merchant")
    return enter(world)


def ticked(world: World, *numbers: str) -> str:
    return "&".join(f"invoice={records.invoice(world, number).public_id}" for number in numbers)


def press(world: World, staff: MemberVisitor, times: int = 1) -> None:
    chosen = records.invoice(world, "INV-1042").public_id
    staff.opens(f"{PLAN}?invoice={chosen}")
    key = staff.value("key")
    for _ in range(times):
        staff.opens(f"{PLAN}?invoice={chosen}")
        staff.sends("/console/reminders/send", invoice=chosen, key=key)


def count(world: World, kind: type[Campaign]) -> int:
    with world.runtime.read() as ctx:
        return ctx.session.scalars(sa.select(sa.func.count()).select_from(kind)).one()


def test_it_shows_what_would_go_and_why_the_rest_not(world: World, staff: MemberVisitor) -> None:
    staff.opens(f"{PLAN}?{ticked(world, 'INV-1042', 'INV-2001')}")
    staff.sees("Nothing is sent yet", "Alice Adams", "Acme: INV-1042", "segment", "GSM-7")
    assert count(world, Campaign) == 0


def test_it_sends_once_for_two_presses(world: World, staff: MemberVisitor) -> None:
    press(world, staff, times=2)
    assert count(world, Campaign) == 1
    assert trail(world)[-1].action == "reminders.sent"


def test_it_pauses_goes_on_and_calls_off(world: World, staff: MemberVisitor) -> None:
    press(world, staff)
    here = staff.page.location
    for act, words in (("pause", "Paused"), ("resume", "Going on"), ("cancel", "Called off")):
        staff.opens(here)
        staff.sends(here, act=act)
        staff.follows()
        staff.sees(words)


def test_it_takes_no_invoice_of_another_merchant(world: World, staff: MemberVisitor) -> None:
    theirs = records.invoice(world, "G-7").public_id
    assert staff.opens(f"{PLAN}?invoice={theirs}").status_code == 303
    staff.opens(PLAN + "?everyone=1")
    assert "G-7" not in staff.page.text


def test_it_counts_on_consent(world: World, staff: MemberVisitor) -> None:
    with world.runtime.write() as ctx:
        optouts.opt_out(ctx, world.merchants["acme"].id, Channel.SMS, ALICE, "text")
    staff.opens(f"{PLAN}?{ticked(world, 'INV-1042')}")
    staff.sees("opted out")
