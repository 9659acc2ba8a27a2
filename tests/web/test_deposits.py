"""Paying from an account that cannot be looked at at once: the bank's pages, what the customer is told, no reminder."""

from collections.abc import Sequence

import pytest

from models.payment import PaymentStatus
from tests.support import records
from tests.support.visitor import Visitor
from tests.support.world import ALICE, ALICE_EMAIL, World
from web import jobs

NUMBERS = {"institution": "county", "routing": "110000000", "account": "000123456789"}


@pytest.fixture
def waiting(alice: Visitor, texted: str) -> Visitor:
    """Alice, back from the bank, where she has typed in an account."""
    alice.opens(texted)
    alice.presses_pay(texted, method="bank")
    alice.approves(**NUMBERS)
    alice.world.settle_down()
    return alice


def go_on(world: World, days: int) -> None:
    world.advance(days=days)
    jobs.janitor(world.runtime)
    world.settle_down()


def at_bank(visitor: Visitor) -> str:
    """The bank's page, which the payment's own leads to."""
    return next(link for link in visitor.links() if "/bank/" in link)


def statement(world: World) -> tuple[int, int]:
    sent = world.bank.deposits_in(records.payments(world)[0].provider_reference or "")
    assert sent is not None
    return sent.first_minor, sent.second_minor


def confirms(visitor: Visitor, amounts: Sequence[int]) -> None:
    page = at_bank(visitor)
    visitor.opens(page)
    visitor.sends(page, decision="approve", first=f"0.{amounts[0]:02}", second=str(amounts[1]))


def texts(world: World) -> list[str]:
    return world.phone(ALICE).receives()


def subjects(world: World) -> list[str]:
    return [mail.subject for mail in world.mails_to(ALICE_EMAIL)]


def test_it_asks_for_numbers_at_the_bank_and_shows_the_test_ones(alice: Visitor, world: World) -> None:
    url = records.link(world, "INV-1042")
    alice.opens(url)
    alice.presses_pay(url, method="bank")
    alice.follows()
    page = alice.page.request.path
    alice.sends(page, decision="approve", institution="county")
    alice.follows()
    alice.sees("Routing number", "Account number", "000123456789", "110000000", "deposits after 2 days")
    assert alice.sends(page, decision="approve", **NUMBERS | {"account": "000123456780"}).status_code == 400
    alice.sees("Enter one of the test numbers shown below")
    assert alice.value("routing") == "110000000"


def test_it_says_what_it_waits_for(waiting: Visitor, texted: str) -> None:
    waiting.opens(waiting.page.request.path)
    waiting.sees("Waiting for you to confirm two small deposits", "We expect them in your account on Jun 20")
    waiting.opens(texted)
    waiting.sees("Waiting for you to confirm two small deposits", "County Bank account ending 6789")
    assert "on its way" not in waiting.words


def test_it_says_so_by_text_and_email_and_again_when_they_are_there(waiting: Visitor, world: World) -> None:
    assert "waits for you to confirm two small deposits" in texts(world)[-1]
    go_on(world, 1)
    assert "two small deposits should be in your bank account now. To pay $1,284.50" in texts(world)[-1]
    assert "http://till.test/bank/" in texts(world)[-1]
    assert subjects(world)[-2:] == [
        "Your payment of $1,284.50 waits for you",
        "Confirm two small deposits to pay $1,284.50",
    ]
    assert "http://till.test/bank/" in world.mails_to(ALICE_EMAIL)[-1].text
    waiting.opens(waiting.page.request.path)
    waiting.sees("They should be in your account now")


def test_it_answers_a_text_about_it(waiting: Visitor, world: World) -> None:
    phone = world.phone(ALICE)
    phone.says("did my payment go through?")
    phone.hears("waits for you to confirm two small deposits", "We will tell you when to look")
    go_on(world, 1)
    phone.says("pay 1042")
    phone.hears("waits for you to confirm two small deposits", "http://till.test/bank/")
    assert waiting.world is world


def test_it_pays_once_the_amounts_are_right(waiting: Visitor, world: World) -> None:
    waiting.opens(waiting.page.request.path)
    go_on(world, 1)
    confirms(waiting, statement(world))
    world.settle_down()
    waiting.follows()
    waiting.sees("Your bank payment is on its way")
    world.advance(days=2)
    assert records.payments(world)[0].status is PaymentStatus.SUCCEEDED


def test_it_ends_after_the_third_wrong_guess_with_a_new_link(waiting: Visitor, world: World, texted: str) -> None:
    go_on(world, 1)
    waiting.opens(texted)
    first, second = statement(world)
    page = at_bank(waiting)
    for told in ("You have 2 tries left", "You have 1 try left"):
        waiting.opens(page)
        assert waiting.sends(page, decision="approve", first=str(second % 99 + 1), second=str(first)).status_code == 400
        waiting.sees(told)
    waiting.sends(page, decision="approve", first=str(second % 99 + 1), second=str(first))
    world.settle_down()
    waiting.follows()
    waiting.sees("The small deposits were not confirmed", "No money was taken")
    assert "did not go through: the small deposits were not confirmed" in texts(world)[-1]
    assert "Your payment of $1,284.50 did not go through" in subjects(world)


def test_it_takes_only_two_amounts(waiting: Visitor, world: World, texted: str) -> None:
    go_on(world, 1)
    waiting.opens(texted)
    page = at_bank(waiting)
    waiting.opens(page)
    waiting.sees("Your pretend statement", f"+$0.{statement(world)[0]:02}")
    assert waiting.sends(page, decision="approve", first="abc", second="").status_code == 400
    waiting.sees("Enter both amounts, each from 1 to 99 cents")


def test_it_can_be_cancelled_at_the_bank(waiting: Visitor, world: World, texted: str) -> None:
    waiting.opens(texted)
    page = at_bank(waiting)
    waiting.opens(page)
    waiting.sees("They arrive on Jun 20")
    waiting.sends(page, decision="cancel")
    world.settle_down()
    assert records.payments(world)[0].status is PaymentStatus.CANCELLED


def test_it_is_listed_in_the_portal_as_waiting(waiting: Visitor, world: World) -> None:
    visitor = Visitor(world)
    visitor.signs_in("acme", ALICE_EMAIL)
    visitor.sees("Waiting for you to confirm small deposits")
    assert waiting.world is world
