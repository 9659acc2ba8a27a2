"""Sums that fit no invoice, and "both": answered in words, and never taken for more than was said."""

import pytest

from tests.support.phone import Phone
from tests.support.world import ALICE, ALICE_EMAIL, World

PAIR = "+15550177"


@pytest.fixture
def alice(world: World) -> Phone:
    """She owes INV-1042 $1,284.50, INV-1051 $640.00, INV-1060 $385.50."""
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    return phone


@pytest.fixture
def pair(world: World) -> Phone:
    """Somebody who owes two invoices."""
    who = world.add_customer(world.merchants["acme"], "Paula Pair", emails=["paula@example.com"])
    world.add_invoice(who, "P-1", 1_000)
    world.add_invoice(who, "P-2", 2_000)
    phone = world.phone(PAIR)
    phone.proves("paula@example.com")
    return phone


@pytest.fixture
def flexible(world: World) -> Phone:
    """A customer of a merchant who lets people pay in parts."""
    merchant = world.add_merchant("parts", "+15550300", allows_partial=True)
    who = world.add_customer(merchant, "Fay Flexible", emails=["fay@example.com"])
    world.add_invoice(who, "INV-1042", 128_450)
    world.add_invoice(who, "INV-1051", 64_000)
    phone = world.phone(PAIR, merchant)
    phone.proves("fay@example.com")
    return phone


@pytest.mark.parametrize("words", ["$640", "pay 640 dollars", "six hundred and forty dollars"])
def test_it_finds_the_invoice_that_owes_just_that(alice: Phone, words: str) -> None:
    alice.says(words)
    alice.hears("pay INV-1051, $640.00")


@pytest.mark.parametrize("words", ["pay 200 on 1042", "half of 1042", "$50 toward INV-1042"])
def test_it_says_that_the_sum_is_chosen_on_the_page(flexible: Phone, words: str) -> None:
    flexible.says(words)
    flexible.hears("you choose how much to pay", "pay INV-1042, $1,284.50")


def test_it_lists_the_invoices_for_a_sum_that_names_none(flexible: Phone) -> None:
    flexible.says("a hundred bucks")
    flexible.hears("you choose how much to pay", "2 invoices")


def test_it_says_so_where_the_merchant_takes_no_parts(alice: Phone) -> None:
    alice.says("can I pay half of 1042")
    alice.hears("takes each invoice in full", "AGENT", "pay INV-1042")


def test_it_says_it_in_spanish(flexible: Phone) -> None:
    flexible.says("quiero abonar cien dolares a la 1042")
    flexible.hears("usted elige cuanto pagar", "pague INV-1042")


def test_it_finds_no_invoice_of_another_customer_by_a_sum(alice: Phone) -> None:
    alice.says("pay $99 on INV-2001")
    alice.hears("no open invoice INV-2001")


@pytest.mark.parametrize("words", ["both", "pay both", "las dos"])
def test_it_takes_both_for_the_two_shown(pair: Phone, words: str) -> None:
    pair.says(words)
    pair.hears(" 2 ", "$30.00", "/p/")


@pytest.mark.parametrize("words", ["both", "pay both", "both of them please"])
def test_it_asks_which_two_of_three(alice: Phone, words: str) -> None:
    alice.says(words)
    alice.hears("choose from 1 to 3")
    assert "/p/" not in "".join(alice.heard)
