"""Each error code of the carrier, by a signed report or by a refusal, and what Till does about it (rule D4)."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot import optouts
from bot.channels.twilio_errors import MEANINGS, Consequence
from models.customer import Channel, ContactPoint
from models.message import Failure, Message, MessageStatus
from models.sending_pause import PAUSES, Reach, SendingPause
from tests.support.phone import Phone
from tests.support.visitor import Visitor
from tests.support.world import ALICE, ALICE_EMAIL, BOB, BOB_EMAIL, World

OFFICE = "office@acme.example"
BAD_NUMBER = ("21211", "21614", "21635", "30005", "30006")
REFUSAL = ("21610", "30004")
PASSING = ("30003", "30008", "20429")
STOPPING = {"30007": Reach.CAMPAIGN, "30034": Reach.US, "20003": Reach.EVERYTHING}


@pytest.fixture
def alice(world: World) -> Phone:
    """Proven, with a pay link."""
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("1")
    return phone


def pays(world: World, phone: Phone) -> None:
    """By bank, so that a text follows."""
    visitor = Visitor(world)
    visitor.opens(phone.link())
    visitor.presses_pay(phone.link(), method="bank")
    visitor.approves(account="checking", institution="first-harbor")
    world.settle_down()


def texts(world: World, kind: str = "bank_started") -> list[Message]:
    with world.runtime.read() as ctx:
        sent = sa.select(Message).where(Message.kind == kind, Message.channel == Channel.SMS).order_by(Message.id)
        return list(ctx.session.scalars(sent))


def subjects(world: World) -> list[str]:
    return [mail.subject for mail in world.mails_to(OFFICE)]


@pytest.mark.parametrize("how", ["text_fails", "text_is_refused"])
@pytest.mark.parametrize("code", BAD_NUMBER)
def test_it_gives_up_a_number_and_tells_the_merchant(world: World, alice: Phone, code: str, how: str) -> None:
    world.outside.cause(how, detail=code)
    pays(world, alice)
    [text] = texts(world)
    assert (text.status, text.failure, text.error_code) == (MessageStatus.FAILED, Failure.PERMANENT, code)
    assert subjects(world) == ["Texts to Alice Adams do not arrive"]
    with world.runtime.read() as ctx:
        bad = sa.select(ContactPoint.address).where(ContactPoint.bad_since_at.is_not(None))
        assert ctx.session.scalars(bad).all() == [ALICE]
    world.advance(days=3)
    assert [one.status for one in texts(world, "receipt")] == [MessageStatus.CANCELLED]


def test_it_takes_a_number_back_when_it_texts(world: World, alice: Phone) -> None:
    """And asks who is there: it may have a new owner."""
    world.outside.cause("text_fails", detail="30005")
    pays(world, alice)
    alice.says("list")
    alice.hears("email")
    with world.runtime.read() as ctx:
        bad = sa.select(ContactPoint.address).where(ContactPoint.bad_since_at.is_not(None))
        assert ctx.session.scalars(bad).all() == []
    alice.proves(ALICE_EMAIL)
    alice.hears("2 invoices")


@pytest.mark.parametrize("how", ["text_fails", "text_is_refused"])
@pytest.mark.parametrize("code", REFUSAL)
def test_it_takes_a_block_for_an_opt_out(world: World, alice: Phone, code: str, how: str) -> None:
    world.outside.cause(how, detail=code)
    pays(world, alice)
    with world.runtime.read() as ctx:
        assert optouts.is_opted_out(ctx, world.merchants["acme"].id, Channel.SMS, ALICE)
    world.advance(days=3)
    assert texts(world, "receipt") == []


@pytest.mark.parametrize("code", PASSING)
def test_it_tries_again_a_few_times_with_growing_waits(world: World, alice: Phone, code: str) -> None:
    world.outside.cause("text_fails", times=10, detail=code)
    pays(world, alice)
    waits = MEANINGS[code].waits
    assert list(waits) == sorted(waits)
    for tried, wait in enumerate(waits, 1):
        assert len([one for one in texts(world) if one.status is MessageStatus.FAILED]) == tried
        world.advance(seconds=wait.total_seconds())
    world.advance(hours=3)
    assert [one.status for one in texts(world)] == [MessageStatus.FAILED] * (len(waits) + 1)


def test_it_waits_half_an_hour_to_an_hour_for_a_phone_that_is_off() -> None:
    assert timedelta(minutes=30) <= MEANINGS["30003"].waits[0] <= timedelta(hours=1)


def test_it_backs_off_when_asked_to(world: World, alice: Phone) -> None:
    world.outside.cause("text_is_refused", times=2, detail="20429")
    pays(world, alice)
    assert texts(world)[0].status is MessageStatus.QUEUED
    world.advance(seconds=5)
    world.advance(seconds=30)
    assert [one.status for one in texts(world)] == [MessageStatus.DELIVERED]


def test_it_sends_again_in_the_morning_what_came_in_the_quiet_hours(world: World, alice: Phone) -> None:
    """Half past five in the afternoon in New York; ten the next morning is sixteen and a half hours away."""
    world.outside.cause("text_fails", detail="30610")
    pays(world, alice)
    world.advance(hours=16, minutes=29)
    assert [one.status for one in texts(world)] == [MessageStatus.FAILED, MessageStatus.QUEUED]
    world.advance(minutes=1)
    assert [one.status for one in texts(world)] == [MessageStatus.FAILED, MessageStatus.DELIVERED]


@pytest.mark.parametrize(("code", "reach"), STOPPING.items())
def test_it_stops_calls_for_help_and_does_not_repeat(world: World, alice: Phone, code: str, reach: Reach) -> None:
    world.outside.cause("text_fails", detail=code)
    pays(world, alice)
    assert [one.status for one in texts(world)] == [MessageStatus.FAILED]
    with world.runtime.read() as ctx:
        [pause] = ctx.session.scalars(sa.select(SendingPause))
    assert (pause.reach, pause.error_code, pause.until_at) == (reach, code, world.clock.now() + PAUSES[reach])
    assert subjects(world) == [f"Texts are waiting: error {code}"]
    world.advance(days=10)
    assert len([one for one in texts(world) if one.status is MessageStatus.FAILED]) == 1


@pytest.mark.parametrize("code", ["30034", "20003"])
def test_it_holds_other_texts_back_until_the_pause_is_over(world: World, alice: Phone, code: str) -> None:
    bob = world.phone(BOB)
    bob.proves(BOB_EMAIL)
    bob.says("1")
    world.outside.cause("text_fails", detail=code)
    pays(world, alice)
    pays(world, bob)
    assert texts(world)[1].status is MessageStatus.QUEUED
    world.advance(seconds=PAUSES[STOPPING[code]].total_seconds())
    assert texts(world)[1].status is MessageStatus.DELIVERED


def test_it_answers_while_it_holds_back(world: World, alice: Phone) -> None:
    world.outside.cause("text_fails", detail="20003")
    pays(world, alice)
    alice.says("list")
    alice.hears("2 invoices")


def test_it_lets_what_customers_asked_for_go_while_a_campaign_is_stopped(world: World, alice: Phone) -> None:
    world.outside.cause("text_fails", detail="30007")
    pays(world, alice)
    world.advance(days=3)
    assert [one.status for one in texts(world, "receipt")] == [MessageStatus.DELIVERED]


def test_it_tries_an_account_that_refuses_us_again_and_sends_all_once_it_is_mended(world: World, alice: Phone) -> None:
    world.outside.cause("text_is_refused", times=2, detail="20003")
    pays(world, alice)
    for _ in range(3):
        world.advance(minutes=15)
    assert [one.status for one in texts(world)] == [MessageStatus.DELIVERED]
    assert subjects(world) == ["Texts are waiting: error 20003"]


def test_it_names_what_every_consequence_is_for() -> None:
    assert {meaning.consequence for meaning in MEANINGS.values()} == set(Consequence)
