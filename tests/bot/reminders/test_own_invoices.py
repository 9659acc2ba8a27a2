"""No text goes first from a merchant for which nobody has confirmed that its invoices are its own (acceptance L12)."""

import pytest

from bot.own_words import judging
from bot.own_words.catalogue import TEMPLATES, Part
from bot.reminders.texts import KINDS
from models.customer import Channel
from models.reminder import SkipReason
from tests.support.dunning import MIAMI, SEATTLE, Desk, reasons
from tests.support.world import World


def test_it_texts_nobody_first_and_says_why_of_each(desk: Desk, world: World) -> None:
    desk.change(desk.merchant, attested_at=None)
    desk.owes(desk.customer(), "INV-1")
    desk.owes(desk.customer("Dave", SEATTLE, None), "INV-2")
    planned = desk.plan()
    assert [(row.channel, row.instead_of) for row in planned.rows] == [(Channel.EMAIL, SkipReason.NOT_ATTESTED)]
    assert reasons(planned) == {"INV-2": "not_attested"}
    desk.press()
    world.settle_down()
    assert desk.texts_to(MIAMI) + desk.texts_to(SEATTLE) == []
    desk.change(desk.merchant, attested_at=world.clock.now())
    assert [row.channel for row in desk.plan().rows] == [Channel.SMS]  # Dave; Carol has had her letter


def test_it_answers_whoever_writes(desk: Desk, world: World) -> None:
    desk.change(desk.merchant, attested_at=None)
    phone = world.phone(MIAMI)
    phone.says("hi")
    phone.hears("Acme")


def test_it_tells_the_office_why(desk: Desk, world: World) -> None:
    desk.change(desk.merchant, attested_at=None)
    desk.change(desk.merchant, staff_phones=["+12125550123"])
    desk.owes(desk.customer("Cafe Delgado", email=None), "INV-77")
    office = world.phone("+12125550123")
    office.says("REMIND Cafe Delgado")
    office.hears("an owner must first confirm")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_it_keeps_no_words_that_do_not_begin_with_the_creditor(kind: str) -> None:
    said = {Part.TEXT: "Pay your debt now: {link} {stop} {merchant}"}
    assert "name_not_first" in {fault.code for fault in judging.faults(TEMPLATES[kind], said)}
