"""The portal as Alice and Bob use it."""

import re

import pytest
import sqlalchemy as sa

from models.merchant import Mode
from tests.support import records
from tests.support.visitor import Visitor
from tests.support.world import ALICE_EMAIL, BOB_EMAIL, World


def test_it_shows_alice_what_she_owes(alice: Visitor) -> None:
    alice.signs_in("acme", ALICE_EMAIL)
    alice.sees("Your invoices", "Alice Adams", ALICE_EMAIL, "INV-1042", "$1,284.50", "INV-1060", "$2,310.00")


def test_it_shows_nobody_elses_invoices(alice: Visitor) -> None:
    alice.signs_in("acme", ALICE_EMAIL)
    assert "INV-2001" not in alice.words
    assert "G-7" not in alice.words


def test_it_takes_alice_from_her_list_to_the_pay_page(alice: Visitor) -> None:
    alice.signs_in("acme", ALICE_EMAIL)
    alice.ticks("acme", "INV-1042", "INV-1051")
    alice.follows()
    alice.sees("Pay Acme", "$1,924.50", "2 invoices, from Jun 12 to Jun 20", "Change selection")


def test_it_lists_what_was_paid_with_its_receipt(alice: Visitor, world: World) -> None:
    records.pay(world, "INV-1042")
    alice.signs_in("acme", ALICE_EMAIL)
    alice.sees("Paid", "INV-1042", "Visa 4242", "Receipt")


def test_it_opens_the_receipt_from_the_list(alice: Visitor, world: World) -> None:
    records.pay(world, "INV-1042")
    alice.signs_in("acme", ALICE_EMAIL)
    receipt = next(link for link in alice.links() if link.startswith("/receipt/"))
    alice.opens(receipt)
    alice.sees("Payment received", "INV-1042", "$1,284.50", "Alice Adams")


def test_it_shows_a_bank_payment_on_its_way(alice: Visitor) -> None:
    alice.signs_in("acme", ALICE_EMAIL)
    alice.ticks("acme", "INV-1042")
    pay_page = alice.page.location
    alice.follows()
    alice.presses_pay(pay_page, method="bank")
    alice.approves(account="checking", institution="first-harbor")
    alice.world.settle_down()
    alice.opens("/m/acme")
    alice.sees("On its way", "INV-1042", "See status")
    assert len(alice.values("invoice")) == 2


def test_it_asks_for_a_tick(alice: Visitor) -> None:
    alice.signs_in("acme", ALICE_EMAIL)
    assert alice.sends("/m/acme/pay").status_code == 400
    alice.sees("There is a problem", "Select at least one invoice")


def test_it_asks_again_when_a_ticked_invoice_was_voided(alice: Visitor, world: World) -> None:
    alice.signs_in("acme", ALICE_EMAIL)
    records.void(world, "INV-1042")
    assert alice.ticks("acme", "INV-1042").status_code == 409
    alice.sees("Something changed meanwhile")


@pytest.mark.parametrize("number", ["INV-2001", "G-7"])
def test_it_finds_no_invoice_of_another_customer_or_merchant(alice: Visitor, world: World, number: str) -> None:
    alice.signs_in("acme", ALICE_EMAIL)
    assert alice.sends("/m/acme/pay", invoice=[records.invoice(world, number).public_id]).status_code == 404


def test_it_never_takes_an_invoice_number_for_an_id(alice: Visitor) -> None:
    alice.signs_in("acme", ALICE_EMAIL)
    assert alice.sends("/m/acme/pay", invoice=["INV-1042"]).status_code == 404


def test_it_keeps_currencies_apart(alice: Visitor, world: World) -> None:
    world.add_invoice(records.customer(world, "Alice Adams"), "INV-1099", 50_000, currency="EUR")
    alice.signs_in("acme", ALICE_EMAIL)
    alice.sees("To pay in USD", "To pay in EUR", "€500.00")
    ids = [records.invoice(world, number).public_id for number in ("INV-1042", "INV-1099")]
    assert alice.sends("/m/acme/pay", invoice=ids).status_code == 409


