"""One customer, texting and writing emails in turn: what one channel has settled, the other knows."""

import sqlalchemy as sa

from bot import invoicing
from models.message import Direction, Message
from tests.support import records
from tests.support.world import ALICE, ALICE_EMAIL, World


def invoice_goes_out(world: World, number: str) -> str:
    """Its Message-ID."""
    with world.runtime.write() as ctx:
        invoicing.send_invoice(ctx, records.invoice(world, number))
    world.settle_down()
    return str(world.inbox(ALICE_EMAIL).received()[-1].headers["Message-ID"])


def timeline(world: World) -> list[tuple[str, Direction, str]]:
    """Everything with this customer, as the merchant sees it."""
    theirs = sa.select(Message).where(Message.customer_id == records.customer(world, "Alice Adams").id)
    with world.runtime.read() as ctx:
        rows = ctx.session.scalars(theirs.order_by(Message.id)).all()
    return [(row.channel.value, row.direction, row.kind) for row in rows]


def test_it_goes_on_by_email_where_texts_left_off(world: World) -> None:
    mail = invoice_goes_out(world, "INV-1051")
    phone, inbox = world.phone(ALICE), world.inbox(ALICE_EMAIL)
    phone.proves(ALICE_EMAIL)
    phone.hears("3 invoices")
    inbox.writes("I'd like to pay this one", {"In-Reply-To": mail})
    inbox.reads("Pay INV-1051")
    records.pay(world, "INV-1051")
    phone.says("what do I owe?")
    phone.hears("2 invoices")


def test_it_keeps_one_timeline_for_both(world: World) -> None:
    mail = invoice_goes_out(world, "INV-1051")
    phone, inbox = world.phone(ALICE), world.inbox(ALICE_EMAIL)
    phone.proves(ALICE_EMAIL)
    phone.says("LIST")
    inbox.writes("this amount is wrong", {"In-Reply-To": mail})
    assert timeline(world)[-4:] == [
        ("sms", Direction.IN, "list"),
        ("sms", Direction.OUT, "list_page"),
        ("email", Direction.IN, "dispute"),
        ("email", Direction.OUT, "dispute_handoff"),
    ]


def test_it_lets_each_channel_pick_from_its_own_list(world: World) -> None:
    phone, inbox = world.phone(ALICE), world.inbox(ALICE_EMAIL)
    inbox.writes("what do I owe?")
    phone.proves(ALICE_EMAIL)
    records.pay(world, "INV-1042")
    inbox.writes("2")
    inbox.reads("Pay INV-1051")
    phone.says("LIST")
    phone.says("2")
    phone.hears("INV-1060")


def test_it_texts_on_after_emails_were_stopped(world: World) -> None:
    phone, inbox = world.phone(ALICE), world.inbox(ALICE_EMAIL)
    phone.proves(ALICE_EMAIL)
    inbox.writes("please stop emailing me")
    phone.says("what do I owe?")
    phone.hears("3 invoices")


def test_it_mails_a_code_even_to_who_has_stopped_emails(world: World) -> None:
    world.inbox(ALICE_EMAIL).writes("STOP")
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.hears("3 invoices")


def test_it_sees_a_payment_by_link_of_either_channel_once(world: World) -> None:
    phone, inbox = world.phone(ALICE), world.inbox(ALICE_EMAIL)
    phone.proves(ALICE_EMAIL)
    phone.says("pay 1042")
    inbox.writes("pay 1042")
    records.pay(world, "INV-1042")
    inbox.writes("pay 1042")
    assert "$1,284.50" not in inbox.answers()[-1].text
