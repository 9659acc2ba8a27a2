"""What Alice reads about what she owes: an invoice with everything that made its amount, its files, her statement."""

from datetime import date
from decimal import Decimal

import pytest

from models.merchant import Mode
from payments.papers import Item
from tests.support import records
from tests.support.visitor import Visitor
from tests.support.world import ALICE_EMAIL, BOB_EMAIL, World

PDF = b"%PDF-1.7 delivery note"


@pytest.fixture
def signed_in(alice: Visitor) -> Visitor:
    alice.signs_in("acme", ALICE_EMAIL)
    return alice


def path(world: World, number: str) -> str:
    return f"/m/acme/invoices/{records.invoice(world, number).public_id}"


def file_path(world: World, number: str, name: str = "note.pdf", content: bytes = PDF) -> str:
    return f"{path(world, number)}/files/{records.attach(world, number, name, content).public_id}"


# --- one invoice -----------------------------------------------------------------------------------------------------
def test_it_leads_from_the_list_to_the_invoice(signed_in: Visitor, world: World) -> None:
    assert path(world, "INV-1042") in signed_in.links()
    signed_in.opens(path(world, "INV-1042"))
    signed_in.sees(
        "Invoice INV-1042", "7 days late", "Acme Inc.", "Alice Adams", "Jun 12, 2026", "Left to pay", "$1,284.50"
    )


def test_it_lists_the_items(signed_in: Visitor, world: World) -> None:
    lids = Item("Lids", Decimal("2.5"), 8_000)
    records.itemise(world, "INV-1042", Item("Cups", Decimal(1), 108_450), lids)
    signed_in.opens(path(world, "INV-1042"))
    signed_in.sees("Cups", "$1,084.50", "Lids", "2.5 \N{MULTIPLICATION SIGN} $80.00", "$200.00")


def test_it_pays_from_the_invoice(signed_in: Visitor, world: World) -> None:
    signed_in.opens(path(world, "INV-1051"))
    signed_in.sends("/m/acme/pay", invoice=signed_in.value("invoice"))
    signed_in.follows()
    signed_in.sees("Pay Acme", "$640.00", "INV-1051")


def test_it_tells_of_a_payment_with_its_receipt(signed_in: Visitor, world: World) -> None:
    payment = records.pay(world, "INV-1042")
    signed_in.opens(path(world, "INV-1042"))
    signed_in.sees("Paid", "Payment", "Visa 4242", "-$1,284.50", "Left to pay", "$0.00")
    assert records.receipt(world, payment) in signed_in.links()
    assert "Pay $" not in signed_in.words


def test_it_tells_of_a_payment_on_its_way(signed_in: Visitor, world: World) -> None:
    signed_in.ticks("acme", "INV-1042", "INV-1051")
    pay_page = signed_in.page.location
    signed_in.follows()
    signed_in.presses_pay(pay_page, method="bank")
    signed_in.approves(account="checking", institution="first-harbor")
    world.settle_down()
    signed_in.opens(path(world, "INV-1042"))
    signed_in.sees("On its way", "with INV-1051", "$1,924.50", "See status")
    assert "Pay $" not in signed_in.words


def test_it_says_when_an_invoice_was_withdrawn(signed_in: Visitor, world: World) -> None:
    records.void(world, "INV-1042")
    signed_in.opens(path(world, "INV-1042"))
    signed_in.sees("Withdrawn", "Invoice withdrawn", "-$1,284.50")


@pytest.mark.parametrize("number", ["INV-2001", "G-7"])
def test_it_shows_no_invoice_of_another_customer_or_merchant(signed_in: Visitor, world: World, number: str) -> None:
    assert signed_in.opens(path(world, number)).status_code == 404


def test_it_shows_no_invoice_that_only_tests_made(signed_in: Visitor, world: World) -> None:
    world.add_invoice(records.customer_in_test_mode(world, "Alice Adams"), "INV-TEST", 5_000, mode=Mode.TEST)
    assert signed_in.opens(path(world, "INV-TEST")).status_code == 404


def test_it_never_takes_an_invoice_number_for_an_id(signed_in: Visitor) -> None:
    assert signed_in.opens("/m/acme/invoices/INV-1042").status_code == 404


