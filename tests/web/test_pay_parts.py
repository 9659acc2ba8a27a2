"""Paying a part, the rest another way, fees that are shown first, terms that are accepted, and what the link's holder
may read meanwhile."""

import pytest
import sqlalchemy as sa

from models.merchant import FeePayer, Merchant
from models.money import Money
from models.terms import TermsAcceptance
from payments import refunds
from tests.support import records
from tests.support.visitor import Visitor
from tests.support.world import World
from web import terms


def allow(world: World, **toggles: object) -> None:
    with world.runtime.write() as ctx:
        merchant = ctx.session.get_one(Merchant, world.merchants["acme"].id)
        for name, value in toggles.items():
            setattr(merchant, name, value)
    world.directory.forget()


def acceptances(world: World) -> list[TermsAcceptance]:
    with world.runtime.read() as ctx:
        return list(ctx.session.scalars(sa.select(TermsAcceptance)))


def captures(world: World) -> list[Money]:
    return [amount for _, amount in world.bank.captures()]


@pytest.fixture
def parts(world: World) -> None:
    allow(world, allows_partial=True, partial_minimum_minor=2_000)


@pytest.fixture
def fees(world: World) -> None:
    allow(world, fee_payer=FeePayer.CUSTOMER, fee_basis_points=300)


def settled(alice: Visitor, world: World) -> None:
    """Back from the bank, to where the outcome is shown."""
    world.settle_down()
    alice.opens(alice.page.request.path)
    alice.follows()


# --- a part ----------------------------------------------------------------------------------------------------------
def test_it_offers_no_part_unless_the_merchant_does(alice: Visitor, url: str, world: World) -> None:
    alice.opens(url)
    assert "Pay a part of it" not in alice.words
    assert alice.presses_pay(url, amount="100").status_code == 400
    alice.sees("This has to be paid in full")
    assert records.payments(world) == []


@pytest.mark.usefixtures("parts")
def test_it_pays_a_part_and_then_the_rest_another_way(alice: Visitor, url: str, world: World) -> None:
    alice.opens(url)
    alice.sees("Pay a part of it", "$20.00 or more")
    alice.presses_pay(url, amount="$1,000")
    alice.approves()
    settled(alice, world)
    alice.sees("Payment received", "$1,000.00", "$284.50 left to pay", "Pay the remaining $284.50")
    alice.opens(next(link for link in alice.links() if link.startswith("/p/")))
    alice.sees("A part is paid. This is what is left.", "$284.50")
    alice.presses_pay(url, method="network")
    alice.approves(account="everyday")
    settled(alice, world)
    assert captures(world) == [Money(100_000, "USD"), Money(28_450, "USD")]
    assert "left to pay" not in alice.words


@pytest.mark.usefixtures("parts")
@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("lots", "Enter an amount like 250.00"),
        ("-5", "Enter an amount like 250.00"),
        ("0", "Enter an amount like 250.00"),
        ("1285", "Enter no more than $1,284.50"),
        ("19.99", "Enter $20.00 or more"),
    ],
)
def test_it_says_what_is_wrong_with_an_amount_and_keeps_it(alice: Visitor, url: str, typed: str, words: str) -> None:
    alice.opens(url)
    assert alice.presses_pay(url, amount=typed).status_code == 400
    alice.sees("There is a problem", words)
    assert alice.value("amount") == typed


@pytest.mark.usefixtures("parts")
def test_it_keeps_the_way_to_pay_that_was_chosen(alice: Visitor, url: str) -> None:
    alice.opens(url)
    alice.presses_pay(url, amount="lots", method="bank")
    assert 'value="bank" id="method-2" checked' in alice.page.text


@pytest.mark.usefixtures("parts")
def test_it_takes_all_when_nothing_is_typed(alice: Visitor, url: str, world: World) -> None:
    alice.opens(url)
    alice.presses_pay(url, amount=" ")
    alice.approves()
    assert captures(world) == [Money(128_450, "USD")]


