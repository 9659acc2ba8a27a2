"""Opting out and in, help, people, small talk, and whatever else is typed."""

import pytest

from tests.support.world import ALICE, ALICE_EMAIL, World


def test_it_confirms_an_opt_out_once(world: World) -> None:
    phone = world.phone(ALICE)
    phone.says("please stop texting me")
    phone.hears("you are opted out")
    phone.says("STOP")
    phone.hears_nothing()


def test_it_stays_silent_where_the_carrier_has_answered(world: World) -> None:
    phone = world.phone(ALICE)
    phone.says("STOP", OptOutType="STOP")
    phone.hears_nothing()


def test_it_stays_silent_after_an_opt_out(world: World) -> None:
    phone = world.phone(ALICE)
    phone.says("stop")
    phone.says("what do I owe?")
    phone.hears_nothing()


def test_it_comes_back_with_start_and_asks_who_is_there(world: World) -> None:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("STOP")
    phone.says("START")
    phone.hears("invoice texts are on")
    phone.says("what do I owe?")
    phone.hears("email")


def test_it_opts_out_of_one_merchant_only(world: World) -> None:
    world.phone(ALICE).says("STOP")
    globex = world.phone(ALICE, world.merchants["globex"])
    globex.says("hi")
    globex.hears("Globex")


def test_it_asks_back_when_stop_is_not_an_opt_out(world: World) -> None:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("cancel invoice 1042?")
    phone.hears("STOP")
    phone.says("what do I owe?")
    phone.hears("3 invoices")


def test_it_explains_itself(world: World) -> None:
    phone = world.phone(ALICE)
    phone.says("HELP")
    phone.hears("Acme", "(555) 010-0100", "STOP")


def test_it_hands_over_to_a_person_and_tells_the_merchant(world: World) -> None:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("AGENT")
    phone.hears("a person will reply here")
    assert "Alice Adams" in world.mails_to("office@acme.example")[-1].subject
    phone.says("blah blah")
    phone.hears_nothing()
    phone.says("LIST")
    phone.hears("3 invoices")


def test_it_offers_a_person_after_two_misses(world: World) -> None:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("the weather is lovely in paris")
    phone.hears("did not understand", "LIST")
    phone.says("and the moon is made of cheese")
    phone.hears("AGENT")


def test_it_falls_silent_before_two_machines_begin_to_chat(world: World) -> None:
    phone = world.phone(ALICE)
    replies = 0
    body = "hi"
    for _ in range(12):
        said = phone.says(body).replies
        replies += len(said)
        body = said[-1] if said else body
    assert replies <= 5


def test_it_speaks_spanish_to_who_writes_spanish(world: World) -> None:
    phone = world.phone(ALICE)
    phone.says("hola, cuanto debo?")
    phone.hears("email")
    phone.says(ALICE_EMAIL)
    phone.hears("le enviamos una clave")
    phone.says(world.code_for(ALICE_EMAIL))
    phone.hears("3 facturas, $2,310.00", "vence", "TODO")


def test_it_pages_through_a_long_list(world: World) -> None:
    customer = world.add_customer(world.merchants["acme"], "Carl", emails=["carl@example.com"])
    for n in range(5):
        world.add_invoice(customer, f"C-{n}", 1_000 + n)
    phone = world.phone("+15550777")
    phone.proves("carl@example.com")
    phone.hears("5 invoices", "MORE")
    phone.says("more")
    phone.hears("4 C-3", "5 C-4")
    phone.says("5")
    phone.hears("pay C-4, $10.04")


def test_it_never_pays_another_invoice_than_the_one_shown(world: World) -> None:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    world.advance(minutes=31)
    phone.says("2")
    assert "/p/" not in "".join(phone.heard)
    phone.hears("3 invoices")


@pytest.mark.parametrize(
    "body",
    ["", " ", "\u202e\u202d", "😀" * 400, "x" * 1600, "\x00hi", "' OR 1=1 --", "{{7*7}}", "4111 1111 1111 1111", "🤷‍♀️"],
)
def test_it_has_an_answer_to_anything(world: World, body: str) -> None:
    phone = world.phone(ALICE)
    assert phone.says(body).status == 200
    assert "49" not in "".join(phone.heard)


def test_it_keeps_no_card_number(world: World) -> None:
    world.phone(ALICE).says("my card is 4111 1111 1111 1111 ok?")
    with world.runtime.read() as ctx:
        rows = ctx.session.connection().exec_driver_sql("SELECT * FROM message").all()
    assert "4111" not in str(rows)
