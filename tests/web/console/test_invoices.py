"""Invoices in the console: found, made, changed, ended; each change in the trail, and none that a form may not make."""

import csv
import io
from datetime import date

import pytest
import sqlalchemy as sa

from models.invoice import Invoice, InvoiceStatus
from models.payment import Payment, PaymentStatus
from payments import papers
from tests.support import records
from tests.support.members import MemberVisitor, enter, trail
from tests.support.world import World

LINES: dict[str, str | list[str]] = {
    "line_description": ["Beans", "Freight"],
    "line_quantity": ["2.5", "1"],
    "line_price": ["10.00", "$1,004.50"],
}
FORM: dict[str, str | list[str]] = {
    "number": "INV-3000",
    "customer": "Bob Brown",
    "issued_on": "2026-06-19",
    "due_on": "2026-07-19",
    **LINES,
}


@pytest.fixture
def owner(world: World) -> MemberVisitor:
    return enter(world)


def address(world: World, number: str, then: str = "") -> str:
    return f"/console/invoices/{records.invoice(world, number).public_id}{then}"


def make(owner: MemberVisitor, **changed: str | list[str]) -> int:
    owner.opens("/console/invoices/new")
    return owner.sends("/console/invoices/new", **{**FORM, "issue": "1", **changed}).status_code


def listed(owner: MemberVisitor, query: str) -> list[str]:
    text = owner.opens(f"/console/invoices?{query}").text
    return [number for number in ("INV-1042", "INV-1051", "INV-1060", "INV-2001", "G-7") if f">{number}<" in text]


# --- finding ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", ["INV-1042", "INV-1051", "INV-1060", "INV-2001"]),
        ("q=1042", ["INV-1042"]),
        ("q=bob", ["INV-2001"]),
        ("q=alice@example", ["INV-1042", "INV-1051", "INV-1060"]),
        ("q=0143", ["INV-2001"]),
        ("q=%25", []),
        ("q=_", []),
        ("q=' OR 1=1 --", []),
        ("status=overdue", ["INV-1042", "INV-2001"]),
        ("status=paid", []),
        ("status=all&sort=largest", ["INV-1042", "INV-1051", "INV-1060", "INV-2001"]),
        ("status=nonsense&sort=id;drop&after=%01&seen=-1", ["INV-1042", "INV-1051", "INV-1060", "INV-2001"]),
        ("mode=test", []),
    ],
)
def test_it_finds_invoices(owner: MemberVisitor, query: str, numbers: list[str]) -> None:
    assert listed(owner, query) == numbers


@pytest.mark.parametrize("sort", ["oldest_due", "newest_due", "largest", "newest"])
@pytest.mark.parametrize("status", ["open", "all"])
def test_it_pages_through_all_of_them_once(world: World, owner: MemberVisitor, sort: str, status: str) -> None:
    bob = records.customer(world, "Bob Brown")
    for n in range(60):
        world.add_invoice(bob, f"P-{n:03}", 1000 + n % 7, date(2026, 6, 1 + n % 9))
    owner.opens(f"/console/invoices?sort={sort}&status={status}")
    seen: list[str] = []
    while True:
        seen += [link for link in owner.links() if len(link) == len("/console/invoices/") + 32]
        onward = [link for link in owner.links() if "after=" in link]
        if not onward:
            break
        owner.opens(onward[-1])
    assert len(seen) == len(set(seen)) == 64


def test_it_shows_one_with_its_payments(world: World, owner: MemberVisitor) -> None:
    payment = records.pay(world, "INV-1042")
    owner.opens(address(world, "INV-1042"))
    owner.sees("INV-1042 Paid", "Alice Adams", "$1,284.50", payment.reference, "Received")


# --- making ----------------------------------------------------------------------------------------------------------
def test_it_makes_an_invoice_of_lines(world: World, owner: MemberVisitor) -> None:
    assert make(owner) == 303
    made = records.invoice(world, "INV-3000")
    with world.runtime.read() as ctx:
        lines = [(line.description, line.amount_minor) for line in papers.lines(ctx, made)]
    assert (made.status, made.total_minor, made.due_on) == (InvoiceStatus.OPEN, 102_950, date(2026, 7, 19))
    assert lines == [("Beans", 2_500), ("Freight", 100_450)]
    assert trail(world)[-1].action == "invoice.created"


def test_it_keeps_a_draft_until_it_is_issued(world: World, owner: MemberVisitor) -> None:
    make(owner, issue=[])
    assert records.invoice(world, "INV-3000").status is InvoiceStatus.DRAFT
    owner.follows()
    owner.sends(address(world, "INV-3000", "/issue"))
    assert records.invoice(world, "INV-3000").balance_minor == 102_950


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"number": ""}, "Give the invoice a number"),
        ({"number": "<b>"}, "Use letters, digits"),
        ({"number": "INV-1042"}, "Another invoice has this number"),
        ({"customer": ""}, "Say whom the invoice is for"),
        ({"customer": "Zoe"}, "No customer is called that"),
        ({"customer": "+1 555 01"}, "Several customers match"),
        ({"due_on": "tomorrow"}, "Enter a day like"),
        ({"line_price": ["1e3", "1"]}, "Enter an amount like"),
        ({"line_price": ["\uff11\uff12", "1"]}, "Enter an amount like"),
        ({"line_price": ["NaN", "1"]}, "Enter an amount like"),
        ({"line_price": ["0", "-0.00"]}, "The total must be more than nothing"),
        ({"line_quantity": ["-1", "1"]}, "Enter a quantity like"),
        ({"line_description": ["", ""], "line_price": ["", ""], "line_quantity": ["", ""]}, "Add at least one line"),
    ],
)
def test_it_says_what_is_wrong(owner: MemberVisitor, changed: dict[str, str | list[str]], words: str) -> None:
    assert make(owner, **changed) == 422
    owner.sees("There is a problem", words)


