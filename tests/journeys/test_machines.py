"""Another machine at the other end (acceptance P5): a few answers, then silence for a while. People who repeat
themselves are answered, and a refusal always is."""

import pytest
import sqlalchemy as sa

from bot import looping, optouts
from models.customer import Channel
from models.merchant import Merchant
from models.message import Direction, Message
from tests.support.members import enter
from tests.support.phone import Phone
from tests.support.world import ALICE, ALICE_EMAIL, BOB, BOB_EMAIL, World


@pytest.fixture
def alice(world: World) -> Phone:
    """Proven, ten minutes ago and more."""
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    world.advance(minutes=11)
    return phone


def answered(phone: Phone, *texts: str) -> list[bool]:
    return [phone.says(text).replies != () for text in texts]


def reasons(world: World) -> list[str | None]:
    with world.runtime.read() as ctx:
        why = sa.select(Message.error_code).where(Message.direction == Direction.IN).order_by(Message.id)
        return [one for one in ctx.session.scalars(why) if one is not None]


def test_the_same_is_answered_five_times_and_then_not_until_something_else_is_said(world: World, alice: Phone) -> None:
    assert answered(alice, *["list", "List", " list", "LIST", "list", "list", "list"]) == [True] * 5 + [False] * 2
    assert reasons(world) == [looping.SAME] * 2
    assert answered(alice, "1", "list") == [True, True]


def test_a_pause_ends_the_silence(world: World, alice: Phone) -> None:
    answered(alice, *["list"] * 6)
    world.advance(minutes=11)
    assert answered(alice, "list") == [True]


@pytest.mark.one_database
def test_nobody_else_and_no_other_channel_is_left_alone(world: World, alice: Phone) -> None:
    bob, by_whatsapp = world.phone(BOB), world.whatsapp(ALICE)
    bob.proves(BOB_EMAIL)
    answered(alice, *["list"] * 6)
    alice.hears_nothing()
    assert answered(bob, "list") == answered(by_whatsapp, "hi") == [True]
    assert answered(world.phone(ALICE, world.merchants["globex"]), "hi") == [True]


@pytest.mark.one_database
def test_faster_than_a_person_writes_is_left_alone(world: World, alice: Phone) -> None:
    texts = ["list", "1"] * 12
    assert answered(alice, *texts) == [True] * looping.AT_ONCE + [False] * (len(texts) - looping.AT_ONCE)
    world.advance(minutes=2)
    assert answered(alice, "list") == [True]


@pytest.mark.one_database
def test_a_person_s_pace_is_never_too_fast(world: World, alice: Phone) -> None:
    for n in range(24):
        world.advance(seconds=4)
        assert answered(alice, "list" if n % 2 else "1") == [True]


def test_help_and_a_refusal_are_heard_in_the_silence(world: World, alice: Phone) -> None:
    answered(alice, *["list"] * 7)
    assert answered(alice, *["help"] * 7) == [True] * 7
    answered(alice, *["list"] * 7)
    alice.says("STOP")
    alice.hears("opted out")
    with world.runtime.read() as ctx:
        assert optouts.is_opted_out(ctx, world.merchants["acme"].id, Channel.SMS, ALICE)
    alice.says("START")
    alice.hears("texts are on")


@pytest.mark.one_database
@pytest.mark.parametrize("hello", ["list", "pay 1042", "what do I owe?", "hello", "receipts"])
def test_our_own_words_without_our_name_are_not_answered(alice: Phone, hello: str) -> None:
    said, sent = [hello], 0
    while said and sent < 20:
        said = [reply.partition(": ")[2] for words in said for reply in alice.says(words).replies]
        sent += len(said)
    assert said == []
    assert sent <= looping.SAME_BEFORE_SILENCE


@pytest.mark.one_database
def test_a_question_about_our_words_is_answered(alice: Phone) -> None:
    (listed,) = alice.says("list").replies
    assert answered(alice, f"{listed.partition(': ')[2]} why so much?") == [True]


@pytest.mark.one_database
def test_two_merchants_pointed_at_each_other_fall_silent(world: World) -> None:
    """What one of them says the other one hears, and the other way round."""
    acme, globex = world.merchants["acme"], world.merchants["globex"]
    said, sent = ["hello"], 0
    here, there = world.phone(globex.number or "", acme), world.phone(acme.number or "", globex)
    while said and sent < 50:
        said = [reply for words in said for reply in here.says(words).replies]
        sent += len(said)
        here, there = there, here
    assert said == []
    assert sent <= 2 * looping.MISSES_BEFORE_SILENCE


def test_the_merchant_reads_why_nobody_answered(world: World, alice: Phone) -> None:
    answered(alice, *["list"] * 6)
    owner = enter(world)
    with world.runtime.read() as ctx:
        thread = ctx.session.scalars(sa.select(Message).where(Message.error_code.is_not(None))).one().conversation_id
        public_id = ctx.session.scalars(sa.text(f"SELECT public_id FROM conversation WHERE id = {thread}")).one()
    owner.opens(f"/console/messages/{public_id}")
    owner.sees("not answered: the same again and again")


@pytest.mark.one_database
def test_staff_are_heard_always(world: World, alice: Phone) -> None:
    with world.runtime.write() as ctx:
        ctx.session.get_one(Merchant, world.merchants["acme"].id).staff_phones = [ALICE]
    world.directory.forget()
    assert answered(alice, *["WHO OWES"] * 7) == [True] * 7
