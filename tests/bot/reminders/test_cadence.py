"""Reminders that go by themselves: before, on and after the due date, by the recipient's clock."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.reminders import Selection, releasing, scanning
from models.cadence import Cadence, CustomerCadence
from models.reminder import Campaign, ReminderStatus
from tests.support.dunning import MIAMI, SEATTLE, Desk
from tests.support.world import World


def live(world: World, days: int) -> None:
    """Hour by hour."""
    for _ in range(24 * days):
        world.clock.advance(timedelta(hours=1))
        scanning.scan_all(world.runtime)
        releasing.release_all(world.runtime)
        world.settle_down()


def received(desk: Desk, phone: str, zone: str) -> list[tuple[str, str]]:
    """Local times and the words that tell the step."""
    local = ZoneInfo(zone)
    found = [m for m in desk.world.outside.messages(phone) if m.channel == "sms"]
    return [(f"{m.at.astimezone(local):%m-%d %H}", m.text.split(" Pay:")[0].removeprefix("Acme: ")) for m in found]


def test_it_reminds_before_on_and_after_the_day(desk: Desk, world: World) -> None:
    desk.cadence()
    desk.owes(desk.customer(), "INV-1", due=date(2026, 6, 25))
    live(world, 14)
    assert received(desk, MIAMI, "America/New_York") == [
        ("06-22 10", "reminder, INV-1 for $120.00 is due Jun 25."),
        ("06-25 10", "INV-1 for $120.00 is due today."),
        ("07-02 10", "INV-1, $120.00, was due Jun 25."),
    ]


def test_it_goes_by_the_clock_over_there(desk: Desk, world: World) -> None:
    desk.cadence(steps=[0])
    desk.owes(desk.customer(phone=SEATTLE), "INV-1", due=date(2026, 6, 22))
    live(world, 4)
    assert [at for at, _ in received(desk, SEATTLE, "America/Los_Angeles")] == ["06-22 10"]


def test_it_moves_a_sunday_to_the_monday_and_says_so(desk: Desk, world: World) -> None:
    desk.cadence(steps=[0])
    desk.owes(desk.customer(), "INV-1", due=date(2026, 6, 21))
    live(world, 4)
    assert received(desk, MIAMI, "America/New_York") == [("06-22 09", "INV-1, $120.00, was due Jun 21.")]


def test_it_repeats_so_often_and_no_more(desk: Desk, world: World) -> None:
    desk.cadence(steps=[0], repeat_every=2, repeat_times=2)
    desk.owes(desk.customer(), "INV-1", due=date(2026, 6, 22))
    live(world, 10)
    assert [at for at, _ in received(desk, MIAMI, "America/New_York")] == ["06-22 10", "06-24 10", "06-26 10"]


def test_it_leaves_out_what_was_before_it_was_switched_on(desk: Desk, world: World) -> None:
    desk.cadence(steps=[-3, 0], starts_on=date(2026, 6, 23))
    desk.owes(desk.customer(), "INV-1", due=date(2026, 6, 23))
    live(world, 6)
    assert [at for at, _ in received(desk, MIAMI, "America/New_York")] == ["06-23 10"]


def test_it_is_off_until_a_merchant_wants_it(desk: Desk, world: World) -> None:
    desk.owes(desk.customer(), "INV-1", due=date(2026, 6, 22))
    live(world, 4)
    assert desk.texts_to(MIAMI) == []


def test_it_gives_a_customer_their_own_steps(desk: Desk, world: World) -> None:
    desk.cadence()
    carol = desk.customer()
    desk.owes(carol, "INV-1", due=date(2026, 6, 24))
    with world.runtime.write() as ctx:
        ctx.session.add(CustomerCadence(customer_id=carol.id, merchant_id=desk.merchant.id, steps=[1]))
    live(world, 8)
    assert [at for at, _ in received(desk, MIAMI, "America/New_York")] == ["06-25 10"]


def test_it_starts_over_for_a_new_due_date(desk: Desk, world: World) -> None:
    desk.cadence(steps=[0])
    invoice = desk.owes(desk.customer(), "INV-1", due=date(2026, 6, 22))
    live(world, 4)
    desk.change(invoice, due_on=date(2026, 6, 25))
    live(world, 3)
    assert [at for at, _ in received(desk, MIAMI, "America/New_York")] == ["06-22 10", "06-25 10"]


def test_it_shows_what_is_next_and_can_be_paused_for_the_day(desk: Desk, world: World) -> None:
    desk.cadence(steps=[1])
    desk.owes(desk.customer(), "INV-1", due=date(2026, 6, 19))
    scanning.scan_all(world.runtime)
    [row] = desk.rows()
    assert row.status is ReminderStatus.SCHEDULED
    assert row.due_at == datetime(2026, 6, 20, 10, tzinfo=ZoneInfo("America/New_York"))
    desk.change(world.fetch(Campaign, row.campaign_id), paused_at=world.clock.now())
    world.clock.advance(timedelta(days=1))
    releasing.release_all(world.runtime)
    world.settle_down()
    assert desk.texts_to(MIAMI) == []


def test_it_plans_the_same_day_however_often_it_looks(desk: Desk, world: World) -> None:
    desk.cadence(steps=[1])
    desk.owes(desk.customer(), "INV-1", due=date(2026, 6, 19))
    for _ in range(3):
        scanning.scan_all(world.runtime)
    assert len(desk.rows()) == 1


@pytest.mark.parametrize(
    ("steps", "every", "times", "offsets"),
    [
        ([7, -3, 0], None, 0, (-3, 0, 7)),
        ([0], 7, 2, (0, 7, 14)),
        ([], None, 3, ()),
        ([0, 7], 0, 5, (0, 7)),
    ],
)
def test_it_counts_its_days(steps: list[int], every: int | None, times: int, offsets: tuple[int, ...]) -> None:
    assert Cadence(steps=steps, repeat_every=every, repeat_times=times).offsets() == offsets


def test_it_shows_a_day_of_it_as_a_dry_run(desk: Desk) -> None:
    desk.cadence(steps=[0])
    desk.owes(desk.customer(), "INV-1", due=date(2026, 6, 20))
    [row] = desk.plan(Selection(cadence_on=date(2026, 6, 19))).rows
    assert (row.kind, f"{row.local_time:%a %H:%M}") == ("remind_due", "Sat 10:00")
