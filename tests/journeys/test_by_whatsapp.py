"""The same conversation by WhatsApp: a channel of its own, with WhatsApp's rule about the day after."""

import sqlalchemy as sa

from bot import whatsapp
from bot.channels import sandbox_content
from models.consent import Consent, ConsentAct
from models.conversation import Conversation
from models.customer import Channel
from models.merchant import Merchant
from models.message import Direction, Message, MessageStatus
from tests.support.phone import Phone
from tests.support.visitor import Visitor
from tests.support.world import ALICE, ALICE_EMAIL, GLOBEX, World

WHATSAPP_SENDER = "+15550177"


def out(world: World, kind: str) -> list[Message]:
    with world.runtime.read() as ctx:
        found = sa.select(Message).where(Message.kind == kind, Message.direction == Direction.OUT)
        return list(ctx.session.scalars(found.order_by(Message.id)))


def pays_by_bank(world: World, phone: Phone) -> None:
    """Opens the newest link and approves a bank debit, which settles two days later."""
    link = phone.link()
    visitor = Visitor(world)
    visitor.opens(link)
    visitor.presses_pay(link, method="bank")
    visitor.approves(account="checking", institution="first-harbor")
    world.settle_down()


def set_up(world: World, **columns: object) -> None:
    with world.runtime.write() as ctx:
        merchant = ctx.session.get_one(Merchant, world.merchants["acme"].id)
        for name, value in columns.items():
            setattr(merchant, name, value)
            setattr(world.merchants["acme"], name, value)
    world.directory.forget()


# --- the conversation -------------------------------------------------------------------------------------------------
def test_it_holds_the_whole_conversation(world: World) -> None:
    phone = world.whatsapp(ALICE)
    phone.says("hola, cuánto debo?")
    phone.hears("Acme: hola", "email")
    phone.says(ALICE_EMAIL)
    phone.says(world.code_for(ALICE_EMAIL))
    phone.hears("3 facturas, $2,310.00")
    phone.says("TODO")
    phone.hears("/p/")


def test_it_knows_no_phone_by_its_whatsapp(world: World) -> None:
    """Who has proven themselves by text is a stranger by WhatsApp, and the other way round."""
    world.phone(ALICE).proves(ALICE_EMAIL)
    by_whatsapp = world.whatsapp(ALICE)
    by_whatsapp.says("what do I owe?")
    by_whatsapp.hears("email")
    assert "INV-1042" not in "".join(by_whatsapp.heard)
    with world.runtime.read() as ctx:
        threads = ctx.session.execute(sa.select(Conversation.channel, Conversation.address)).all()
    assert sorted(threads) == [(Channel.SMS, ALICE), (Channel.WHATSAPP, ALICE)]


def test_it_takes_no_code_that_was_asked_for_by_text(world: World) -> None:
    world.phone(ALICE).says("hi")
    world.phone(ALICE).says(ALICE_EMAIL)
    by_whatsapp = world.whatsapp(ALICE)
    by_whatsapp.says(world.code_for(ALICE_EMAIL))
    by_whatsapp.hears("did not match")


def test_it_answers_from_the_merchant_s_own_sender(world: World) -> None:
    set_up(world, whatsapp_number=WHATSAPP_SENDER)
    phone = world.whatsapp(ALICE)
    phone.says("hi")
    [received] = world.outside.messages(phone.address)
    assert (received.channel, received.sender) == ("whatsapp", f"whatsapp:{WHATSAPP_SENDER}")


def test_it_is_silent_at_a_number_that_is_no_whatsapp_sender(world: World) -> None:
    set_up(world, whatsapp_number=WHATSAPP_SENDER)
    acme = world.merchants["acme"]
    texted = world.carrier.text(acme.twilio_account_sid or "", f"whatsapp:{ALICE}", f"whatsapp:{acme.number}", "hi")
    assert (texted.status, texted.replies) == (200, ())


def test_it_keeps_merchants_apart(world: World) -> None:
    world.whatsapp(ALICE).proves(ALICE_EMAIL)
    globex = world.whatsapp(ALICE, world.merchants["globex"])
    globex.says("list")
    globex.hears("Globex: ", "email")
    assert globex.merchant.number == GLOBEX


