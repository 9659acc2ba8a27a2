"""A customer replies to a merchant's email and has the same conversation; who only claims to be one does not."""

import pytest
import sqlalchemy as sa

from models.customer import Channel, ContactPoint
from models.message import Message
from models.received_mail import ReceivedMail
from tests.support.inbox import Inbox
from tests.support.records import customer, has_opted_out
from tests.support.visitor import Visitor
from tests.support.world import ALICE, ALICE_EMAIL, BOB_EMAIL, World

EVE = "eve@evil.example"
OWED = ("INV-", "$", "Alice", "/p/")


def mailboxes(world: World) -> set[str]:
    return {message.recipient for message in world.outside.messages() if message.channel == "email"}


def tells_nothing(inbox: Inbox) -> None:
    answer = inbox.reads("/m/acme")
    assert not any(word in answer.subject + answer.text for word in OWED)


# --- what is owed, and paying it --------------------------------------------------------------------------------------
def test_it_answers_what_is_owed_with_a_list_and_one_button(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("What do I owe?")
    inbox.reads("3 open invoices, $2,310.00", "INV-1042  $1,284.50", "INV-1060", "Pay $2,310.00:", "http")
    assert "INV-1042" in world.client.get(inbox.link()).text


def test_it_sends_the_link_for_the_invoice_picked_days_later(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("what do I owe?")
    world.advance(days=2)
    inbox.writes("2\n\nOn Fri, Jun 19, 2026 at 5:30 PM Acme <pay@acme.example> wrote:\n> Reply 1, 2, 3 or ALL\n")
    inbox.reads("Pay INV-1051", "Pay $640.00:")
    assert "INV-1051" in world.client.get(inbox.link()).text


def test_it_mails_a_new_link_for_one_that_ran_out(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("pay INV-1042")
    old = inbox.link()
    world.advance(hours=3)
    inbox.seen = len(inbox.received())
    visitor = Visitor(world)
    visitor.opens(old)
    visitor.sends(f"{old}/renew")
    world.settle_down()
    answer = inbox.reads("Pay INV-1042", "Pay $1,284.50:")
    assert (answer.subject, inbox.link() != old) == ("Pay INV-1042, $1,284.50", True)


def test_it_speaks_spanish_to_who_writes_spanish(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("hola, ¿cuánto debo?")
    inbox.reads("Responda encima", "3 facturas pendientes, $2,310.00", "Pagar $2,310.00:")


def test_it_goes_on_in_the_thread(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    identifier = inbox.writes("what do I owe?", {"References": "<first@acme.example>"}, subject="Invoice INV-1042")
    answer = inbox.reads()
    assert answer.subject == "Re: Invoice INV-1042"
    assert answer.headers["In-Reply-To"] == identifier
    assert answer.headers["References"] == f"<first@acme.example> {identifier}"
    assert answer.headers["Auto-Submitted"] == "auto-replied"
    assert answer.headers["X-Auto-Response-Suppress"] == "All"
    assert answer.headers["Reply-To"].startswith("pay+t.")


def test_it_reads_the_newest_words_only(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("what do I owe?")
    quoted = "".join(f"> {line}\n" for line in inbox.reads().text.splitlines())
    inbox.writes(f"who are you?\n\nOn Fri, Acme <pay@acme.example> wrote:\n{quoted}> Reply STOP to opt out\n")
    inbox.reads("Our answer")
    assert not has_opted_out(world, ALICE_EMAIL)


def test_it_knows_a_second_address_on_file(world: World) -> None:
    with world.runtime.write() as ctx:
        alice = customer(world, "Alice Adams")
        ctx.session.add(
            ContactPoint(
                merchant_id=alice.merchant_id,
                customer_id=alice.id,
                channel=Channel.EMAIL,
                address="books@example.com",
                is_primary=False,
                created_at=world.clock.now(),
            )
        )
    inbox = world.inbox("books@example.com")
    inbox.writes("what do we owe?")
    inbox.reads("3 open invoices")


def test_it_asks_which_account_an_address_writes_about(world: World) -> None:
    second = world.add_customer(world.merchants["acme"], "Adams Bakery", emails=[ALICE_EMAIL])
    world.add_invoice(second, "INV-3001", 1_500)
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("what do I owe?")
    inbox.reads("Which account?", "1 Alice Adams", "2 Adams Bakery")
    inbox.writes("2")
    inbox.reads("1 open invoice, $15.00", "INV-3001")


def test_it_keeps_merchants_apart(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL, world.merchants["globex"])
    inbox.writes("what do I owe?")
    assert "INV-" not in inbox.reads("G-7").text


def test_it_answers_each_channel_on_its_own(world: World) -> None:
    phone, inbox = world.phone(ALICE), world.inbox(ALICE_EMAIL)
    phone.proves(ALICE_EMAIL)
    phone.hears("3 invoices")
    inbox.writes("pay INV-1042")
    inbox.reads("Pay INV-1042", "Pay $1,284.50:")
    phone.says("pay 1051")
    phone.hears("pay INV-1051")


def test_it_hands_over_to_a_person_and_tells_the_merchant(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("This amount is wrong, we never got the second box.")
    inbox.reads("A person will answer you", "Mon-Fri 9-5")
    assert "Alice Adams" in world.mails_to("office@acme.example")[-1].subject


def test_it_keeps_a_promise(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("I'll pay Friday")
    inbox.reads("we noted that you will pay on Jun 26")


def test_it_keeps_no_card_number(world: World) -> None:
    world.inbox(ALICE_EMAIL).writes("charge 4111 1111 1111 1111 please")
    with world.runtime.read() as ctx:
        kept = [*ctx.session.scalars(sa.select(Message.body)), *ctx.session.scalars(sa.select(ReceivedMail.raw))]
    assert "4111" not in str(kept)


# --- who only says so -------------------------------------------------------------------------------------------------
def test_it_tells_a_forged_sender_nothing(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("what do I owe?", subject="You owe us, click http://evil.example", proven=False)
    tells_nothing(inbox)


def test_it_writes_to_the_address_on_file_whatever_reply_to_and_cc_say(world: World) -> None:
    headers = {"Reply-To": EVE, "Cc": BOB_EMAIL, "Sender": EVE}
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("what do I owe?", headers)
    inbox.writes("what do I owe?", headers, proven=False)
    assert mailboxes(world) == {ALICE_EMAIL}


def test_it_sends_the_link_once_a_week(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("what do I owe?", proven=False)
    world.advance(days=6)
    inbox.writes("and now?", proven=False)
    inbox.reads_nothing()
    world.advance(days=14)
    inbox.writes("what do I owe?", proven=False)
    tells_nothing(inbox)


def test_it_gives_a_stranger_the_portal_link_only(world: World) -> None:
    inbox = world.inbox("accountant@example.net")
    inbox.writes("what do they owe?")
    tells_nothing(inbox)
    inbox.writes("please?")
    inbox.reads_nothing()


def test_it_never_answers_an_unproven_stranger(world: World) -> None:
    world.inbox(EVE).writes("what do I owe?", proven=False)
    assert mailboxes(world) == set()


def test_it_takes_a_reply_tag_as_no_proof(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("what do I owe?")
    tagged = inbox.reads().headers["Reply-To"]
    accountant = world.inbox("accountant@example.net")
    accountant.writes("and this one?", {"To": tagged})
    tells_nothing(accountant)
    with world.runtime.read() as ctx:
        kept = ctx.session.scalars(
            sa.select(Message.conversation_id).where(Message.their_address.in_([inbox.address, accountant.address]))
        )
        assert len(set(kept) - {None}) == 1


def test_it_changes_nothing_for_a_forged_sender(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("I already paid this, and I'll pay Friday", proven=False)
    inbox.writes("STOP", proven=False)
    assert world.mails_to("office@acme.example") == []
    assert not has_opted_out(world, ALICE_EMAIL)


# --- loops and repeats ------------------------------------------------------------------------------------------------
def test_it_answers_the_same_mail_once(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    mail = f"From: {ALICE_EMAIL}\r\nTo: pay@acme.example\r\nMessage-ID: <1@x>\r\n\r\nwhat do I owe?\r\n".encode()
    for _ in range(3):
        inbox.posts(mail)
    assert len(inbox.received()) == 1


def test_it_takes_the_same_message_id_with_other_words_for_another_mail(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("what do I owe?", {"Message-ID": "<same@x>"})
    inbox.writes("pay INV-1042", {"Message-ID": "<same@x>"})
    inbox.reads("Pay INV-1042")


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"List-Id": "<list.example.com>"},
        {"Return-Path": "<>"},
        {"X-Auto-Response-Suppress": "All"},
        {"Subject": "Automatic reply: Invoice"},
    ],
)
def test_it_never_answers_a_machine(world: World, headers: dict[str, str]) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("I am out of the office. What do I owe?", headers)
    inbox.reads_nothing()


def test_it_answers_ten_mails_an_hour_at_most(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    for _ in range(14):
        inbox.writes("what do I owe?")
    assert len(inbox.received()) == 10
