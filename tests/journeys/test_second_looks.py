"""What went wrong once and must not again: shared phones, half-opened pages, several picks, carriers' own words."""

import pytest

from tests.support.world import ALICE, ALICE_EMAIL, World

PARTNER = "ann@example.com"


@pytest.fixture
def shared(world: World) -> World:
    """Alice's phone is on file for Ann, too; only Alice has proven herself on it, an hour ago."""
    partner = world.add_customer(world.merchants["acme"], "Ann Adams", emails=[PARTNER], phones=[ALICE])
    world.add_invoice(partner, "A-1", 500)
    world.phone(ALICE).proves(ALICE_EMAIL)
    world.advance(hours=1)
    return world


@pytest.mark.parametrize("words", ["please have someone call me, and what do I owe?", "list", "pay all", "status"])
def test_it_never_guesses_whose_list_a_shared_phone_wants(shared: World, words: str) -> None:
    phone = shared.phone(ALICE)
    for _ in range(3):
        phone.says(words)
        assert "INV-" not in "".join(phone.heard)


def test_it_keeps_asking_which_account_until_told(shared: World) -> None:
    phone = shared.phone(ALICE)
    phone.says("list")
    phone.says("what do I owe")
    phone.hears("1 Alice Adams")
    phone.says("1")
    phone.hears("3 invoices")


def test_it_offers_an_invoice_again_when_its_page_was_only_opened(world: World) -> None:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("1")
    _press(world, phone.link(), "card")
    phone.says("1")
    phone.hears("pay INV-1042")


def test_it_leaves_out_of_the_list_what_is_on_its_way(world: World) -> None:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("1")
    session = _press(world, phone.link(), "bank")
    world.bank.confirm(session, "checking", "first-harbor")
    world.settle_down()
    phone.says("LIST")
    phone.hears("2 invoices, $1,025.50")
    phone.says("status")
    phone.hears("on its way")


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("1,3", 2),
        ("one and three", 2),
        ("1,2 and 3", 3),
        ("all three", 3),
        ("uno y dos", 2),
        ("1/2", 2),
        ("pay 1, 2", 2),
    ],
)
def test_it_takes_every_number_that_was_picked(world: World, words: str, count: int) -> None:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says(words)
    assert any(f" {count} " in text and "/p/" in text for text in phone.heard), phone.heard


def test_it_shows_a_place_further_down_before_it_is_paid(world: World) -> None:
    long = world.add_customer(world.merchants["acme"], "Long List", emails=["long@example.com"])
    for number in range(1, 9):
        world.add_invoice(long, f"L-{number}", 100 * number)
    phone = world.phone("+15550177")
    phone.proves("long@example.com")
    phone.says("8")
    phone.hears("8 invoices", "7 L-7", "8 L-8")
    phone.says("9")
    phone.hears("choose from 1 to 8", "7 L-7", "8 L-8")
    phone.says("2")
    phone.hears("pay L-2")


def test_it_asks_back_for_the_last_one(world: World) -> None:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("the last one")
    assert "/p/" not in "".join(phone.heard)


@pytest.mark.parametrize("body", ["SALIR", "hi", "pls no"])
def test_it_obeys_the_merchant_s_own_stop_word_in_silence(world: World, body: str) -> None:
    phone = world.phone(ALICE)
    phone.says(body, OptOutType="STOP")
    phone.hears_nothing()
    phone.says("what do I owe?")
    phone.hears_nothing()


def test_it_finds_the_question_for_a_code_after_a_hand_off(world: World) -> None:
    phone = world.phone(ALICE)
    phone.says("hi")
    phone.says(ALICE_EMAIL)
    phone.says("agent")
    phone.says(world.code_for(ALICE_EMAIL))
    phone.hears("3 invoices")


def test_it_sends_no_answer_that_was_overtaken(world: World) -> None:
    """Replies in TwiML whose delivery nobody reported, and of which the carrier knows nothing."""
    world.outside.cause("reply_is_lost", 2)
    phone = world.phone(ALICE)
    phone.says("STOP")
    before = len(phone.receives())
    world.advance(minutes=6)
    assert len(phone.receives()) == before


def test_it_says_so_when_codes_are_blocked_for_the_day(world: World) -> None:
    phone = world.phone(ALICE)
    phone.says("hi")
    for _ in range(3):
        phone.says(ALICE_EMAIL)
        for _ in range(4):
            phone.says(f"{(int(world.code_for(ALICE_EMAIL)) + 1) % 10**6:06}")
    phone.hears("for one day", "/m/acme")
    phone.says("hi")
    assert "code from us" not in "".join(phone.heard)


def test_it_knows_which_payment_is_asked_about(world: World) -> None:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("is 1042 paid?")
    assert "received" not in "".join(phone.heard)


def _press(world: World, path: str, method: str) -> str:
    """Press pay on the page behind a link; returns the bank's session."""
    page = world.client.get(path).text
    fields = {name: _field(page, name) for name in ("csrf_token", "idempotency_key", "seen_amount", "seen_version")}
    answer = world.client.post(path, data=fields | {"method": method})
    assert answer.status_code == 303, answer.status_code
    return answer.headers["Location"].rpartition("/")[2]


def _field(page: str, name: str) -> str:
    return page.split(f'name="{name}" value="', 1)[1].split('"', 1)[0]