# --- later messages ---------------------------------------------------------------------------------------------------
def test_it_sends_what_comes_later_by_whatsapp_while_the_window_is_open(world: World) -> None:
    phone = world.whatsapp(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("1")
    pays_by_bank(world, phone)
    assert any("is on its way" in text for text in phone.receives())
    assert [(m.channel, m.status) for m in out(world, "bank_started") if m.channel is not Channel.EMAIL] == [
        (Channel.WHATSAPP, MessageStatus.DELIVERED)
    ]


def test_it_says_it_in_an_approved_template_the_day_after(world: World) -> None:
    set_up(world, whatsapp_templates=dict(sandbox_content.approved()))
    phone = world.whatsapp(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("1")
    pays_by_bank(world, phone)
    world.advance(days=3)
    assert phone.receives()[-1].startswith("Thank you. We received $1,284.50 for INV-1042, reference ")
    assert "{link}" not in phone.receives()[-1]


def test_it_texts_the_proven_phone_the_day_after_without_a_template(world: World) -> None:
    world.phone(ALICE).proves(ALICE_EMAIL)
    phone = world.whatsapp(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("1")
    pays_by_bank(world, phone)
    world.advance(days=3)
    [skipped, instead] = [m for m in out(world, "receipt") if m.channel is not Channel.EMAIL]
    assert (skipped.channel, skipped.status, skipped.error_code) == (
        Channel.WHATSAPP,
        MessageStatus.CANCELLED,
        whatsapp.OUTSIDE_WINDOW,
    )
    assert (instead.channel, instead.instead_of_id, instead.status) == (
        Channel.SMS,
        skipped.id,
        MessageStatus.DELIVERED,
    )
    assert "We received $1,284.50 for INV-1042" in world.phone(ALICE).receives()[-1]


def test_it_texts_no_phone_that_somebody_else_has_proven(world: World) -> None:
    world.phone("+15550143").proves("bob@example.com")
    phone = world.whatsapp(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("1")
    pays_by_bank(world, phone)
    world.advance(days=3)
    assert {m.channel for m in out(world, "receipt")} == {Channel.WHATSAPP, Channel.EMAIL}


def test_it_leaves_a_receipt_to_the_email_that_has_it_already(world: World) -> None:
    phone = world.whatsapp(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("1")
    pays_by_bank(world, phone)
    world.advance(days=3)
    receipts = [(m.channel, m.error_code) for m in out(world, "receipt")]
    assert sorted(receipts) == [(Channel.EMAIL, None), (Channel.WHATSAPP, whatsapp.OUTSIDE_WINDOW)]


def test_it_goes_elsewhere_when_whatsapp_refuses_after_all(world: World) -> None:
    """63016 by a report: WhatsApp's clock is the one that counts."""
    world.phone(ALICE).proves(ALICE_EMAIL)
    phone = world.whatsapp(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("1")
    world.outside.cause("text_fails", detail="63016")
    pays_by_bank(world, phone)
    assert any("is on its way" in text for text in world.phone(ALICE).receives())


def test_it_gives_up_a_number_that_is_not_on_whatsapp(world: World) -> None:
    phone = world.whatsapp(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("1")
    world.outside.cause("text_fails", detail="63024")
    pays_by_bank(world, phone)
    with world.runtime.read() as ctx:
        where = Conversation.channel == Channel.WHATSAPP
        assert ctx.session.scalars(sa.select(Conversation.unreachable_since_at).where(where)).one() is not None
    phone.says("hi")
    phone.hears("email")
    assert world.mails_to("office@acme.example")[-1].subject == "WhatsApp messages to Alice Adams do not arrive"


# --- stopping ---------------------------------------------------------------------------------------------------------
def test_it_ends_whatsapp_and_answers_texts_still(world: World) -> None:
    world.phone(ALICE).proves(ALICE_EMAIL)
    phone = world.whatsapp(ALICE)
    phone.says("STOP")
    phone.hears("opted out")
    phone.says("what do I owe?")
    phone.hears_nothing()
    world.phone(ALICE).says("list")
    phone = world.phone(ALICE)
    phone.says("list")
    phone.hears("3 invoices")


def test_it_starts_nothing_by_text_after_a_stop_by_whatsapp(world: World) -> None:
    """One person, one number: who refuses in one app has not agreed to reminders in the other (decision 8)."""
    world.whatsapp(ALICE).says("STOP")
    with world.runtime.read() as ctx:
        newest = sa.select(Consent.channel, Consent.act).order_by(Consent.id)
        assert {tuple(row) for row in ctx.session.execute(newest)} == {
            (Channel.WHATSAPP, ConsentAct.REVOKED),
            (Channel.SMS, ConsentAct.REVOKED),
        }


# --- one customer, every channel --------------------------------------------------------------------------------------
def test_it_keeps_three_channels_of_one_customer_in_step(world: World) -> None:
    by_text, by_whatsapp, inbox = world.phone(ALICE), world.whatsapp(ALICE), world.inbox(ALICE_EMAIL)
    by_text.proves(ALICE_EMAIL)
    by_whatsapp.proves(ALICE_EMAIL)
    by_whatsapp.says("1")
    visitor = Visitor(world)
    visitor.opens(by_whatsapp.link())
    visitor.presses_pay(by_whatsapp.link())
    visitor.approves()
    world.settle_down()
    by_text.says("list")
    by_text.hears("2 invoices, $1,025.50")
    inbox.writes("what do I still owe?")
    inbox.reads("INV-1051", "INV-1060")
    assert "INV-1042" not in inbox.answers()[-1].text.split("INV-1051")[1]