def test_it_can_have_no_invoice_that_only_tests_made(world: World) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        world.add_invoice(records.customer(world, "Alice Adams"), "INV-TEST", 5_000, mode=Mode.TEST)


def test_it_says_so_when_nothing_is_due(world: World, alice: Visitor) -> None:
    world.add_customer(world.merchants["acme"], "Carol", emails=["carol@example.com"])
    alice.signs_in("acme", "carol@example.com")
    alice.sees("You are all paid up")


def test_it_shows_the_newest_paid_ones_and_then_all(alice: Visitor, world: World) -> None:
    for n in range(7):
        world.add_invoice(records.customer(world, "Alice Adams"), f"OLD-{n}", 1_000)
        records.pay(world, f"OLD-{n}")
    alice.signs_in("acme", ALICE_EMAIL)
    alice.sees("See all 7")
    assert len(set(re.findall(r"OLD-\d", alice.words))) == 5
    alice.opens("/m/acme?all")
    assert len(set(re.findall(r"OLD-\d", alice.words))) == 7


def test_it_speaks_the_customers_language_once_it_knows_her(alice: Visitor, world: World) -> None:
    world.add_customer(world.merchants["acme"], "Lucía", emails=["lucia@example.com"], locale="es")
    alice.asks_for_code("acme", "lucia@example.com")
    alice.sees("Check your email")
    alice.enters_code("acme", world.code_for("lucia@example.com"))
    alice.follows()
    alice.sees("Sus facturas")


def test_it_remembers_the_language_that_was_chosen(alice: Visitor) -> None:
    alice.opens("/m/acme?lang=es")
    alice.opens("/m/acme")
    assert 'lang="es"' in alice.page.text


@pytest.mark.parametrize("slug", ["nobody", "ACME", "acme%00", "a" * 65, "..", "acme%2f..%2fglobex"])
def test_it_knows_no_other_portal(alice: Visitor, slug: str) -> None:
    assert alice.opens(f"/m/{slug}").status_code == 404


def test_it_tells_two_accounts_of_one_email_apart(alice: Visitor, world: World) -> None:
    both_accounts(world)
    alice.signs_in("acme", "priya@example.com")
    alice.sees("Which account?", "Tea House", "Spice Market")
    chosen = records.customer(world, "Spice Market").public_id
    alice.sends("/m/acme/accounts", customer=chosen)
    alice.follows()
    alice.sees("Spice Market", "You are all paid up")


def test_it_offers_only_the_accounts_of_that_email(alice: Visitor, world: World) -> None:
    both_accounts(world)
    alice.signs_in("acme", "priya@example.com")
    assert alice.sends("/m/acme/accounts", customer=records.customer(world, "Bob Brown").public_id).status_code == 404


def test_it_asks_which_account_until_one_is_chosen(alice: Visitor, world: World) -> None:
    both_accounts(world)
    alice.signs_in("acme", "priya@example.com")
    assert alice.sends("/m/acme/accounts").status_code == 400
    alice.sees("Choose one to continue")


def test_it_uses_an_approval_once(alice: Visitor, bob: Visitor, world: World) -> None:
    both_accounts(world)
    alice.signs_in("acme", "priya@example.com")
    bob.steals_cookies(alice)
    bob.opens("/m/acme/accounts")
    chosen = records.customer(world, "Spice Market").public_id
    alice.sends("/m/acme/accounts", customer=chosen)
    assert bob.sends("/m/acme/accounts", customer=chosen).status_code == 404


def test_it_forgets_an_approval_after_ten_minutes(alice: Visitor, world: World) -> None:
    both_accounts(world)
    alice.signs_in("acme", "priya@example.com")
    world.advance(minutes=11)
    assert alice.opens("/m/acme/accounts").location == "/m/acme"


def test_it_lets_bob_see_his_own(bob: Visitor) -> None:
    bob.signs_in("acme", BOB_EMAIL)
    bob.sees("INV-2001", "$99.00")


def both_accounts(world: World) -> None:
    for name in ("Tea House", "Spice Market"):
        world.add_customer(world.merchants["acme"], name, emails=["priya@example.com"])
