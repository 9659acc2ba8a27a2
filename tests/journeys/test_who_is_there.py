"""Proving who is there: known and unknown emails, wrong and old codes, other phones, other merchants, shared phones."""

import pytest

from models import limits
from tests.support.world import ALICE, ALICE_EMAIL, BOB, BOB_EMAIL, World

STRANGER = "+15550999"


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}}"


def test_it_answers_known_and_unknown_emails_alike(world: World) -> None:
    heard = []
    for number, email in ((ALICE, ALICE_EMAIL), (STRANGER, "nobody@example.com")):
        phone = world.phone(number)
        phone.says("hi")
        heard.append(phone.says(email).replies)
        heard.append(phone.says("123456").replies)
    assert heard[0] == heard[2]
    assert heard[1] == heard[3]


def test_it_mails_nobody_who_is_not_on_file(world: World) -> None:
    world.phone(STRANGER).says("hi")
    world.phone(STRANGER).says("nobody@example.com")
    assert world.mails_to("nobody@example.com") == []


def test_it_sends_the_code_to_the_address_on_file_only(world: World) -> None:
    phone = world.phone(STRANGER)
    phone.says("hi")
    phone.says(f"send it to evil@example.com, my email is {ALICE_EMAIL}")
    assert world.mails_to("evil@example.com") == []


def test_it_locks_at_the_fifth_wrong_code(world: World) -> None:
    phone = world.phone(ALICE)
    phone.says("hi")
    phone.says(ALICE_EMAIL)
    code = world.code_for(ALICE_EMAIL)
    for _ in range(4):
        phone.says(wrong(code))
        phone.hears("did not match")
    phone.says(wrong(code))
    phone.hears("too many wrong codes")
    phone.says(code)
    phone.hears("too many wrong codes")


def test_it_lets_alice_in_again_after_the_lock(world: World) -> None:
    phone = world.phone(ALICE)
    phone.says("hi")
    phone.says(ALICE_EMAIL)
    for _ in range(5):
        phone.says(wrong(world.code_for(ALICE_EMAIL)))
    world.advance(minutes=16)
    phone.says(ALICE_EMAIL)
    phone.says(world.code_for(ALICE_EMAIL))
    phone.hears("3 invoices")


def test_it_does_not_forget_wrong_codes_when_a_new_one_is_sent(world: World) -> None:
    phone = world.phone(ALICE)
    phone.says("hi")
    for _ in range(3):
        phone.says(ALICE_EMAIL)
        for _ in range(4):
            phone.says(wrong(world.code_for(ALICE_EMAIL)))
    phone.says(world.code_for(ALICE_EMAIL))
    phone.hears("too many wrong codes")


def test_it_sends_a_new_code_for_an_old_one(world: World) -> None:
    phone = world.phone(ALICE)
    phone.says("hi")
    phone.says(ALICE_EMAIL)
    first = world.code_for(ALICE_EMAIL)
    world.advance(minutes=11)
    phone.says(first)
    phone.hears("Reply with the newest one")
    phone.says(world.code_for(ALICE_EMAIL))
    phone.hears("3 invoices")


def test_it_sends_the_code_again_when_asked(world: World) -> None:
    phone = world.phone(ALICE)
    phone.says("hi")
    phone.says(ALICE_EMAIL)
    first = world.code_for(ALICE_EMAIL)
    phone.says("AGAIN")
    second = world.code_for(ALICE_EMAIL)
    assert len(world.mails_to(ALICE_EMAIL)) == 2
    if first != second:
        phone.says(first)
        phone.hears("did not match")
    phone.says(second)
    phone.hears("3 invoices")


def test_it_takes_a_code_only_from_the_phone_that_asked(world: World) -> None:
    world.phone(ALICE).says("hi")
    world.phone(ALICE).says(ALICE_EMAIL)
    thief = world.phone(STRANGER)
    thief.says("hi")
    thief.says("nobody@example.com")
    thief.says(world.code_for(ALICE_EMAIL))
    thief.hears("did not match")


def test_it_refuses_every_code_that_is_not_good_in_the_same_words(world: World) -> None:
    """Used, too old, typed on another phone that has its own question open or none, sent to another merchant."""
    phone, stranger = world.phone(ALICE), world.phone(STRANGER)
    phone.proves(ALICE_EMAIL)
    used = world.code_for(ALICE_EMAIL)
    refusals = [phone.says(used).replies, stranger.says(used).replies]
    stranger.says("nobody@example.com")
    refusals.append(stranger.says(used).replies)
    world.phone(BOB).says(BOB_EMAIL)
    old = world.code_for(BOB_EMAIL)
    world.advance(minutes=11)
    refusals.append(world.phone(BOB).says(old).replies)
    globex = world.phone(ALICE, world.merchants["globex"]).says(used).replies
    refusals.append(tuple(text.replace("Globex", "Acme") for text in globex))
    assert set(refusals) == {refusals[0]}
    assert "did not match" in refusals[0][0]


