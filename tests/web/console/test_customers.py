"""Customers in the console: found, added, changed. What rested on an address goes with it; a refusal stays."""

import pytest
import sqlalchemy as sa

from models.case import Case
from models.consent import Consent
from models.conversation import Proof
from models.customer import ContactPoint, Customer
from models.session import WebSession
from tests.support import records
from tests.support.members import MemberVisitor, enter, trail
from tests.support.visitor import Visitor
from tests.support.world import ALICE, ALICE_EMAIL, BOB, World


@pytest.fixture
def staff(world: World) -> MemberVisitor:
    return enter(world)


def here(world: World, then: str = "", name: str = "Alice Adams") -> str:
    return f"/console/customers/{records.customer(world, name).public_id}{then}"


def point(world: World, address: str) -> ContactPoint:
    with world.runtime.read() as ctx:
        own = (ContactPoint.address == address) & (ContactPoint.merchant_id == world.merchants["acme"].id)
        return ctx.session.scalars(sa.select(ContactPoint).where(own)).one()


def test_it_finds_customers_by_what_is_known(staff: MemberVisitor) -> None:
    for query, name in (("q=alice", "Alice Adams"), ("q=bob@", "Bob Brown"), ("q=0143", "Bob Brown")):
        staff.opens(f"/console/customers?{query}")
        staff.sees(name)
    staff.opens("/console/customers?q=%25")
    staff.sees("Nobody matches")


def test_it_pages_through_all_of_them_once(world: World, staff: MemberVisitor) -> None:
    for n in range(110):
        world.add_customer(world.merchants["acme"], f"Cora {n % 3}")
    seen: list[str] = []
    staff.opens("/console/customers")
    while True:
        seen += [link for link in staff.links() if len(link) == len("/console/customers/") + 32]
        onward = [link for link in staff.links() if "after=" in link]
        if not onward:
            break
        staff.opens(onward[0])
    assert len(seen) == len(set(seen)) == 112


def test_it_shows_everything_about_one(world: World, staff: MemberVisitor) -> None:
    world.phone(ALICE).proves(ALICE_EMAIL)
    payment = records.pay(world, "INV-1060")
    staff.opens(here(world))
    staff.sees("Owes $1,924.50", ALICE_EMAIL, "INV-1042", "A one-time code", payment.reference, "Text from them")


def test_it_adds_a_customer(world: World, staff: MemberVisitor) -> None:
    staff.opens("/console/customers/new")
    staff.sends("/console/customers/new", name="Zoe", email="Zoe@Example.com", phone="(212) 555-0188", locale="es")
    staff.follows()
    staff.sees("Zoe", "zoe@example.com", "(212) 555-0188")
    assert trail(world)[-1].action == "customer.added"


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": "", "email": "z@example.com"}, "Enter a name"),
        ({"name": "Zoe"}, "without one nobody can reach them"),
        ({"name": "Zoe", "email": "zoe"}, "Enter an email address in full"),
        ({"name": "Zoe", "phone": "12"}, "Enter a phone number like"),
    ],
)
def test_it_says_what_is_missing(staff: MemberVisitor, form: dict[str, str], words: str) -> None:
    staff.opens("/console/customers/new")
    assert staff.sends("/console/customers/new", **form).status_code == 422
    staff.sees(words)


def test_it_ends_what_rested_on_an_address(world: World, staff: MemberVisitor) -> None:
    """The next text demands a new code, and the portal's session is over."""
    phone, alice = world.phone(ALICE), Visitor(world)
    phone.proves(ALICE_EMAIL)
    alice.signs_in("acme", ALICE_EMAIL)
    staff.opens(here(world))
    staff.sends(here(world, f"/addresses/{point(world, ALICE_EMAIL).public_id}/remove"))
    with world.runtime.read() as ctx:
        assert ctx.session.scalars(sa.select(Proof).where(Proof.ended_at.is_(None))).all() == []
        assert ctx.session.scalars(sa.select(WebSession).where(WebSession.revoked_at.is_(None))).all() == []
    phone.says("LIST")
    phone.hears("reply with the email")


def test_it_records_a_refusal_and_never_lifts_one(world: World, staff: MemberVisitor) -> None:
    will = here(world, f"/addresses/{point(world, ALICE).public_id}/will")
    staff.opens(here(world))
    staff.sends(will, act="revoked", how="By phone")
    assert records.has_opted_out(world, ALICE)
    staff.follows()
    staff.sees("Opted out", "noted by us", "Only they can lift it")
    assert staff.sends(will, act="granted").status_code == 422
    assert records.has_opted_out(world, ALICE)


def test_it_records_an_agreement(world: World, staff: MemberVisitor) -> None:
    staff.opens(here(world))
    staff.sends(here(world, f"/addresses/{point(world, ALICE).public_id}/will"), act="granted", how="On paper")
    with world.runtime.read() as ctx:
        assert ctx.session.scalars(sa.select(Consent.source)).all() == ["merchant"]
    assert (trail(world)[-1].after or {})["how"] == "On paper"


def test_it_takes_no_address_of_another_customer(world: World, staff: MemberVisitor) -> None:
    staff.opens(here(world))
    bobs = point(world, BOB).public_id
    assert staff.sends(here(world, f"/addresses/{bobs}/remove")).status_code == 404
    assert point(world, BOB).public_id == bobs


def test_it_settles_a_case(world: World, staff: MemberVisitor) -> None:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("I already paid that")
    staff.opens(here(world))
    staff.sees("Waits for you", "Says it is paid")
    with world.runtime.read() as ctx:
        case = ctx.session.scalars(sa.select(Case)).one()
    staff.sends(here(world, f"/cases/{case.public_id}/resolve"))
    assert world.fetch(Case, case.id).resolved_at is not None


def test_it_edits_the_file_and_nothing_else(world: World, staff: MemberVisitor) -> None:
    before = records.customer(world, "Alice Adams")
    staff.opens(here(world))
    staff.sends(here(world, "/file"), name="Alicia", locale="es", postal_code="98101", merchant_id="2", mode="test")
    after = world.fetch(Customer, before.id)
    assert (after.name, after.locale, after.postal_code) == ("Alicia", "es", "98101")
    assert (after.merchant_id, after.mode) == (before.merchant_id, before.mode)


def test_it_has_no_reminders_to_switch_for_a_test_customer(world: World, staff: MemberVisitor) -> None:
    records.customer_in_test_mode(world, "Tess")
    answer = staff.sends(here(world, "/reminders", "Tess"), on="0")
    assert answer.status_code == 422
    assert "reminded of nothing" in answer.text
    assert staff.sends(here(world, "/reminders"), on="0").status_code == 303
