"""Clocks that differ, step, or cross a line in the calendar: links and codes behave, nobody is texted at night, and
nothing has a negative age."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot import vitals
from bot.reminders.hours import Hours, is_open, next_opening
from bot.reminders.places import Place
from models.clock import FrozenClock
from models.reminder import ReminderStatus
from tests.support.dunning import MIAMI, Desk
from tests.support.visitor import Visitor
from tests.support.world import ALICE, ALICE_EMAIL, World

DIFFERENCES = [timedelta(seconds=2), timedelta(minutes=5)]
AN_HOUR = timedelta(hours=1)
EAST = ZoneInfo("America/New_York")
EASTERN = Place(("America/New_York",))
LEAP_DAY = datetime(2028, 2, 29, 17, 0, tzinfo=UTC)
LAST_SECOND = datetime(2038, 1, 19, 3, 14, 7, tzinfo=UTC)
"""Of a clock that counts seconds in 32 bits."""


@pytest.fixture
def world(peopled_world: World) -> World:
    return peopled_world


@contextmanager
def node(world: World, ahead: timedelta) -> Iterator[None]:
    """Another machine on the same database answers, whose clock is ahead by that much."""
    application = world.client.application
    here = application.extensions["till"]
    application.extensions["till"] = replace(here, clock=FrozenClock(world.clock.now() + ahead))
    try:
        yield
    finally:
        application.extensions["till"] = here


def at(world: World, moment: datetime) -> None:
    world.clock.advance(moment - world.clock.now())


def approve(world: World, visitor: Visitor) -> None:
    """At the bank: its event comes, and the page says so."""
    visitor.approves()
    world.settle_down()
    visitor.opens(visitor.page.request.path)
    visitor.follows()  # to the receipt
    visitor.sees("Paid")
    assert len(world.bank.captures()) == 1


@pytest.mark.parametrize("ahead", DIFFERENCES)
def test_a_link_of_one_machine_pays_on_another(world: World, ahead: timedelta) -> None:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    with node(world, ahead):
        phone.says("2")
    url, visitor = phone.link(), Visitor(world)

    with node(world, -ahead):
        visitor.opens(url)
        visitor.presses_pay(url)
    approve(world, visitor)


@pytest.mark.parametrize("ahead", [*DIFFERENCES, *(-difference for difference in DIFFERENCES)])
def test_a_code_of_one_machine_proves_on_another(world: World, ahead: timedelta) -> None:
    phone = world.phone(ALICE)
    with node(world, ahead):
        phone.says("hi")
        phone.says(ALICE_EMAIL)

    phone.says(world.code_for(ALICE_EMAIL))

    phone.hears("3 invoices")


def test_a_code_from_before_the_clock_was_set_back_gives_way_to_a_new_one(world: World) -> None:
    phone = world.phone(ALICE)
    phone.says("hi")
    phone.says(ALICE_EMAIL)
    old = world.code_for(ALICE_EMAIL)
    world.clock.advance(-AN_HOUR)

    phone.says(old)
    assert "3 invoices" not in "".join(phone.heard)
    phone.says(world.code_for(ALICE_EMAIL))

    phone.hears("3 invoices")


def test_a_link_from_before_the_clock_was_set_back_still_pays(world: World) -> None:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("2")
    url, visitor = phone.link(), Visitor(world)
    world.clock.advance(-AN_HOUR)

    visitor.opens(url)
    visitor.presses_pay(url)
    approve(world, visitor)


def test_nothing_is_younger_than_now(world: World) -> None:
    desk = Desk(world, world.merchants["acme"])
    desk.owes(desk.customer(), "R-1")
    desk.press()
    world.jobs.waiting.clear()
    world.phone(ALICE).proves(ALICE_EMAIL)
    world.clock.advance(-AN_HOUR)

    with world.runtime.read() as ctx:
        found = vitals.read(ctx)

    assert found.oldest_waiting_s >= 0
    assert vitals.ringing(found) == []


@pytest.mark.parametrize(
    ("night", "opens"),
    [
        (
            datetime(2026, 3, 7, 23, 30, tzinfo=EAST),
            datetime(2026, 3, 9, 9, 0, tzinfo=EAST),
        ),  # an hour is left out on Sunday, 8 March
        (
            datetime(2026, 10, 31, 23, 30, tzinfo=EAST),
            datetime(2026, 11, 2, 9, 0, tzinfo=EAST),
        ),  # and put in on Sunday, 1 November
        (datetime(2028, 2, 28, 21, 0, tzinfo=EAST), datetime(2028, 2, 29, 9, 0, tzinfo=EAST)),
        (datetime(2038, 1, 18, 22, 14, 7, tzinfo=EAST), datetime(2038, 1, 19, 9, 0, tzinfo=EAST)),
    ],
)
def test_quiet_hours_go_by_the_clock_on_the_wall(night: datetime, opens: datetime) -> None:
    assert not is_open(EASTERN, Hours(), night.astimezone(UTC))
    assert next_opening(EASTERN, Hours(), night.astimezone(UTC)) == opens.astimezone(UTC)


@pytest.mark.parametrize("twice", [0, 1])
def test_the_hour_that_comes_twice_is_quiet_twice(twice: int) -> None:
    moment = datetime(2026, 11, 1, 1, 30, tzinfo=EAST, fold=twice)

    assert not is_open(EASTERN, Hours(on_sundays=True), moment.astimezone(UTC))


@pytest.mark.parametrize("moment", [LEAP_DAY, LAST_SECOND - timedelta(seconds=7)], ids=["29-feb", "2038"])
def test_a_whole_day_goes_well_on_such_a_date(world: World, moment: datetime) -> None:
    """From hello to the receipt, across the line; then a reminder, by daylight."""
    at(world, moment)
    phone, visitor = world.phone(ALICE), Visitor(world)
    phone.says("hi")
    phone.says(ALICE_EMAIL)
    world.clock.advance(timedelta(seconds=10))
    phone.says(world.code_for(ALICE_EMAIL))
    phone.says("2")
    visitor.opens(phone.link())
    visitor.presses_pay(phone.link())
    approve(world, visitor)

    at(world, moment.replace(hour=17) + timedelta(days=1))
    desk = Desk(world, world.merchants["acme"])
    desk.owes(desk.customer(), "R-1", due=date(moment.year, moment.month, moment.day))
    desk.press()
    world.settle_down()

    assert {row.status for row in desk.rows()} == {ReminderStatus.SENT}
    assert len(desk.texts_to(MIAMI)) == 1