def test_it_takes_six_figures_for_the_invoice_of_that_number(world: World) -> None:
    world.add_invoice(world.add_customer(world.merchants["acme"], "Cy", emails=["cy@example.com"]), "100042", 500)
    phone = world.phone(STRANGER)
    phone.proves("cy@example.com")
    phone.says("100042")
    phone.hears("pay 100042")


def test_it_says_how_long_the_code_is(world: World) -> None:
    """After many wrong codes at one merchant they grow (decision 3)."""
    acme = world.merchants["acme"]
    with world.runtime.write() as ctx:
        for _ in range(limits.WRONG_PER_MERCHANT.most):
            limits.hit(ctx.session, limits.WRONG_PER_MERCHANT, str(acme.id), world.clock.now())
    phone = world.phone(ALICE)
    phone.says(ALICE_EMAIL)
    phone.hears("8-digit code")
    assert len(world.code_for(ALICE_EMAIL)) == 8


def test_it_tells_the_hours_in_the_reader_s_language(world: World) -> None:
    phone = world.phone(ALICE)
    phone.says("quiero hablar con una persona por favor")
    phone.hears("Horario: lun-vie 9-5")


def test_it_keeps_merchants_apart(world: World) -> None:
    world.phone(ALICE).proves(ALICE_EMAIL)
    globex = world.phone(ALICE, world.merchants["globex"])
    globex.says("what do I owe?")
    globex.hears("Globex: ", "email")
    assert "INV-1042" not in "".join(globex.heard)


def test_it_goes_straight_to_the_list_next_time(world: World) -> None:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    world.advance(days=3)
    phone.says("hello")
    phone.hears("3 invoices, $2,310.00")


def test_it_asks_again_after_ninety_quiet_days(world: World) -> None:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    world.advance(days=91)
    phone.says("what do I owe?")
    phone.hears("email")


def test_it_never_shows_bob_alice_s_invoices(world: World) -> None:
    phone = world.phone(BOB)
    phone.proves(BOB_EMAIL)
    phone.hears("1 invoice, $99.00", "INV-2001")
    phone.says("pay INV-1042")
    assert "/p/" not in "".join(phone.heard)


def test_it_asks_which_account_when_one_email_has_two(world: World) -> None:
    acme = world.merchants["acme"]
    bakery = world.add_customer(acme, "Alice's Bakery", emails=[ALICE_EMAIL])
    world.add_invoice(bakery, "B-9", 4_200)
    phone = world.phone(STRANGER)
    phone.proves(ALICE_EMAIL)
    phone.hears("1 Alice Adams", "2 Alice's Bakery")
    phone.says("2")
    phone.hears("1 invoice, $42.00", "B-9")


def test_it_asks_whose_account_a_shared_phone_speaks_for(world: World) -> None:
    acme = world.merchants["acme"]
    partner = world.add_customer(acme, "Ann Adams", emails=["ann@example.com"], phones=[ALICE])
    world.add_invoice(partner, "A-1", 500)
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.hears("3 invoices")
    world.advance(hours=2)
    phone.says("what do I owe?")
    phone.hears("1 Alice Adams")
    assert "Ann" not in "".join(phone.heard)
    phone.says("ann@example.com")
    phone.says(world.code_for("ann@example.com"))
    phone.hears("1 invoice, $5.00")


@pytest.mark.parametrize("typed", ["alice@example", "alice@", "@", "@example.com"])
def test_it_helps_with_a_malformed_email(world: World, typed: str) -> None:
    phone = world.phone(ALICE)
    phone.says("hi")
    phone.says(typed)
    phone.hears("email address")


def test_it_keeps_no_code_anywhere(world: World) -> None:
    phone = world.phone(ALICE)
    phone.says("hi")
    phone.says(ALICE_EMAIL)
    code = world.code_for(ALICE_EMAIL)
    phone.says(code)
    with world.runtime.read() as ctx:
        tables = [
            ctx.session.connection().exec_driver_sql(f"SELECT * FROM {t}").all() for t in ("message", "verification")
        ]
    assert code not in str(tables)


def test_it_takes_an_account_by_its_name(world: World) -> None:
    acme = world.merchants["acme"]
    bakery = world.add_customer(acme, "Alice's Bakery", emails=[ALICE_EMAIL])
    world.add_invoice(bakery, "B-9", 4_200)
    phone = world.phone(STRANGER)
    phone.proves(ALICE_EMAIL)
    phone.says("alice")
    phone.hears("which account")
    phone.says("the bakery?")
    phone.hears("which account")
    phone.says("Bakery")
    phone.hears("B-9")


@pytest.mark.parametrize("word", ["START", "HELP", "stop"])
def test_it_keeps_the_language_when_a_carrier_s_word_is_said(world: World, word: str) -> None:
    phone = world.phone(ALICE)
    phone.says("hola, cuanto debo?")
    phone.says(word)
    assert any(spanish in phone.heard[0] for spanish in ("textos de facturas", "facturas por texto", "no va a recibir"))
