"""What a merchant's own people text to its number: nothing happens before the number we sent comes back."""

import re
from datetime import timedelta

import pytest

from models.invoice import Invoice
from tests.support.dunning import MIAMI, Desk
from tests.support.phone import Phone
from tests.support.world import ALICE, World

OFFICE = "+12065550100"


@pytest.fixture
def desk(world: World) -> Desk:
    desk = Desk(world, world.merchants["acme"])
    desk.change(desk.merchant, staff_phones=[OFFICE])
    world.directory.forget()
    return desk


@pytest.fixture
def office(desk: Desk) -> Phone:
    return desk.world.phone(OFFICE)


def number(phone: Phone) -> str:
    found = re.search(r"OK (\d{4})", "\n".join(phone.heard))
    assert found
    return found[1]


def test_it_says_who_owes(office: Phone) -> None:
    office.says("who owes?")
    office.hears("2 owe you", "Alice Adams: $2,310.00, since Jun 12", "Bob Brown: $99.00")


def test_it_reminds_once_it_is_confirmed(office: Phone, desk: Desk) -> None:
    desk.owes(desk.customer("Cafe Delgado"), "INV-77")
    office.says("REMIND delgado")
    office.hears("remind Cafe Delgado by sms, Jun 19 17:30 there?", "Reply OK")
    assert desk.texts_to(MIAMI) == []
    office.says(f"OK {number(office)}")
    office.hears("on its way")
    assert len(desk.texts_to(MIAMI)) == 1


def test_it_does_nothing_for_another_number(office: Phone, desk: Desk) -> None:
    desk.owes(desk.customer("Cafe Delgado"), "INV-77")
    office.says("REMIND Cafe Delgado")
    right = number(office)
    for _ in range(3):
        office.says(f"OK {(int(right) + 1) % 10_000:04}")
        office.hears("nothing to confirm")
    office.says(f"OK {right}")
    office.hears("nothing to confirm")
    assert desk.texts_to(MIAMI) == []


def test_it_does_nothing_after_ten_minutes(office: Phone, desk: Desk) -> None:
    desk.owes(desk.customer("Cafe Delgado"), "INV-77")
    office.says("REMIND Cafe Delgado")
    desk.world.clock.advance(timedelta(minutes=11))
    office.says(f"OK {number(office)}")
    office.hears("nothing to confirm")


def test_it_acts_once_on_a_repeated_ok(office: Phone, desk: Desk) -> None:
    desk.owes(desk.customer("Cafe Delgado"), "INV-77")
    office.says("REMIND Cafe Delgado")
    confirmation = f"OK {number(office)}"
    office.says(confirmation)
    office.says(confirmation)
    office.hears("nothing to confirm")
    assert len(desk.texts_to(MIAMI)) == 1


def test_it_asks_for_a_name_that_only_one_has(office: Phone, desk: Desk) -> None:
    desk.customer("Bobbin & Co", phone=None)
    office.says("remind bob")
    office.hears("more than one customer matches bob")
    office.says("remind nobody in particular")
    office.hears("no customer is called nobody in particular")


def test_it_says_why_nobody_would_be_reminded(office: Phone, desk: Desk) -> None:
    desk.owes(desk.customer("Cafe Delgado", phone=None, email=None), "INV-77")
    office.says("REMIND Cafe Delgado")
    office.hears("there is no phone or email")


def test_it_books_cash_once_it_is_confirmed(office: Phone, desk: Desk) -> None:
    invoice = desk.owes(desk.customer("Cafe Delgado"), "INV-77")
    office.says("PAID 77 CASH")
    office.hears("record $120.00 from Cafe Delgado for INV-77 (cash)?")
    assert desk.world.fetch(Invoice, invoice.id).balance_minor == 12_000
    office.says(f"ok {number(office)}.")
    office.hears("booked")
    assert desk.world.fetch(Invoice, invoice.id).balance_minor == 0


def test_it_books_a_part(office: Phone, desk: Desk) -> None:
    invoice = desk.owes(desk.customer("Cafe Delgado"), "INV-77")
    office.says("paid inv-77 check $20.50")
    office.says(f"OK {number(office)}")
    assert desk.world.fetch(Invoice, invoice.id).balance_minor == 9_950


def test_it_books_nothing_for_what_it_does_not_know(office: Phone) -> None:
    office.says("paid 77 cash")
    office.hears("nothing booked")
    office.says("paid 1042 shells")
    office.hears("cash, check or transfer")


@pytest.mark.usefixtures("desk")
def test_it_takes_a_customers_words_for_a_customers(world: World) -> None:
    phone = world.phone(ALICE)
    phone.says("who owes")
    assert "owe you" not in "\n".join(phone.heard)


@pytest.mark.usefixtures("desk")
def test_it_obeys_no_phone_of_another_merchant(world: World) -> None:
    globex = world.phone(OFFICE, world.merchants["globex"])
    globex.says("who owes")
    assert "owe you" not in "\n".join(globex.heard)
