"""Settings: what an owner changes is changed, recorded, and nothing else; secrets are shown once."""

import re

import pytest
import sqlalchemy as sa

from bot.reminders import countries
from models.cadence import Cadence
from models.member import Member, Role
from models.merchant import ApiKey, FeePayer, Merchant
from models.webhook import WebhookEndpoint
from tests.support.members import MemberVisitor, add_member, enter, trail
from tests.support.world import World

BRAND = {
    "name": "Acme & Sons",
    "legal_name": "Acme Inc.",
    "phone": "(212) 555-0100",
    "address": "1 Main Street",
    "hours": "Mon-Fri 9-5",
    "colour": "#FFFF00",
}
PAYMENTS = {
    "minimum": "5.00",
    "fee": "2.9",
    "fee_payer": "customer",
    "custom_landing": "oldest_invoice",
    "terms": "Be kind.",
}
CADENCE = {
    "steps": "-3, 0, 7",
    "repeat_every": "7",
    "repeat_times": "2",
    "at": "10:00",
    "opens": "09:00",
    "closes": "20:00",
}


@pytest.fixture
def owner(world: World) -> MemberVisitor:
    return enter(world)


def acme(world: World) -> Merchant:
    found: Merchant = world.fetch(Merchant, world.merchants["acme"].id)
    return found


def sends(owner: MemberVisitor, page: str, **form: str) -> int:
    owner.opens(f"/console/settings/{page}")
    return owner.sends(f"/console/settings/{page}", **form).status_code


def test_it_changes_the_business_and_says_what_was_there(world: World, owner: MemberVisitor) -> None:
    assert sends(owner, "brand", **BRAND, slug="evil", currency="JPY") == 303
    after = acme(world)
    assert (after.name, after.phone, after.colour) == ("Acme & Sons", "+12125550100", "#ffff00")
    assert (after.slug, after.currency) == ("acme", "USD")
    assert (trail(world)[-1].before or {})["name"] == "Acme"


def test_it_previews_a_colour_without_script_and_keeps_it_readable(world: World, owner: MemberVisitor) -> None:
    before = acme(world).colour
    owner.opens("/console/settings/brand?colour=%23ffff00")
    ratios = [float(ratio) for ratio in re.findall(r"contrast ([\d.]+) to 1", owner.page.text)]
    assert len(ratios) == 2
    assert min(ratios) >= 4.5
    assert "style=" not in owner.page.text
    assert acme(world).colour == before


@pytest.mark.parametrize(
    ("page", "form", "words"),
    [
        ("brand", {**BRAND, "colour": "red"}, "Choose a colour like"),
        ("brand", {**BRAND, "phone": "12"}, "Enter a phone number like"),
        ("brand", {**BRAND, "name": ""}, "Fill this in"),
        ("payments", {**PAYMENTS, "fee": "5"}, "from 0 to 4"),
        ("payments", {**PAYMENTS, "minimum": "nothing"}, "Enter an amount like"),
        ("reminders", {**CADENCE, "steps": "soon"}, "Enter days like"),
        ("reminders", {**CADENCE, "at": "22:00"}, "Choose a time between"),
    ],
)
def test_it_says_what_is_wrong(owner: MemberVisitor, page: str, form: dict[str, str], words: str) -> None:
    assert sends(owner, page, **form) == 422
    owner.sees(words)


def test_it_sets_how_customers_pay(world: World, owner: MemberVisitor) -> None:
    sends(owner, "payments", **PAYMENTS, allows_partial="1")
    after = acme(world)
    assert (after.allows_partial, after.allows_custom, after.partial_minimum_minor) == (True, False, 500)
    assert (after.fee_payer, after.fee_basis_points) == (FeePayer.CUSTOMER, 290)
    assert (after.terms, after.terms_version) == ("Be kind.", 2)


def test_it_sets_the_plan_of_reminders(world: World, owner: MemberVisitor) -> None:
    sends(owner, "reminders", **CADENCE, is_on="1", ways="both")
    plan = world.fetch(Cadence, acme(world).id)
    assert plan.offsets() == (-3, 0, 7, 14, 21)
    assert trail(world)[-1].action == "settings.reminders_changed"


@pytest.mark.one_database
def test_it_names_countries_that_are_texted_too(world: World, owner: MemberVisitor) -> None:
    assert sends(owner, "reminders", **CADENCE, countries="united  kingdom; mx, MX,") == 303
    assert world.fetch(Cadence, acme(world).id).countries == ["GB", "MX"]
    assert "'countries': \"['GB', 'MX']\"" in str(trail(world)[-1].after)
    owner.opens("/console/settings/reminders")
    assert owner.value("countries") == "Mexico, United Kingdom"
    owner.opens("/console/reminders/plan?everyone=1")
    owner.sees("Nothing is sent yet. Texts go to numbers of Mexico, United Kingdom, United States.")
    for wrong in ("Atlantis", "ZZ", "001", ", ".join(sorted(countries.ALL))):
        assert sends(owner, "reminders", **CADENCE, countries=wrong) == 422
        owner.sees("like Mexico, GB")
    assert sends(owner, "reminders", **CADENCE) == 303
    assert world.fetch(Cadence, acme(world).id).countries == []


