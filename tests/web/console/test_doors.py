"""The way into the console: who gets in, who does not, and that neither learns anything."""

import re
from datetime import timedelta

import pyotp
import pytest

from models.member import ABSOLUTE_LIFETIME, IDLE_LIFETIME, ConsoleSession, Member, RecoveryCode, Role
from tests.support.members import MemberVisitor, add_member, enter, factor, trail
from tests.support.world import World

OWNER = "owner@acme.example"
HOME = "/console"

pytestmark = pytest.mark.usefixtures("owner")


@pytest.fixture
def owner(world: World) -> Member:
    return add_member(world)


@pytest.fixture
def browser(world: World) -> MemberVisitor:
    return MemberVisitor(world)


def test_it_lets_a_member_in_with_both_codes(world: World, browser: MemberVisitor) -> None:
    browser.enters(OWNER)
    browser.sees("Overview", "Outstanding", "Signed in as Owner of Acme, owner")
    assert [entry.action for entry in trail(world)] == ["member.signed_in"]


def test_it_says_the_same_to_strangers(world: World) -> None:
    pages = []
    for email in (OWNER, "xwner@acme.example"):
        one = MemberVisitor(world)
        one.gives_email(email)
        wrong = one.sends("/console/sign-in/code", code="00000000")
        pages.append((wrong.status_code, re.sub(r'value="[^"]*"', "", wrong.text).replace(email, "")))
    assert pages[0] == pages[1]
    assert world.mails_to("xwner@acme.example") == []


def test_it_wants_the_second_factor(world: World, browser: MemberVisitor) -> None:
    browser.gives_email(OWNER)
    browser.sends("/console/sign-in/code", code=world.code_for(OWNER))
    browser.follows()
    browser.sends("/console/sign-in/authenticator", code="000000")
    browser.sees("That code is not right, or was used already")
    assert browser.opens(HOME).status_code == 303


def test_it_takes_a_factor_once(world: World) -> None:
    code = factor(world)
    for expected in (303, 400):
        one = MemberVisitor(world)
        one.gives_email(OWNER)
        one.sends("/console/sign-in/code", code=world.code_for(OWNER))
        one.follows()
        assert one.sends("/console/sign-in/authenticator", code=code).status_code == expected


def test_it_stops_guessing_at_the_factor(world: World, browser: MemberVisitor) -> None:
    browser.gives_email(OWNER)
    browser.sends("/console/sign-in/code", code=world.code_for(OWNER))
    browser.follows()
    statuses = [
        browser.sends("/console/sign-in/authenticator", code=f"{n:06}").status_code
        for n in range(11)
        if browser.opens("/console/sign-in/authenticator")
    ]
    assert statuses[-1] == 429
    browser.opens("/console/sign-in/authenticator")
    assert browser.sends("/console/sign-in/authenticator", code=factor(world)).status_code == 429


def test_it_takes_a_code_only_from_the_browser_that_asked(world: World, browser: MemberVisitor) -> None:
    browser.gives_email(OWNER)
    other = MemberVisitor(world)
    other.gives_email("nobody@acme.example")
    assert other.sends("/console/sign-in/code", code=world.code_for(OWNER)).status_code == 400


def test_it_skips_no_step(world: World, browser: MemberVisitor) -> None:
    browser.gives_email(OWNER)
    assert browser.opens("/console/sign-in/authenticator").status_code == 303
    assert browser.sends("/console/sign-in/authenticator", code=factor(world)).status_code in (303, 403)
    assert browser.opens(HOME).status_code == 303


def test_it_sets_an_authenticator_up_at_the_first_sign_in(world: World, browser: MemberVisitor) -> None:
    member = add_member(world, email="new@acme.example", enrolled=False)
    browser.gives_email(member.email)
    browser.sends("/console/sign-in/code", code=world.code_for(member.email))
    browser.follows()
    secret = re.search(r"<code[^>]*>([A-Z2-7]{32})</code>", browser.page.text)
    assert secret
    browser.sends("/console/sign-in/authenticator", code=pyotp.TOTP(secret[1]).at(world.clock.now()))
    browser.sees("Keep these recovery codes")
    assert browser.opens(HOME).status_code == 200
    assert secret[1] not in (world.fetch(Member, member.id).totp_secret or "")


