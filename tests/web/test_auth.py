"""Signing in, staying in, getting out: what each of them lets in, and what it tells those it does not."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot import verifying
from models.customer import ContactPoint
from models.limits import CODES_PER_BROWSER_NETWORK
from models.session import ABSOLUTE_LIFETIME, IDLE_LIFETIME, WebSession
from tests.support import records
from tests.support.visitor import HOST, Visitor
from tests.support.world import ALICE, ALICE_EMAIL, BOB_EMAIL, World

NOBODY = "nobody@example.com"
WRONG = "000000"


def anonymised(text: str, email: str) -> str:
    """The page without what the visitor brought along."""
    return re.sub(r'name="csrf_token" value="[^"]+"', "", text).replace(email, "EMAIL")


def sessions(world: World) -> list[WebSession]:
    with world.runtime.read() as ctx:
        return list(ctx.session.scalars(sa.select(WebSession)))


# --- nobody learns who is on file ------------------------------------------------------------------------------------
def test_it_answers_alike_for_any_email(alice: Visitor, bob: Visitor) -> None:
    answers = []
    for visitor, email in ((alice, ALICE_EMAIL), (bob, NOBODY)):
        visitor.opens("/m/acme")
        asked = visitor.sends("/m/acme", email=email)
        shown = visitor.follows()
        answers.append((asked.status_code, asked.location, asked.text, anonymised(shown.text, email)))
    assert answers[0] == answers[1]


def test_it_answers_alike_for_a_wrong_code_of_any_email(alice: Visitor, bob: Visitor) -> None:
    answers = []
    for visitor, email in ((alice, ALICE_EMAIL), (bob, NOBODY)):
        visitor.asks_for_code("acme", email)
        pages = [visitor.enters_code("acme", WRONG) for _ in range(6)]
        answers.append([(page.status_code, anonymised(page.text, email)) for page in pages])
    assert answers[0] == answers[1]


def test_it_mails_a_code_only_to_the_address_on_file(alice: Visitor, world: World) -> None:
    alice.asks_for_code("acme", NOBODY)
    assert world.mails_to(NOBODY) == []


def test_it_mails_no_code_to_a_customer_of_another_merchant(alice: Visitor, world: World) -> None:
    alice.asks_for_code("globex", BOB_EMAIL)
    assert world.mails_to(BOB_EMAIL) == []


def test_it_shows_no_address_that_was_not_typed(alice: Visitor) -> None:
    alice.asks_for_code("acme", ALICE_EMAIL.upper())
    assert "Alice Adams" not in alice.words


@pytest.mark.parametrize(
    "typed", ["", "   ", "alice", "alice@", "a b@example.com", "a@example.com\x00", "a@example." + "b" * 300]
)
def test_it_asks_again_for_what_is_no_address(alice: Visitor, typed: str) -> None:
    alice.opens("/m/acme")
    assert alice.sends("/m/acme", email=typed).status_code == 400
    alice.sees("There is a problem")
    assert alice.cookie("browser") is None


def test_it_sends_one_network_only_so_many_codes(world: World) -> None:
    for n in range(int(CODES_PER_BROWSER_NETWORK.most)):
        Visitor(world).asks_for_code("acme", f"n{n}@example.com")
    late = Visitor(world)
    late.asks_for_code("acme", ALICE_EMAIL)
    late.sees("Check your email")
    assert world.mails_to(ALICE_EMAIL) == []


# --- a code is good once, here, for a while --------------------------------------------------------------------------
def test_it_takes_a_code_with_spaces_and_dashes(alice: Visitor, world: World) -> None:
    alice.asks_for_code("acme", ALICE_EMAIL)
    code = world.code_for(ALICE_EMAIL)
    assert alice.enters_code("acme", f" {code[:3]}-{code[3:]} ").location == "/m/acme"


def test_it_asks_for_a_code_that_is_missing(alice: Visitor) -> None:
    alice.asks_for_code("acme", ALICE_EMAIL)
    assert alice.enters_code("acme", " - ").status_code == 400
    alice.sees("Enter the code from the email")


def test_it_counts_the_tries_that_are_left(alice: Visitor) -> None:
    alice.asks_for_code("acme", ALICE_EMAIL)
    alice.enters_code("acme", WRONG)
    alice.sees("That code is not right. You have 4 tries left")
    assert alice.value("code") == WRONG


def test_it_locks_after_five_wrong_codes(alice: Visitor, world: World) -> None:
    alice.asks_for_code("acme", ALICE_EMAIL)
    for _ in range(5):
        alice.enters_code("acme", WRONG)
    assert alice.enters_code("acme", world.code_for(ALICE_EMAIL)).status_code == 429
    alice.sees("Too many wrong codes")


def test_it_stays_locked_when_asked_for_another_code(alice: Visitor) -> None:
    alice.asks_for_code("acme", ALICE_EMAIL)
    for _ in range(5):
        alice.enters_code("acme", WRONG)
    alice.sends("/m/acme", email=ALICE_EMAIL)
    assert alice.follows().status_code == 429


def test_it_replaces_a_code_that_is_too_old(alice: Visitor, world: World) -> None:
    alice.asks_for_code("acme", ALICE_EMAIL)
    old = world.code_for(ALICE_EMAIL)
    world.advance(minutes=10, seconds=1)
    assert alice.enters_code("acme", old).status_code == 400
    alice.sees("That code has expired")
    world.settle_down()
    assert alice.enters_code("acme", world.code_for(ALICE_EMAIL)).status_code == 303


def test_it_sends_another_code_on_request(alice: Visitor, world: World) -> None:
    alice.asks_for_code("acme", ALICE_EMAIL)
    alice.sends("/m/acme/code/again")
    alice.follows()
    alice.sees("a new code is on its way")
    world.settle_down()
    assert alice.enters_code("acme", world.code_for(ALICE_EMAIL)).status_code == 303


def test_it_takes_no_code_from_another_browser(alice: Visitor, bob: Visitor, world: World) -> None:
    alice.asks_for_code("acme", ALICE_EMAIL)
    code = world.code_for(ALICE_EMAIL)
    bob.asks_for_code("acme", NOBODY)
    assert bob.enters_code("acme", code).status_code == 400


def test_it_takes_no_code_of_another_merchants_portal(alice: Visitor, world: World) -> None:
    alice.asks_for_code("acme", ALICE_EMAIL)
    assert alice.enters_code("globex", world.code_for(ALICE_EMAIL)).location == "/m/globex"
    assert sessions(world) == []


def test_it_takes_no_code_that_was_asked_for_by_text(alice: Visitor, world: World) -> None:
    phone = world.phone(ALICE)
    phone.says("hi")
    phone.says(ALICE_EMAIL)
    texted = world.code_for(ALICE_EMAIL)
    alice.asks_for_code("acme", NOBODY)
    assert alice.enters_code("acme", texted).status_code == 400


def test_it_takes_a_code_once(alice: Visitor, world: World) -> None:
    alice.asks_for_code("acme", ALICE_EMAIL)
    before = Visitor(world)
    before.steals_cookies(alice)
    code = world.code_for(ALICE_EMAIL)
    alice.enters_code("acme", code)
    before.opens("/m/acme/code")
    assert before.enters_code("acme", code).location == "/m/acme"
    assert len(sessions(world)) == 1


def test_it_opens_one_session_for_two_who_send_one_code_at_once(alice: Visitor, world: World) -> None:
    alice.asks_for_code("acme", ALICE_EMAIL)
    twins = [Visitor(world) for _ in range(4)]
    for twin in twins:
        twin.steals_cookies(alice)
        twin.opens("/m/acme/code")
    code = world.code_for(ALICE_EMAIL)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda twin: twin.enters_code("acme", code), twins))
    assert len(sessions(world)) == 1


def test_it_wants_an_email_before_a_code(alice: Visitor) -> None:
    assert alice.opens("/m/acme/code").location == "/m/acme"


# --- a session ends --------------------------------------------------------------------------------------------------
def test_it_signs_out_for_good(alice: Visitor, bob: Visitor) -> None:
    alice.signs_in("acme", ALICE_EMAIL)
    bob.steals_cookies(alice)
    alice.sends("/m/acme/sign-out")
    alice.follows()
    alice.sees("You are signed out")
    bob.opens("/m/acme")
    bob.sees("See and pay your invoices")


def test_it_lets_nobody_pay_with_the_cookie_of_a_session_that_ended(alice: Visitor, bob: Visitor) -> None:
    alice.signs_in("acme", ALICE_EMAIL)
    bob.steals_cookies(alice)
    wanted = alice.values("invoice")
    alice.sends("/m/acme/sign-out")
    bob.opens("/m/acme")
    assert bob.sends("/m/acme/pay", invoice=wanted).location == "/m/acme"


def test_it_gives_every_sign_in_a_new_session_and_ends_the_old_one(alice: Visitor, world: World) -> None:
    alice.signs_in("acme", ALICE_EMAIL)
    first = alice.cookie("portal")
    again = Visitor(world)
    again.asks_for_code("acme", ALICE_EMAIL)
    again.client.set_cookie("till-portal", first or "", domain=HOST)
    again.enters_code("acme", world.code_for(ALICE_EMAIL))
    assert again.cookie("portal") != first
    assert [session.revoked_at is None for session in sessions(world)] == [False, True]


def test_it_ends_an_idle_session(alice: Visitor, world: World) -> None:
    alice.signs_in("acme", ALICE_EMAIL)
    world.clock.advance(IDLE_LIFETIME)
    alice.opens("/m/acme")
    alice.sees("You were signed out to keep your account safe")


def test_it_keeps_a_session_in_use_but_not_for_ever(alice: Visitor, world: World) -> None:
    alice.signs_in("acme", ALICE_EMAIL)
    steps = ABSOLUTE_LIFETIME // timedelta(minutes=14)
    for _ in range(steps):
        world.clock.advance(timedelta(minutes=14))
        alice.opens("/m/acme")
        alice.sees("Your invoices")
    world.clock.advance(timedelta(minutes=14))
    alice.opens("/m/acme")
    alice.sees("See and pay your invoices")


def test_it_ends_sessions_when_the_merchant_changes_the_email(alice: Visitor, world: World) -> None:
    alice.signs_in("acme", ALICE_EMAIL)
    with world.runtime.write() as ctx:
        verifying.email_changed(ctx, ctx.session.get_one(ContactPoint, sessions(world)[0].contact_point_id))
    alice.opens("/m/acme")
    alice.sees("See and pay your invoices")


def test_it_stores_no_token(alice: Visitor, world: World) -> None:
    alice.signs_in("acme", ALICE_EMAIL)
    assert sessions(world)[0].token_hash != alice.cookie("portal")


def test_it_opens_no_portal_with_the_session_of_another(alice: Visitor) -> None:
    alice.signs_in("acme", ALICE_EMAIL)
    alice.opens("/m/globex")
    alice.sees("See and pay your invoices")
    assert "G-7" not in alice.words


def test_it_opens_no_portal_with_a_pay_link(alice: Visitor, world: World) -> None:
    alice.opens(records.link(world, "INV-1042"))
    alice.opens("/m/acme")
    alice.sees("See and pay your invoices")
