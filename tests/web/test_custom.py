"""Paying without an invoice, and using the credit that this may leave."""

import pytest

from models.merchant import CustomLanding, FeePayer
from models.money import Money
from tests.support import records
from tests.support.visitor import Visitor
from tests.support.world import ALICE_EMAIL, BOB_EMAIL, World
from tests.web.test_pay_parts import allow, captures, settled

PAGE = "/m/acme/payment"


@pytest.fixture
def signed_in(alice: Visitor, world: World) -> Visitor:
    allow(world, allows_custom=True)
    alice.signs_in("acme", ALICE_EMAIL)
    return alice


def presses(visitor: Visitor, **typed: str) -> None:
    held = {"idempotency_key": visitor.value("idempotency_key"), "seen_fee": visitor.value("seen_fee")}
    wish = {"amount": "250", "description": "Deposit", "payer": "Alice Adams", "method": "card"}
    visitor.sends(PAGE, **{**held, **wish, **typed})


def test_it_is_offered_only_where_the_merchant_allows_it(alice: Visitor) -> None:
    alice.signs_in("acme", ALICE_EMAIL)
    assert PAGE not in alice.links()
    assert alice.opens(PAGE).status_code == 404


def test_it_takes_a_payment_without_an_invoice(signed_in: Visitor, world: World) -> None:
    assert PAGE in signed_in.links()
    signed_in.opens(PAGE)
    presses(signed_in, payer="Adams Ltd")
    signed_in.approves()
    signed_in.sees("Confirming your payment")
    settled(signed_in, world)
    signed_in.sees("Payment received", "$250.00", "Deposit", "Adams Ltd", "kept as your credit")
    assert captures(world) == [Money(25_000, "USD")]
    signed_in.opens("/m/acme")
    signed_in.sees("You have a credit of $250.00")


def test_it_pays_the_oldest_invoice_where_the_merchant_chose_so(signed_in: Visitor, world: World) -> None:
    allow(world, custom_landing=CustomLanding.OLDEST_INVOICE)
    signed_in.opens(PAGE)
    presses(signed_in)
    signed_in.approves()
    settled(signed_in, world)
    signed_in.sees("INV-1042", "$250.00", "$1,034.50 left to pay")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"amount": ""}, "Enter the amount you would like to pay"),
        ({"amount": "lots"}, "Enter an amount like 250.00"),
        ({"amount": "0"}, "Enter an amount like 250.00"),
        ({"description": "  "}, "Enter what this payment is for"),
        ({"method": ""}, "Choose how you would like to pay"),
        ({"method": "cash"}, "Choose how you would like to pay"),
    ],
)
def test_it_says_what_is_missing_and_keeps_the_rest(
    signed_in: Visitor, world: World, typed: dict[str, str], words: str
) -> None:
    signed_in.opens(PAGE)
    presses(signed_in, payer="Adams Ltd", **typed)
    assert signed_in.page.status_code == 400
    signed_in.sees("There is a problem", words)
    assert signed_in.value("payer") == "Adams Ltd"
    assert records.payments(world) == []


def test_it_starts_one_payment_for_two_presses(signed_in: Visitor, world: World) -> None:
    signed_in.opens(PAGE)
    page = signed_in.page
    presses(signed_in)
    first = signed_in.page.location
    signed_in.page = page
    presses(signed_in)
    assert signed_in.page.location == first
    assert len(records.payments(world)) == 1


def test_it_shows_the_fee_before_paying(signed_in: Visitor, world: World) -> None:
    allow(world, fee_payer=FeePayer.CUSTOMER, fee_basis_points=300)
    signed_in.opens(PAGE)
    presses(signed_in)
    signed_in.sees("Please check the fee", "Fee $7.50, total $257.50.")
    presses(signed_in)
    signed_in.approves()
    assert captures(world) == [Money(25_750, "USD")]


def test_it_asks_to_accept_the_terms(signed_in: Visitor, world: World) -> None:
    allow(world, terms="Pay on time.")
    signed_in.opens(PAGE)
    presses(signed_in)
    signed_in.sees("Accept the terms to pay")
    presses(signed_in, terms=signed_in.value("terms"))
    assert records.payments(world)[0].terms_version == 1


def test_it_offers_another_way_after_a_decline(signed_in: Visitor, world: World) -> None:
    signed_in.opens(PAGE)
    presses(signed_in)
    signed_in.approves(card="declined")
    world.settle_down()
    signed_in.opens(signed_in.page.request.path)
    signed_in.sees("Your payment did not go through", "Try another way to pay")
    assert PAGE in signed_in.links()


def test_it_sends_whoever_is_not_signed_in_to_the_door(alice: Visitor, world: World) -> None:
    allow(world, allows_custom=True)
    assert alice.opens(PAGE).location == "/m/acme"
    alice.opens("/m/acme")
    assert alice.sends(PAGE, amount="5", description="x", method="card", idempotency_key="k").location == "/m/acme"
    assert records.payments(world) == []


def test_it_tells_bob_nothing_of_alices_payment(signed_in: Visitor, bob: Visitor, world: World) -> None:
    signed_in.opens(PAGE)
    presses(signed_in)
    hers = f"{PAGE}/{records.payments(world)[0].public_id}"
    bob.signs_in("acme", BOB_EMAIL)
    assert [bob.opens(path).status_code for path in (hers, f"{hers}/status")] == [404, 404]


# --- credit ----------------------------------------------------------------------------------------------------------
@pytest.fixture
def with_credit(signed_in: Visitor, world: World) -> Visitor:
    signed_in.opens(PAGE)
    presses(signed_in)
    signed_in.approves()
    world.settle_down()
    return signed_in


def invoice_path(world: World, number: str) -> str:
    return f"/m/acme/invoices/{records.invoice(world, number).public_id}"


def test_it_uses_the_credit_on_an_invoice(with_credit: Visitor, world: World) -> None:
    path = invoice_path(world, "INV-1060")
    with_credit.opens(path)
    with_credit.sees("Use $250.00 of your credit")
    with_credit.sends(f"{path}/credit", seen=with_credit.value("seen"))
    with_credit.follows()
    with_credit.sees("Your credit is used", "$135.50")
    with_credit.opens(path)
    with_credit.sees("Credit used", "-$250.00", "$135.50")


@pytest.mark.parametrize("seen", ["", "0", "25001", "-1", "99999999"])
def test_it_uses_no_more_credit_than_there_is(with_credit: Visitor, world: World, seen: str) -> None:
    path = invoice_path(world, "INV-1060")
    with_credit.opens(path)
    assert with_credit.sends(f"{path}/credit", seen=seen).status_code == 409
    assert records.invoice(world, "INV-1060").balance_minor == 38_550


def test_it_uses_nobody_elses_credit(with_credit: Visitor, bob: Visitor, world: World) -> None:
    bob.signs_in("acme", BOB_EMAIL)
    assert bob.sends(f"{invoice_path(world, 'INV-1060')}/credit", seen="25000").status_code == 404
    assert with_credit.sends(f"{invoice_path(world, 'INV-2001')}/credit", seen="9900").status_code in (403, 404)
