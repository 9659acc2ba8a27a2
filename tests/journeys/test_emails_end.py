"""How emails end: a refusal, a press on a link, a bounce; and what reaches a customer even so."""

import sqlalchemy as sa

from models.conversation import Conversation
from tests.support.records import has_opted_out, pay
from tests.support.world import ALICE_EMAIL, World


# --- no more emails ---------------------------------------------------------------------------------------------------
def test_it_stops_emailing_who_asks_for_it(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("please stop emailing me")
    inbox.reads("Emails are off", "Reply START")
    inbox.writes("what do I owe?")
    inbox.reads_nothing()
    inbox.writes("START")
    inbox.reads("Emails are on")
    inbox.writes("what do I owe?")
    inbox.reads("3 open invoices")


def test_it_lets_the_owner_finish_a_stop_that_nobody_vouched_for(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("unsubscribe me", proven=False)
    inbox.reads("Stop our emails?")
    assert not has_opted_out(world, ALICE_EMAIL)
    world.client.post(inbox.link(), data={"List-Unsubscribe": "One-Click"})
    assert has_opted_out(world, ALICE_EMAIL)


def test_it_still_mails_the_receipt_of_a_payment(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("stop emailing me")
    pay(world, "INV-1042")
    assert "Receipt" in inbox.received()[-1].subject


def test_it_mails_the_receipt_of_what_was_paid_by_email_once(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("pay INV-1042")
    with world.runtime.read() as ctx:
        thread = ctx.session.scalars(sa.select(Conversation)).one()
    pay(world, "INV-1042", conversation_id=thread.id)
    assert [mail.subject for mail in inbox.received()][1:] == ["Receipt: $1,284.50 to Acme"]


# --- mail that does not arrive ----------------------------------------------------------------------------------------
def bounce(message_id: str, address: str) -> bytes:
    return (
        "From: mailer-daemon@example.com\r\nTo: pay@acme.example\r\nSubject: Undelivered\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nNo such user.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; example.com\r\n\r\n"
        f"Final-Recipient: rfc822; {address}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {message_id}\r\n\r\n--b--\r\n"
    ).encode()


def test_it_stops_writing_to_an_address_that_bounces_and_tells_the_merchant_once(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("what do I owe?")
    report = bounce(inbox.reads().headers["Message-ID"], ALICE_EMAIL)
    inbox.posts(report)
    inbox.posts(report + b"\r\n")
    inbox.writes("what do I owe?")
    inbox.reads_nothing()
    assert [m.subject for m in world.mails_to("office@acme.example")] == ["Emails to Alice Adams do not arrive"]


def test_it_believes_no_bounce_of_a_mail_that_it_never_sent(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.posts(bounce("<0123@till.test>", ALICE_EMAIL))
    inbox.writes("what do I owe?")
    inbox.reads("3 open invoices")
