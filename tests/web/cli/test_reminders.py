"""`flask reminders`: the dry run and the press in a terminal."""

import re

import pytest
from click.testing import Result

from tests.support.dunning import MIAMI, Desk
from tests.support.world import World


@pytest.fixture
def desk(world: World) -> Desk:
    desk = Desk(world, world.merchants["acme"])
    desk.owes(desk.customer(), "INV-77")
    return desk


def run(desk: Desk, *words: str) -> Result:
    return desk.world.client.application.test_cli_runner().invoke(args=["reminders", *words], env={"COLUMNS": "200"})


def test_it_plans_and_sends_nothing(desk: Desk) -> None:
    told = run(desk, "plan", "acme", "--invoice", "INV-77")
    assert "Carol Cruz" in told.output
    assert "1 reminders, 1 by text in 1 segments, about $0.01; 0 wait for the morning; 0 skipped." in told.output
    assert desk.rows() == []


def test_it_says_why_somebody_is_skipped(desk: Desk) -> None:
    desk.owes(desk.customer("Dave", None, None), "INV-78")
    assert "no_phone" in run(desk, "plan", "acme", "--invoice", "INV-78").output


def test_it_sends_once_after_a_yes(desk: Desk) -> None:
    for _ in range(2):
        run(desk, "send", "acme", "--invoice", "INV-77", "--yes", "--key", "monday")
    desk.world.settle_down()
    assert len(desk.texts_to(MIAMI)) == 1


def test_it_shows_pauses_and_cancels_what_was_pressed(desk: Desk) -> None:
    pressed = run(desk, "send", "acme", "--invoice", "INV-77", "--yes").output
    reference = re.findall(r"[0-9a-f]{32}", pressed)[-1]
    run(desk, "pause", "acme", reference)
    desk.world.settle_down()
    assert "paused: pressed" in run(desk, "show", "acme", reference).output
    run(desk, "cancel", "acme", reference)
    assert "cancelled" in run(desk, "show", "acme").output
    assert desk.texts_to(MIAMI) == []


def test_it_knows_nothing_of_another_merchants_invoices(desk: Desk) -> None:
    refused = run(desk, "plan", "acme", "--invoice", "G-7")
    assert refused.exit_code == 1
    assert "no such invoice" in refused.output