def test_it_takes_a_recovery_code_once(world: World, owner: Member) -> None:
    with world.runtime.write() as ctx:
        row, text = RecoveryCode.draw(owner.id)
        ctx.session.add(row)
    statuses = []
    for _ in range(2):
        one = MemberVisitor(world)
        one.gives_email(OWNER)
        one.sends("/console/sign-in/code", code=world.code_for(OWNER))
        one.follows()
        statuses.append(one.sends("/console/sign-in/authenticator", code=text.upper()).status_code)
    assert statuses == [303, 400]


def test_it_asks_for_which_merchant(world: World, browser: MemberVisitor) -> None:
    second = add_member(world, "globex", Role.STAFF, email=OWNER)
    browser.gives_email(OWNER)
    browser.sends("/console/sign-in/code", code=world.code_for(OWNER))
    browser.follows()
    browser.sees("Which business?", "Acme", "Globex")
    browser.sends("/console/sign-in/authenticator", member=second.public_id)
    browser.sends("/console/sign-in/authenticator", member=second.public_id, code=factor(world))
    browser.follows()
    browser.sees("Staff of Globex")


def test_it_gives_a_new_session_at_each_sign_in(world: World) -> None:
    first = enter(world)
    before = first.cookie("console")
    first.enters(OWNER)
    assert first.cookie("console") != before


# --- the end of a session --------------------------------------------------------------------------------------------
def replay(world: World, cookie: str | None) -> int:
    thief = MemberVisitor(world)
    thief.client.set_cookie("till-console", cookie or "", domain="till.test")
    return thief.opens(HOME).status_code


def test_it_ends_a_session_on_our_side(world: World) -> None:
    visitor = enter(world)
    cookie = visitor.cookie("console")
    assert replay(world, cookie) == 200
    visitor.sends("/console/sign-out")
    assert replay(world, cookie) == 401


@pytest.mark.parametrize(("steps", "pause"), [(1, IDLE_LIFETIME), (20, ABSOLUTE_LIFETIME / 20)])
def test_it_ends_idle_and_old_sessions(world: World, steps: int, pause: timedelta) -> None:
    visitor = enter(world)
    for _ in range(steps):
        assert visitor.opens(HOME).status_code == 200
        world.clock.advance(pause)
    assert visitor.opens(HOME).status_code == 401


def test_it_ends_the_sessions_of_a_member_who_is_taken_out(world: World) -> None:
    visitor = enter(world)
    with world.runtime.write() as ctx:
        session = ctx.session.query(ConsoleSession).one()
        ctx.session.get_one(Member, session.member_id).disabled_at = world.clock.now()
    assert visitor.opens(HOME).status_code == 401


def test_it_sends_strangers_to_the_door_and_back(browser: MemberVisitor) -> None:
    assert browser.opens("/console/invoices").location == "/console/sign-in?next=/console/invoices"


@pytest.mark.parametrize(
    "evil", ["//evil.example", "/\\evil.example", "https:evil.example", "/console//evil", "/console@evil", "%2f%2fevil"]
)
def test_it_leads_nowhere_else(world: World, evil: str) -> None:
    visitor = enter(world)
    visitor.opens("/console/confirm")
    assert visitor.sends("/console/confirm", code=factor(world), next=evil).location == HOME


def test_it_locks_its_cookie_to_this_site(world: World, browser: MemberVisitor) -> None:
    browser.gives_email(OWNER)
    browser.sends("/console/sign-in/code", code=world.code_for(OWNER))
    browser.follows()
    answer = browser.sends("/console/sign-in/authenticator", code=factor(world))
    cookie = next(one for one in answer.headers.getlist("Set-Cookie") if one.startswith("till-console="))
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Strict", "Path=/"))
