"""Threads in the console: read without their secrets, answered by a person on their own channel, handed back."""

import pytest
import sqlalchemy as sa

from models.conversation import Conversation, ConversationState
from models.customer import Channel
from tests.support.members import MemberVisitor, enter, trail
from tests.support.world import ALICE, ALICE_EMAIL, World


@pytest.fixture
def staff(world: World) -> MemberVisitor:
    return enter(world)


def thread(world: World, channel: Channel = Channel.SMS) -> Conversation:
    with world.runtime.read() as ctx:
        return ctx.session.scalars(sa.select(Conversation).where(Conversation.channel == channel)).one()


def address(world: World, then: str = "", channel: Channel = Channel.SMS) -> str:
    return f"/console/messages/{thread(world, channel).public_id}{then}"


def test_it_shows_who_waits_first(world: World, staff: MemberVisitor) -> None:
    world.phone("+15550177").says("hi")
    world.phone(ALICE).says("agent")
    world.phone("+15550178").says("hi")
    staff.opens("/console/messages")
    assert staff.words.index("Alice Adams") < staff.words.index("555-0178")
    staff.sees("Messages 1", "Wants a person")


def test_it_blanks_codes_and_links(world: World, staff: MemberVisitor) -> None:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("1")
    staff.opens(address(world))
    staff.sees("A one-time code", "[link]", "Pay link", "Read as: greeting")
    assert phone.link() not in staff.page.text
    assert world.code_for(ALICE_EMAIL) not in staff.page.text


def test_it_answers_by_text_and_keeps_the_bot_quiet(world: World, staff: MemberVisitor) -> None:
    phone = world.phone(ALICE)
    phone.says("agent")
    staff.opens(address(world))
    staff.sends(address(world), words="Hello, this is Olga. {link}")
    world.settle_down()
    assert phone.receives()[-1] == "Acme: Hello, this is Olga. (link)"
    phone.says("thank you so much for that")
    phone.hears_nothing()
    assert trail(world)[-1].action == "message.sent"


def test_it_hands_back(world: World, staff: MemberVisitor) -> None:
    phone = world.phone(ALICE)
    phone.says("agent")
    staff.opens(address(world))
    staff.sends(address(world, "/hand-back"))
    assert thread(world).state is ConversationState.IDLE
    phone.says("blah blub")
    phone.hears("reply with the email")


def test_it_answers_by_email_in_the_senders_thread(world: World, staff: MemberVisitor) -> None:
    world.inbox(ALICE_EMAIL).writes("I want to talk to a person", subject="My bill")
    staff.opens(address(world, channel=Channel.EMAIL))
    staff.sends(address(world, channel=Channel.EMAIL), words="Dear Alice,\n\nall is well.")
    world.settle_down()
    mail = world.mails_to(ALICE_EMAIL)[-1]
    assert mail.subject == "Re: My bill"
    assert "all is well." in mail.text
    assert mail.headers["In-Reply-To"].startswith("<")


def test_it_sends_nothing_to_whoever_opted_out(world: World, staff: MemberVisitor) -> None:
    phone = world.phone(ALICE)
    phone.says("STOP")
    said = len(phone.receives())
    staff.opens(address(world))
    staff.sees("They opted out of texts")
    assert staff.sends(address(world), words="Hello").status_code == 422
    world.settle_down()
    assert len(phone.receives()) == said


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        *(("", "Write something first"), ("a" * 2000, "too long"), ("see bit.ly/x", "Carriers block shortened links")),
        ("see bi\u200bt\uff0ely/x", "Carriers block shortened links"),
    ],
)
def test_it_says_why_an_answer_cannot_go(world: World, staff: MemberVisitor, words: str, problem: str) -> None:
    world.phone(ALICE).says("agent")
    staff.opens(address(world))
    assert staff.sends(address(world), words=words).status_code == 422
    staff.sees(problem)