def test_it_takes_no_customer_of_another_merchant(world: World, owner: MemberVisitor) -> None:
    theirs = records.customer(world, "Alice Adams", "globex").public_id
    assert make(owner, customer=theirs) == 422
    assert owner.opens(f"/console/invoices/new?customer={theirs}").status_code == 404


def test_it_suggests_the_next_number(owner: MemberVisitor) -> None:
    owner.opens("/console/invoices/new")
    assert owner.value("number") == "INV-2002"


# --- changing --------------------------------------------------------------------------------------------------------
def test_it_changes_lines_days_and_number(world: World, owner: MemberVisitor) -> None:
    here = address(world, "INV-1042", "/edit")
    owner.opens(here)
    owner.sends(here, **{**FORM, "number": "INV-1042-B"})
    changed = records.invoice(world, "INV-1042-B")
    assert (changed.total_minor, changed.balance_minor, changed.version) == (102_950, 102_950, 2)
    assert trail(world)[-1].before == {
        "number": "INV-1042",
        "description": "Paper cups",
        "issued_on": "2026-06-01",
        "due_on": "2026-06-12",
        "total": "1284.50 USD",
    }


def test_it_reads_nothing_else_from_the_form(world: World, owner: MemberVisitor) -> None:
    before = records.invoice(world, "INV-1042")
    bob = records.customer(world, "Bob Brown")
    forged = {"customer_id": str(bob.id), "merchant_id": "2", "status": "paid", "balance_minor": "1", "currency": "JPY"}
    here = address(world, "INV-1042", "/edit")
    owner.opens(here)
    owner.sends(here, **{**FORM, **forged, "number": "INV-1042"})
    after = records.invoice(world, "INV-1042")
    same = ("customer_id", "merchant_id", "status", "currency", "mode")
    assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]


def test_it_asks_for_no_less_than_is_paid(world: World, owner: MemberVisitor) -> None:
    records.pay(world, "INV-1042")
    assert owner.opens(address(world, "INV-1042", "/edit")).status_code == 303


def test_it_closes_what_was_open_to_pay(world: World, owner: MemberVisitor) -> None:
    """A page at the bank that shows the old amount can no longer be confirmed."""
    alice = MemberVisitor(world)
    url = records.link(world, "INV-1042")
    alice.opens(url)
    alice.presses_pay(url)
    here = address(world, "INV-1042", "/edit")
    owner.opens(here)
    owner.sends(here, **{**FORM, "number": "INV-1042"})
    with world.runtime.read() as ctx:
        assert ctx.session.scalars(sa.select(Payment.status)).all() == [PaymentStatus.CANCELLED]


# --- ending ----------------------------------------------------------------------------------------------------------
def test_it_voids_for_a_reason(world: World, owner: MemberVisitor) -> None:
    here = address(world, "INV-1042", "/void")
    owner.opens(here)
    assert owner.sends(here, reason="").status_code == 422
    owner.sends(here, reason="Sent twice")
    assert records.invoice(world, "INV-1042").status is InvoiceStatus.VOID
    assert trail(world)[-1].after == {"status": "void", "balance": "0", "reason": "Sent twice"}


def test_it_voids_once(world: World, owner: MemberVisitor) -> None:
    here = address(world, "INV-1042", "/void")
    owner.opens(here)
    owner.sends(here, reason="Sent twice")
    owner.opens("/console")
    owner.sends(here, reason="Sent twice")
    owner.follows()
    owner.sees("the invoice has changed meanwhile")


# --- taking out ------------------------------------------------------------------------------------------------------
def test_it_exports_what_is_its_own_and_no_formula(world: World, owner: MemberVisitor) -> None:
    evil = world.add_customer(world.merchants["acme"], "=HYPERLINK(1)", emails=["e@example.com"])
    world.add_invoice(evil, "E-1", 500)
    owner.opens("/console/export")
    rows = list(csv.DictReader(io.StringIO(owner.sends("/console/export", kind="invoices").text)))
    assert [row["invoice_number"] for row in rows] == ["INV-1042", "INV-1051", "INV-1060", "INV-2001", "E-1"]
    assert rows[-1]["customer_name"] == "'=HYPERLINK(1)"
    assert trail(world)[-1].action == "invoices.exported"


def test_it_writes_no_invoice_twice_for_two_presses(world: World, owner: MemberVisitor) -> None:
    make(owner)
    assert make(owner) == 422
    with world.runtime.read() as ctx:
        same = sa.select(sa.func.count()).where(Invoice.number == "INV-3000")
        assert ctx.session.scalars(same).one() == 1


def test_it_emails_an_invoice_and_says_where_to(world: World, owner: MemberVisitor) -> None:
    owner.opens(address(world, "INV-1042"))
    owner.sends(address(world, "INV-1042", "/email"))
    owner.follows()
    owner.sees("The invoice is on its way to alice@example.com")
    world.settle_down()
    assert world.mails_to("alice@example.com")[-1].subject == "Invoice INV-1042 from Acme, $1,284.50"
    assert trail(world)[-1].action == "invoice.emailed"