@pytest.mark.usefixtures("parts")
def test_it_shows_the_rest_only_to_who_brings_the_link(alice: Visitor, url: str, world: World) -> None:
    alice.opens(url)
    alice.presses_pay(url, amount="1000")
    alice.approves()
    world.settle_down()
    receipt = records.receipt(world, records.payments(world)[0])
    others = records.link(world, "INV-1051").removeprefix("/p/")
    for query in ("", "?rest=nothing", f"?rest={others}"):
        alice.opens(receipt + query)
        alice.sees("$284.50 left to pay")
        assert "Pay the remaining" not in alice.words


# --- fees ------------------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("fees")
def test_it_shows_the_fee_before_paying(alice: Visitor, url: str, world: World) -> None:
    alice.opens(url)
    alice.sees("Fee $38.54, total $1,323.04.", "No fee.")
    alice.presses_pay(url, seen_fee=alice.value("seen_fee"))
    alice.approves()
    settled(alice, world)
    alice.sees("Fee", "$38.54", "Total paid", "$1,323.04")
    assert captures(world) == [Money(132_304, "USD")]


@pytest.mark.usefixtures("fees")
@pytest.mark.parametrize("seen", ["0", "1", "", "999999", "x"])
def test_it_takes_no_fee_that_was_not_shown(alice: Visitor, url: str, seen: str, world: World) -> None:
    alice.opens(url)
    assert alice.presses_pay(url, seen_fee=seen).status_code == 200
    alice.sees("No money was taken yet. Please check the fee")
    assert records.payments(world) == []


@pytest.mark.usefixtures("fees", "parts")
def test_it_asks_to_check_the_fee_on_a_part(alice: Visitor, url: str, world: World) -> None:
    alice.opens(url)
    alice.presses_pay(url, amount="100", seen_fee=alice.value("seen_fee"))
    alice.sees("Please check the fee", "Fee $3.00, total $103.00.", "$100.00", "of $1,284.50")
    alice.presses_pay(url, amount=alice.value("amount"), seen_fee=alice.value("seen_fee"))
    alice.approves()
    assert captures(world) == [Money(10_300, "USD")]


@pytest.mark.usefixtures("fees")
def test_it_charges_no_fee_for_a_bank_account(alice: Visitor, url: str, world: World) -> None:
    alice.opens(url)
    alice.presses_pay(url, method="network")
    alice.approves(account="everyday")
    assert captures(world) == [Money(128_450, "USD")]


# --- terms -----------------------------------------------------------------------------------------------------------
def test_it_asks_to_accept_the_terms(alice: Visitor, url: str, world: World) -> None:
    allow(world, terms="Pay on time.\n\nThank you.")
    alice.opens(url)
    assert alice.presses_pay(url).status_code == 400
    alice.sees("Accept the terms to pay")
    assert acceptances(world) == []
    assert records.payments(world) == []


def test_it_records_which_terms_were_accepted_when_and_from_where(alice: Visitor, url: str, world: World) -> None:
    allow(world, terms="Pay on time.", terms_version=3)
    alice.opens(url)
    alice.presses_pay(url, terms=alice.value("terms"))
    [accepted] = acceptances(world)
    assert (accepted.version, accepted.ip_address, accepted.accepted_at) == (3, "127.0.0.1", world.clock.now())
    assert accepted.customer_id == records.customer(world, "Alice Adams").id
    assert records.payments(world)[0].terms_version == 3


def test_it_keeps_the_very_words_that_were_accepted(alice: Visitor, url: str, world: World) -> None:
    allow(world, terms="Pay on time.")
    alice.opens(url)
    alice.presses_pay(url, terms=alice.value("terms"))
    allow(world, terms="Pay at once.", terms_version=2)
    with world.runtime.read() as ctx:
        assert terms.accepted_text(ctx, acceptances(world)[0]) == "Pay on time."


def test_it_asks_again_when_the_terms_have_changed(alice: Visitor, url: str, world: World) -> None:
    allow(world, terms="Pay on time.")
    alice.opens(url)
    held = alice.value("terms")
    allow(world, terms="Pay at once.", terms_version=2)
    assert alice.presses_pay(url, terms=held).status_code == 400
    alice.sees("Accept the terms to pay")
    assert acceptances(world) == []


