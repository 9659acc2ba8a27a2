"""Phones that may text commands, and when reminders go: by console, program and command line, each only its own."""

import re

import pytest

from models.cadence import Cadence, CustomerCadence, Ways
from models.merchant import Merchant
from models.staff import MOST_TRIES
from tests.support import records
from tests.support.members import MemberVisitor, enter, trail
from tests.support.program import program
from tests.support.world import World

PHONE, TYPED = "+12125550199", "(212) 555-0199"


@pytest.fixture
def owner(world: World) -> MemberVisitor:
    return enter(world)


def listed(world: World, slug: str = "acme") -> list[str]:
    return list(world.fetch(Merchant, world.merchants[slug].id).staff_phones)


def code(world: World) -> str:
    world.settle_down()
    found = re.search(r"\b\d{4}\b", world.phone(PHONE).receives()[-1])
    assert found
    return found[0]


def asks(owner: MemberVisitor) -> str:
    owner.opens("/console/settings/phones")
    owner.sends("/console/settings/phones", phone=TYPED)
    owner.follows()
    return code(owner.world)


def test_it_lists_a_phone_once_its_code_came_back(world: World, owner: MemberVisitor) -> None:
    told = asks(owner)
    assert listed(world) == []
    owner.sends("/console/settings/phones/confirm", phone=PHONE, code=told)
    owner.follows()
    owner.sees("may text commands now")
    assert listed(world) == [PHONE]
    phone = world.phone(PHONE)
    phone.says("WHO OWES")
    phone.hears("Alice Adams")
    assert trail(world)[-1].action == "phone.added"
    owner.sends("/console/settings/phones/remove", phone=PHONE)
    assert listed(world) == []


def test_it_takes_no_guess_and_no_other_merchants_code(world: World, owner: MemberVisitor) -> None:
    told = asks(owner)
    stranger = enter(world, "globex")
    stranger.opens("/console/settings/phones")
    stranger.sends("/console/settings/phones/confirm", phone=PHONE, code=told)
    wrong = "0000" if told != "0000" else "0001"
    for _ in range(MOST_TRIES):
        owner.sends("/console/settings/phones/confirm", phone=PHONE, code=wrong)
        owner.sees("That is not the code")
    owner.sends("/console/settings/phones/confirm", phone=PHONE, code=told)
    assert (listed(world), listed(world, "globex")) == ([], [])


def test_programs_prove_a_phone_as_well(world: World) -> None:
    acme = program(world)
    assert acme.post("/staff_phones", {"phone": PHONE}).status == 202
    told = code(world)
    wrong = "0000" if told != "0000" else "0001"
    for _ in range(MOST_TRIES):
        assert not acme.post("/staff_phones/confirm", {"phone": PHONE, "code": wrong}).json["is_confirmed"]
    assert not acme.post("/staff_phones/confirm", {"phone": PHONE, "code": told}).json["is_confirmed"]
    acme.post("/staff_phones", {"phone": PHONE})
    assert acme.post("/staff_phones/confirm", {"phone": PHONE, "code": code(world)}).json["phones"] == [PHONE]
    assert program(world, "globex").delete(f"/staff_phones/{PHONE}").status == 404
    assert acme.delete(f"/staff_phones/{PHONE}").status == 204


def test_the_command_line_proves_it_too(world: World) -> None:
    run = world.client.application.test_cli_runner().invoke
    assert "on its way" in run(args=["staff", "add", "acme", TYPED]).output
    assert run(args=["staff", "confirm", "acme", TYPED, code(world)]).exit_code == 0
    assert run(args=["staff", "list", "acme"]).output.split() == [PHONE]
    assert run(args=["staff", "list", "globex"]).output == ""


# --- when reminders go -----------------------------------------------------------------------------------------------
def test_programs_set_when_reminders_go(world: World) -> None:
    acme = program(world)
    change = {"is_on": True, "steps": [7, -3], "repeat_every": 7, "repeat_times": 2, "ways": "both", "at": "11:30"}
    told = acme.patch("/cadence", change).json
    assert (told["steps"], told["ways"], told["at"], told["opens"]) == ([-3, 7], "both", "11:30", "09:00")
    assert world.fetch(Cadence, world.merchants["acme"].id).offsets() == (-3, 7, 14, 21)
    assert acme.patch("/cadence", {"at": "23:00"}).json["code"] == "time_outside_hours"
    assert acme.patch("/cadence", {"countries": ["MX", "GB"]}).json["countries"] == ["GB", "MX"]
    assert acme.patch("/cadence", {"countries": ["ZZ"]}).json["code"] == "country_unknown"
    assert program(world, "globex").get("/cadence").json["is_on"] is False
    assert program(world, "globex").get("/cadence").json["countries"] == []


def test_one_customer_has_their_own(world: World, owner: MemberVisitor) -> None:
    alice, acme = records.customer(world, "Alice Adams"), program(world)
    path = f"/customers/{alice.public_id}/cadence"
    assert acme.patch(path, {"steps": [10], "ways": "email"}).json == {"is_on": True, "steps": [10], "ways": "email"}
    owner.opens(f"/console/customers/{alice.public_id}")
    owner.sends(f"/console/customers/{alice.public_id}/reminders", on="1", steps="-1, 5", ways="")
    assert acme.get(path).json == {"is_on": True, "steps": [-1, 5], "ways": None}
    owner.follows()
    owner.sends(f"/console/customers/{alice.public_id}/reminders", on="1", steps="soon", ways="")
    owner.sees("Enter days like")
    run = world.client.application.test_cli_runner().invoke
    words = ["reminders", "cadence", "acme", "--customer", "Alice Adams", "--off", "--steps", "plan", "--ways", "text"]
    assert run(args=words).exit_code == 0
    own = world.fetch(CustomerCadence, alice.id)
    assert (own.is_on, own.steps, own.ways) == (False, None, Ways.TEXT)


def test_the_command_line_sets_when_reminders_go(world: World) -> None:
    run = world.client.application.test_cli_runner().invoke
    assert "steps: [0, 14]" in run(args=["reminders", "cadence", "acme", "--on", "--steps", "0,14"]).output
    assert trail(world)[-1].actor == "flask"
    assert "countries: ['GB']" in run(args=["reminders", "cadence", "acme", "--countries", "united kingdom"]).output
    assert "two letters" in run(args=["reminders", "cadence", "acme", "--countries", "Atlantis"]).output
    assert "countries: []" in run(args=["reminders", "cadence", "acme", "--countries", "none"]).output
    assert "must be within" in run(args=["reminders", "cadence", "acme", "--at", "23:00"]).output