# --- keys ------------------------------------------------------------------------------------------------------------
def test_it_shows_a_key_once(world: World, owner: MemberVisitor) -> None:
    assert sends(owner, "keys", label="Books", mode="live", scope="read") == 200
    shown = re.search(r"till_live_\w{12}_([\w-]{43})", owner.page.text)
    assert shown
    owner.opens("/console/settings/keys")
    assert shown[1] not in owner.page.text
    with world.runtime.read() as ctx:
        key = ctx.session.scalars(sa.select(ApiKey)).one()
    assert key.accepts(shown[1])
    assert key.scopes == ["read"]
    assert shown[1] not in str([entry.after for entry in trail(world)])


def test_it_revokes_a_key(world: World, owner: MemberVisitor) -> None:
    sends(owner, "keys", label="Books", mode="live", scope="read")
    with world.runtime.read() as ctx:
        key = ctx.session.scalars(sa.select(ApiKey)).one()
    owner.sends(f"/console/settings/keys/{key.public_id}/revoke")
    assert world.fetch(ApiKey, key.id).revoked_at is not None


# --- members ---------------------------------------------------------------------------------------------------------
def test_it_adds_a_member_who_signs_in(world: World, owner: MemberVisitor) -> None:
    sends(owner, "members", name="Sam", email="Sam@Acme.example", role="staff")
    sam = MemberVisitor(world)
    sam.gives_email("sam@acme.example")
    sam.sends("/console/sign-in/code", code=world.code_for("sam@acme.example"))
    sam.follows()
    sam.sees("Set up your authenticator")


def test_it_signs_a_member_out_everywhere(world: World, owner: MemberVisitor) -> None:
    staff = enter(world, role=Role.STAFF)
    with world.runtime.read() as ctx:
        member = ctx.session.scalars(sa.select(Member).where(Member.role == Role.STAFF)).one()
    sends(owner, f"members/{member.public_id}", act="out")
    assert staff.opens("/console").status_code == 401


def test_it_keeps_the_last_owner(world: World, owner: MemberVisitor) -> None:
    with world.runtime.read() as ctx:
        me = ctx.session.scalars(sa.select(Member)).one()
    for form in ({"act": "out"}, {"act": "role", "role": "viewer"}, {"act": "authenticator"}):
        sends(owner, f"members/{me.public_id}", **form)
        owner.follows()
        owner.sees("Somebody must stay owner")
    assert world.fetch(Member, me.id).role is Role.OWNER


def test_it_makes_a_member_set_up_anew(world: World, owner: MemberVisitor) -> None:
    second = add_member(world, role=Role.VIEWER)
    sends(owner, f"members/{second.public_id}", act="authenticator")
    after = world.fetch(Member, second.id)
    assert (after.totp_secret, after.enrolled_at) == (None, None)


# --- webhooks --------------------------------------------------------------------------------------------------------
def test_it_adds_an_endpoint_and_shows_its_secret_once(world: World, owner: MemberVisitor) -> None:
    assert sends(owner, "webhooks", url="https://acme.example/hook", mode="live") == 200
    with world.runtime.read() as ctx:
        endpoint = ctx.session.scalars(sa.select(WebhookEndpoint)).one()
    assert endpoint.secret in owner.words
    owner.opens("/console/settings/webhooks")
    assert endpoint.secret not in owner.page.text


def test_it_tests_an_endpoint_and_shows_the_log(world: World, owner: MemberVisitor) -> None:
    sends(owner, "webhooks", url="https://acme.example/hook", mode="live")
    with world.runtime.read() as ctx:
        endpoint = ctx.session.scalars(sa.select(WebhookEndpoint)).one()
    owner.sends(f"/console/settings/webhooks/{endpoint.public_id}", act="test")
    owner.follows()
    owner.sees("endpoint.test", "Send again")


def test_it_calls_no_strange_address(owner: MemberVisitor) -> None:
    assert sends(owner, "webhooks", url="gopher://inside", mode="live") == 422


# --- what else an owner looks at -------------------------------------------------------------------------------------
def test_it_shows_what_is_connected(owner: MemberVisitor) -> None:
    owner.opens("/console/settings/connections")
    owner.sees("Your number", "Good", "Texts coming in", "Not set up", "/webhooks/twilio/sms")


def test_it_shows_the_trail(owner: MemberVisitor) -> None:
    sends(owner, "brand", **BRAND)
    owner.opens("/console/settings/members/trail")
    owner.sees("Business and look changed", "name: Acme to Acme & Sons", "Owner of Acme", "127.0.0.1")