def test_it_shows_the_terms_to_anyone(alice: Visitor, world: World) -> None:
    allow(world, terms="Pay on time.\n\n<script>alert(1)</script>")
    alice.opens("/m/acme/terms")
    alice.sees("Terms", "version 1", "Pay on time.")
    assert "<script>alert" not in alice.page.text


def test_it_has_no_terms_where_there_are_none(alice: Visitor) -> None:
    assert alice.opens("/m/acme/terms").status_code == 404


# --- reading what is to be paid --------------------------------------------------------------------------------------
def test_it_shows_the_invoices_of_the_link(alice: Visitor, url: str, world: World) -> None:
    file_id = records.attach(world, "INV-1042", "note.pdf", b"%PDF-note").public_id
    alice.opens(url)
    alice.opens(next(link for link in alice.links() if "/invoices/" in link))
    alice.sees("Invoice INV-1042", "Why this amount?", "Files", "note.pdf", "Back to payment")
    assert alice.opens(f"{alice.page.request.path}/files/{file_id}").data == b"%PDF-note"


@pytest.mark.parametrize("number", ["INV-1051", "INV-2001", "G-7"])
def test_it_shows_no_invoice_beyond_the_link(alice: Visitor, url: str, world: World, number: str) -> None:
    public_id = records.invoice(world, number).public_id
    assert alice.opens(f"{url}/invoices/{public_id}").status_code == 404
    assert alice.opens(f"{url}/invoices/{public_id}/files/{public_id}").status_code == 404


def test_it_shows_nothing_once_the_link_is_dead(alice: Visitor, url: str, world: World) -> None:
    public_id = records.invoice(world, "INV-1042").public_id
    world.advance(minutes=31)
    assert alice.opens(f"{url}/invoices/{public_id}").location == url
    assert alice.opens(f"{url}/invoices/{public_id}/files/{public_id}").location == url


# --- what the message said -------------------------------------------------------------------------------------------
def test_it_says_when_the_amount_is_newer_than_the_message(alice: Visitor, url: str, world: World) -> None:
    records.amend(world, "INV-1042", 100_000)
    alice.opens(url)
    alice.sees("The amount has changed since we sent you this link", "$1,000.00")


# --- money that went back --------------------------------------------------------------------------------------------
def test_it_tells_of_a_refund_on_the_receipt(alice: Visitor, world: World) -> None:
    payment = records.pay(world, "INV-1042")
    refunds.refund(world.runtime, payment, Money(28_450, "USD"), idempotency_key="some")
    world.settle_down()
    alice.opens(records.receipt(world, payment))
    alice.sees("Payment partly refunded", "We refunded $284.50 on Jun 19.")
    refunds.refund(world.runtime, payment, idempotency_key="rest")
    world.settle_down()
    alice.opens(records.receipt(world, payment))
    alice.sees("Payment refunded", "We refunded $1,284.50")


def test_it_tells_the_tab_that_was_overtaken_what_happened(alice: Visitor, url: str, world: World) -> None:
    alice.opens(url)
    at_bank = alice.presses_pay(url).location
    second = Visitor(world)
    second.opens(url)
    second.presses_pay(url, method="network")
    second.approves(account="everyday")
    world.settle_down()
    alice.opens(at_bank)
    alice.follows()
    alice.sees("This is already paid", "See the receipt")


def test_it_tells_behind_an_old_link_that_the_payment_came_back(alice: Visitor, url: str, world: World) -> None:
    alice.opens(url)
    alice.presses_pay(url, method="bank")
    alice.approves(account="disputed", institution="lakeside")
    world.advance(days=4)
    alice.opens(url)
    alice.sees("This is already paid")
    world.advance(days=45)
    assert alice.opens(url).status_code == 410
    alice.sees("Your bank sent the payment back", "your invoices are open again", "Or sign in with your email")