@pytest.mark.parametrize("page", ["/statement", "/invoices/{id}", "/invoices/{id}/files/{id}"])
def test_it_sends_whoever_is_not_signed_in_to_the_door(alice: Visitor, world: World, page: str) -> None:
    public_id = records.invoice(world, "INV-1042").public_id
    assert alice.opens("/m/acme" + page.format(id=public_id)).location == "/m/acme"


def test_it_opens_nothing_with_a_session_of_another_merchant(signed_in: Visitor, world: World) -> None:
    assert signed_in.opens(path(world, "G-7").replace("acme", "globex")).location == "/m/globex"


# --- files -----------------------------------------------------------------------------------------------------------
def test_it_hands_a_file_over_to_be_saved_only(signed_in: Visitor, world: World) -> None:
    answer = signed_in.opens(file_path(world, "INV-1042"))
    assert answer.data == PDF
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"] == "attachment; filename=note.pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "filename=passwd"),
        ("a\r\nSet-Cookie: x=1.pdf", 'filename="aSet-Cookie: x=1.pdf"'),
        ("niño.pdf", "filename*=UTF-8''ni%C3%B1o.pdf"),
        ("fdp.\u202eexe", "filename=fdp.exe"),
    ],
)
def test_it_makes_a_strange_name_harmless(signed_in: Visitor, world: World, name: str, shown: str) -> None:
    answer = signed_in.opens(file_path(world, "INV-1042", name))
    assert shown in answer.headers["Content-Disposition"]
    assert answer.headers.getlist("Set-Cookie") == []


def test_it_lists_the_files(signed_in: Visitor, world: World) -> None:
    address = file_path(world, "INV-1042")
    signed_in.opens(path(world, "INV-1042"))
    signed_in.sees("Files", "note.pdf", "PDF, 1 kB", "Download")
    assert address in signed_in.links()


def test_it_hands_over_no_file_of_another_invoice(signed_in: Visitor, world: World) -> None:
    bobs = file_path(world, "INV-2001")
    assert signed_in.opens(bobs).status_code == 404
    assert signed_in.opens(f"{path(world, 'INV-1042')}/files/{bobs.rpartition('/')[2]}").status_code == 404


# --- the statement ---------------------------------------------------------------------------------------------------
def test_it_tells_the_whole_account(signed_in: Visitor, world: World) -> None:
    records.pay(world, "INV-1042")
    signed_in.opens("/m/acme/statement")
    signed_in.sees("Statement", "Jan 1, 2026 to Jun 19, 2026", "Invoice INV-1042", "$1,284.50", "Payment INV-1042")
    signed_in.sees("Left to pay", "$1,025.50")
    assert "INV-2001" not in signed_in.words


def test_it_brings_an_earlier_year_forward(signed_in: Visitor, world: World) -> None:
    world.advance(days=365)
    world.add_invoice(records.customer(world, "Alice Adams"), "INV-2000", 1_000, date(2027, 7, 1))
    signed_in.signs_in("acme", ALICE_EMAIL)
    signed_in.opens("/m/acme/statement")
    signed_in.sees("Brought forward", "$2,310.00", "INV-2000", "$2,320.00")
    assert "INV-1042" not in signed_in.words
    signed_in.opens("/m/acme/statement?year=2026")
    signed_in.sees("INV-1042", "Dec 31, 2026")
    signed_in.opens("/m/acme/statement?year=all")
    signed_in.sees("INV-1042", "INV-2000")


@pytest.mark.parametrize("year", ["1999", "2030", "x", "", "-1", "\uff12\uff10\uff12\uff16"])
def test_it_has_no_statement_of_another_year(signed_in: Visitor, year: str) -> None:
    assert signed_in.opens(f"/m/acme/statement?year={year}").status_code == 404


def test_it_says_when_there_is_nothing_to_tell(alice: Visitor, world: World) -> None:
    world.add_customer(world.merchants["acme"], "Carol", emails=["carol@example.com"])
    alice.signs_in("acme", "carol@example.com")
    alice.opens("/m/acme/statement")
    alice.sees("There is nothing on this account yet.")


def test_it_shows_bob_his_own_account(bob: Visitor) -> None:
    bob.signs_in("acme", BOB_EMAIL)
    bob.opens("/m/acme/statement")
    bob.sees("INV-2001", "$99.00")
    assert "INV-1042" not in bob.words
