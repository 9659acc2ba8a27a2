"""More texts than can be answered at once: they are taken, and answered afterwards, in order, once."""

import secrets
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot import catching_up, vitals
from bot.catching_up import IN_HAND, MOST_TRIES, REST_S, catch_up
from models.customer import Channel
from models.message import Direction, Message, MessageStatus, Route
from models.received_text import ReceivedText
from models.verification import CODE_LIFETIME
from tests.support.phone import Phone
from tests.support.world import ALICE, ALICE_EMAIL, BOB, BOB_EMAIL, NOW, World
from web import jobs
from web.crowd import MANY, Crowd, nobody

OWES = "what do I owe?"


@pytest.fixture
def alice(world: World) -> Phone:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    return phone


def crowd(world: World, waiting: int = MANY) -> None:
    world.client.application.extensions["till.crowd"] = Crowd(lambda: waiting)


def calm(world: World) -> None:
    world.client.application.extensions["till.crowd"] = Crowd(nobody)


def kept(world: World) -> list[ReceivedText]:
    with world.runtime.read() as ctx:
        return list(ctx.session.scalars(sa.select(ReceivedText).order_by(ReceivedText.id)))


def work(world: World) -> None:
    """As a worker does, until it finds nothing more."""
    while catch_up(world.runtime):
        continue
    world.settle_down()


def answers(phone: Phone, before: int) -> list[str]:
    return phone.receives()[before:]


def sid() -> dict[str, str]:
    return dict.fromkeys(("MessageSid", "SmsSid", "SmsMessageSid"), f"SM{secrets.token_hex(16)}")


def test_it_takes_a_text_now_and_answers_afterwards(world: World, alice: Phone) -> None:
    before = len(alice.receives())
    crowd(world)
    alice.says(OWES)
    alice.hears_nothing()
    assert answers(alice, before) == []

    work(world)

    (answer,) = answers(alice, before)
    assert "INV-1042" in answer
    assert kept(world) == []


def test_it_keeps_no_readable_words(world: World) -> None:
    crowd(world)
    world.phone(ALICE).says("my code is 123456")

    (text,) = kept(world)
    told = {getattr(text, column.name) for column in sa.inspect(ReceivedText).columns}
    assert not any("123456" in str(value) or "code" in str(value) for value in told)


def test_it_hears_a_refusal_at_once_and_then_answers_nothing(world: World, alice: Phone) -> None:
    crowd(world)
    alice.says(OWES)
    alice.says("STOP")
    alice.hears("no more")
    before = len(alice.receives())

    work(world)

    assert answers(alice, before) == []
    assert kept(world) == []


@pytest.mark.parametrize("word", ["HELP", "start", "ALTO"])
def test_it_answers_carriers_words_on_the_line(world: World, word: str) -> None:
    crowd(world)
    phone = world.phone(BOB)
    phone.says(word)

    assert phone.heard
    assert kept(world) == []


def test_it_answers_one_sender_in_the_order_of_their_texts(world: World, alice: Phone) -> None:
    crowd(world)
    alice.says(OWES)
    calm(world)
    alice.says("2")
    alice.hears_nothing()  # on the line it would have overtaken the list
    before = len(alice.receives())

    work(world)

    listed, picked = answers(alice, before)
    assert "INV-1060" in listed
    assert "INV-1051" in picked
    alice.says(OWES)
    alice.hears("INV-1042")


def test_it_holds_up_nobody_else(world: World, alice: Phone) -> None:
    crowd(world)
    alice.says(OWES)
    calm(world)

    others = world.phone(BOB), world.phone(ALICE, world.merchants["globex"]), world.whatsapp(ALICE)
    for other in others:
        other.says("hi")
        assert other.heard, other.address


def test_it_answers_once_what_the_carrier_repeats(world: World, alice: Phone) -> None:
    first, second = sid(), sid()
    before = len(alice.receives())
    crowd(world)
    alice.says(OWES, **first)
    alice.says(OWES, **first)
    assert len(kept(world)) == 1
    work(world)
    alice.says(OWES, **first)  # put off a second time, after its turn
    work(world)
    calm(world)
    alice.says(OWES, **first)
    alice.hears_nothing()
    alice.says(OWES, **second)
    crowd(world)
    alice.says(OWES, **second)
    work(world)

    assert len([text for text in answers(alice, before) if "INV-1042" in text]) == 2
    assert kept(world) == []


def test_it_takes_a_code_that_was_typed_in_time(world: World) -> None:
    phone = world.phone(ALICE)
    phone.says("hi")
    phone.says(ALICE_EMAIL)
    crowd(world)
    phone.says(world.code_for(ALICE_EMAIL))
    world.clock.advance(CODE_LIFETIME + timedelta(minutes=5))

    work(world)

    assert "INV-1042" in phone.receives()[-1]
    with world.runtime.read() as ctx:
        said = sa.select(Message.created_at).where(Message.direction == Direction.IN).order_by(Message.id.desc())
        assert ctx.session.scalars(said.limit(1)).one() == NOW


