"""A merchant's own words in the console: seen before they count, kept with who wrote them, and nobody else's."""

import pytest

from models.member import Role
from tests.support.members import MemberVisitor, enter, trail
from tests.support.world import ALICE, World

PAGE = "/console/settings/templates/welcome/en"
GOOD = "{merchant}: howdy! Your email, please? {portal} {help}, {stop}"


@pytest.fixture
def owner(world: World) -> MemberVisitor:
    return enter(world)


def saves(owner: MemberVisitor, text: str, path: str = PAGE, **form: str) -> int:
    owner.opens(PAGE)
    return owner.sends(path, **({"text": text, "version": owner.value("version")} | form)).status_code


def test_it_puts_words_into_the_merchants_mouth(world: World, owner: MemberVisitor) -> None:
    assert saves(owner, GOOD) == 303
    owner.follows()
    owner.sees("Whatever has not left yet goes in these words")
    phone = world.phone(ALICE)
    phone.says("hi")
    phone.hears("Acme: howdy! Your email, please?")
    entry = trail(world)[-1]
    assert (entry.action, entry.label) == ("template.worded", "welcome, en, version 1")
    assert (entry.after or {})["text"] == GOOD
    assert str((entry.before or {})["text"]).startswith("{merchant}: hi.")


def test_it_goes_back_and_remembers(world: World, owner: MemberVisitor) -> None:
    saves(owner, GOOD)
    owner.opens(PAGE)
    assert owner.sends(f"{PAGE}/reset").status_code == 303
    owner.opens(PAGE)
    owner.sees("Version 2", "Till's words", "Version 1", "howdy")
    assert trail(world)[-1].action == "template.reset"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("{{7*7}}", "nothing is computed in them"),
        ("{custmer}", "There is no placeholder {custmer} here."),
        ("see evil.tk", "Phones make a link of"),
        ("\u202e", "(U+202E)"),
    ],
)
def test_it_says_what_is_wrong_and_keeps_what_was_typed(owner: MemberVisitor, words: str, said: str) -> None:
    assert saves(owner, f"{GOOD} {words}") == 422
    owner.sees(said, "howdy")


def test_it_checks_and_keeps_nothing(world: World, owner: MemberVisitor) -> None:
    before = len(trail(world))
    assert saves(owner, f"{GOOD} \u00a1Est\u00e1!", f"{PAGE}/check") == 200
    owner.sees("UCS-2", "could be")
    assert saves(owner, f"{GOOD} \u00a1Est\u00e1!", f"{PAGE}/check", act="plain") == 200
    owner.sees("\u00a1Esta!", "GSM-7")
    owner.opens(PAGE)
    assert "howdy" not in owner.page.text
    assert len(trail(world)) == before


def test_it_lets_a_second_tab_not_overwrite_the_first(owner: MemberVisitor) -> None:
    owner.opens(PAGE)
    old = owner.value("version")
    saves(owner, GOOD)
    assert saves(owner, GOOD.replace("howdy", "hello"), version=old) == 422
    owner.sees("Somebody has changed these words meanwhile", "hello")
    assert owner.value("version") == "1"


def test_it_shows_another_merchant_its_own(world: World, owner: MemberVisitor) -> None:
    saves(owner, GOOD)
    stranger = enter(world, "globex")
    stranger.opens(PAGE)
    assert "howdy" not in stranger.page.text
    assert stranger.sends(f"{PAGE}/reset").status_code == 303
    owner.opens(PAGE)
    owner.sees("howdy", "Your words")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.STAFF])
def test_it_lets_only_owners_word(world: World, role: Role) -> None:
    member = enter(world, role=role)
    assert member.opens(PAGE).status_code == 403


@pytest.mark.parametrize("path", ["code/en", "welcome/fr", "opt_out/en"])
def test_it_has_no_others(owner: MemberVisitor, path: str) -> None:
    assert owner.opens(f"/console/settings/templates/{path}").status_code == 404
