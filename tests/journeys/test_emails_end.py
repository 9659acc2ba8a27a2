"""How emails end: a refusal, a press on a link, a bounce; and what reaches a customer even so."""

import sqlalchemy as sa

from models.consent import Consent, ConsentAct
from models.conversation import Conversation
from models.customer import Channel
from tests.support.records import has_opted_out, pay
from tests.support.world import ALICE, ALICE_EMAIL, BOB, World


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


# --- which channels end -----------------------------------------------------------------------------------------------
def test_it_says_that_texts_go_on_after_a_stop_by_email(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("take me off your list")
    inbox.reads("Emails are off", "Texts to your phone go on", "STOP TEXTS")
    assert not has_opted_out(world, ALICE)


def test_it_ends_texts_by_email_as_well(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("STOP")
    inbox.writes("stop texts")
    inbox.reads("We will text you no more")
    inbox.writes("stop texts")
    inbox.reads_nothing()
    assert has_opted_out(world, ALICE)


def test_it_ends_only_the_texts_where_only_those_are_named(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("please stop texting me")
    inbox.reads("Texts are off", "Emails go on")
    assert has_opted_out(world, ALICE)
    assert not has_opted_out(world, ALICE_EMAIL)


def test_it_ends_everything_where_everything_is_meant(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("Do not contact me again!")
    inbox.reads("Emails are off", "text you no more, either")
    assert has_opted_out(world, ALICE)
    assert has_opted_out(world, ALICE_EMAIL)


def test_it_ends_emails_by_text_as_well(world: World) -> None:
    phone = world.phone(ALICE)
    phone.says("please stop texting and emailing me")
    phone.hears("no more texts", "no more emails")
    assert has_opted_out(world, ALICE_EMAIL)


def test_it_ends_nothing_of_who_shares_no_address(world: World) -> None:
    world.inbox(ALICE_EMAIL).writes("stop everything")
    assert not has_opted_out(world, BOB)


def test_it_ends_nothing_for_a_forged_sender(world: World) -> None:
    world.inbox(ALICE_EMAIL).writes("stop everything", proven=False)
    assert not has_opted_out(world, ALICE)


def test_it_records_how_a_refusal_came(world: World) -> None:
    world.inbox(ALICE_EMAIL).writes("no more texts or emails")
    with world.runtime.read() as ctx:
        kept = ctx.session.execute(sa.select(Consent.channel, Consent.source).where(Consent.act == ConsentAct.REVOKED))
    assert set(kept.all()) >= {(Channel.EMAIL, "email"), (Channel.SMS, "email")}


# --- complaints -------------------------------------------------------------------------------------------------------
def complaint(message_id: str, kind: str = "abuse") -> bytes:
    return (
        "From: complaints@isp.example\r\nTo: pay@acme.example\r\nSubject: Complaint\r\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nA reader pressed the spam button.\r\n"
        f"--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: {kind}\r\nVersion: 1\r\n"
        f"Original-Rcpt-To: {ALICE_EMAIL}\r\n\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {message_id}\r\n"
        f"To: {ALICE_EMAIL}\r\n\r\nHi\r\n--b--\r\n"
    ).encode()


def test_it_writes_no_more_to_who_calls_it_spam_and_tells_the_merchant(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("what do I owe?")
    inbox.posts(complaint(inbox.reads().headers["Message-ID"]))
    assert has_opted_out(world, ALICE_EMAIL)
    assert "Alice Adams" in world.mails_to("office@acme.example")[-1].subject
    inbox.writes("what do I owe?")
    inbox.reads_nothing()


def test_it_takes_no_praise_for_a_complaint(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("what do I owe?")
    inbox.posts(complaint(inbox.reads().headers["Message-ID"], "not-spam"))
    assert not has_opted_out(world, ALICE_EMAIL)


def test_it_believes_no_complaint_at_another_merchant(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("what do I owe?")
    world.inbox(ALICE_EMAIL, world.merchants["globex"]).posts(complaint(inbox.reads().headers["Message-ID"]))
    assert not has_opted_out(world, ALICE_EMAIL)