def test_it_runs_a_text_again_whose_worker_died(world: World, alice: Phone) -> None:
    before = len(alice.receives())
    crowd(world)
    alice.says(OWES)
    assert catching_up._take_in_hand(world.runtime)[0]  # and dies

    work(world)
    assert len(kept(world)) == 1  # for all that anybody knows it is still at it

    world.clock.advance(IN_HAND)
    work(world)
    assert "INV-1042" in answers(alice, before)[0]


def test_it_answers_once_what_two_workers_have_in_hand(world: World, alice: Phone) -> None:
    before = len(alice.receives())
    crowd(world)
    alice.says(OWES)
    slow, owners = catching_up._take_in_hand(world.runtime)
    world.clock.advance(IN_HAND)
    work(world)

    assert catching_up._take_up(world.runtime, owners[slow[0].merchant_id], slow[0])
    world.settle_down()

    assert len(answers(alice, before)) == 1


def test_it_puts_a_text_aside_that_nobody_can_answer(world: World, alice: Phone) -> None:
    bob = world.phone(BOB)
    bob.proves(BOB_EMAIL)
    crowd(world)
    for phone in (alice, alice, bob):
        phone.says(OWES)
    with world.runtime.write() as ctx:
        first = sa.select(sa.func.min(ReceivedText.id)).scalar_subquery()
        ctx.session.execute(
            sa.update(ReceivedText).where(ReceivedText.id == first).values(hidden_body="from the next release"),
            execution_options={"synchronize_session": False},
        )
    before = len(alice.receives())

    assert catching_up.look(world.runtime) not in (0, REST_S)  # one is left, and came just now: more may come
    assert catching_up.look(world.runtime) == REST_S
    work(world)
    assert "INV-2001" in bob.receives()[-1]
    assert answers(alice, before) == []  # in order, or not at all yet
    for _ in range(MOST_TRIES):
        world.clock.advance(IN_HAND)
        work(world)

    assert "INV-1042" in answers(alice, before)[0]
    (given_up,) = kept(world)
    assert given_up.put_aside_at is not None
    assert jobs.sound_alarms(world.runtime) == ["texts_put_aside"]
    calm(world)
    alice.says(OWES)
    alice.hears("INV-1042")  # it stands in nobody's way


def test_it_undoes_what_shared_a_commit_with_a_text_that_nobody_can_answer(world: World, alice: Phone) -> None:
    bob, globex = world.phone(BOB), world.phone("+12065550177", world.merchants["globex"])
    crowd(world)
    for phone, words in ((alice, OWES), (alice, "2"), (bob, OWES), (globex, "hi")):
        phone.says(words)
    with world.runtime.write() as ctx:
        of_bob = sa.update(ReceivedText).where(ReceivedText.their_address == BOB)
        ctx.session.execute(of_bob.values(hidden_body="x"), execution_options={"synchronize_session": False})
    before = len(alice.receives())

    work(world)

    listed, picked = answers(alice, before)
    assert "INV-1060" in listed
    assert "INV-1051" in picked
    assert len(globex.receives()) == 1
    assert [text.their_address for text in kept(world)] == [BOB]


def flask(world: World, *words: str) -> str:
    return world.client.application.test_cli_runner().invoke(args=["jobs", *words], catch_exceptions=False).output


def test_a_person_has_a_text_taken_up_again_or_discarded(world: World, alice: Phone) -> None:
    crowd(world)
    alice.says(OWES)
    bob = world.phone(BOB)
    bob.says(OWES)
    ours, other = (text.provider_reference for text in kept(world))
    with world.runtime.write() as ctx:
        aside = {"put_aside_at": NOW, "taken_at": NOW, "tries": MOST_TRIES}
        ctx.session.execute(sa.update(ReceivedText).values(aside), execution_options={"synchronize_session": False})
    before = len(alice.receives())
    work(world)
    listed = flask(world, "list")
    assert ours[:20] in listed
    assert "wait for their turn: 0" in listed

    flask(world, "retry", ours)
    flask(world, "discard", other)
    work(world)

    assert "INV-1042" in answers(alice, before)[0]
    assert (kept(world), bob.receives()) == ([], [])


def test_it_rings_when_texts_wait_too_long(world: World) -> None:
    crowd(world)
    world.phone(ALICE).says(OWES)
    world.clock.advance(timedelta(seconds=vitals.LATE_S + 1))

    assert jobs.sound_alarms(world.runtime) == ["texts_wait"]
    told = world.client.get("/metrics").text
    assert "till_texts_put_off 1.0" in told
    assert f"till_texts_put_off_oldest_seconds {vitals.LATE_S + 1}" in told


def test_a_refusal_holds_back_an_answer_that_has_not_left(world: World, alice: Phone) -> None:
    crowd(world)
    alice.says(OWES)
    while catch_up(world.runtime):
        continue
    before = len(alice.receives())
    alice.says("STOP")

    with world.runtime.read() as ctx:
        answered = (Message.channel == Channel.SMS) & (Message.route == Route.MESSENGER)
        statuses = sa.select(Message.status).where(answered).order_by(Message.id.desc())
        assert ctx.session.scalars(statuses.limit(1)).one() is MessageStatus.CANCELLED
    assert not any("INV-1042" in text for text in answers(alice, before))
