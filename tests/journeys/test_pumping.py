"""Answers cost money, and who owns a number may earn by it: those who have proven nothing are answered up to a limit,
and nobody learns from it who is on file."""

import pytest
import sqlalchemy as sa

from bot import vitals
from models import limits
from models.cadence import Cadence
from models.limits import Limit, LimitCount
from models.received_text import ReceivedText
from tests.support.world import ALICE, ALICE_EMAIL, BOB, World

STRANGER = "+15550999"
NEIGHBOUR = "+15550888"
ELSEWHERE = "+15560001"
BRITISH, PREMIUM, JAMAICAN = "+447400123456", "+19005550142", "+18765550142"


def almost(world: World, limit: Limit, who: str) -> None:
    """One more is within the limit."""
    with world.runtime.write() as ctx:
        limits.hit(ctx.session, limit, who, ctx.clock.now())
        newest = LimitCount.key == limits._key(limit, who)
        ctx.session.execute(sa.update(LimitCount).where(newest).values(count=limit.most - 1))


def answered(world: World, number: str, slug: str = "acme") -> bool:
    return world.phone(number, world.merchants[slug]).says("hi").replies != ()


def alarms(world: World) -> list[str]:
    with world.runtime.read() as ctx:
        return vitals.ringing(vitals.read(ctx))


def test_one_range_of_numbers_is_answered_up_to_its_limit(world: World) -> None:
    almost(world, limits.STRANGERS_PER_RANGE, STRANGER[:-4])
    assert answered(world, STRANGER)
    assert alarms(world) == []
    assert not answered(world, NEIGHBOUR)
    assert not answered(world, ALICE)  # on file, in the same range: nobody learns that
    assert answered(world, ELSEWHERE)
    assert alarms(world) == ["strangers_left_alone"]


def test_one_phone_is_answered_up_to_its_limit_at_each_merchant(world: World) -> None:
    almost(world, limits.STRANGER, f"{world.merchants['acme'].id} {STRANGER}")
    phone, elsewhere = world.phone(STRANGER), world.phone(STRANGER, world.merchants["globex"])
    for _ in range(2):
        phone.says("help")
    phone.hears_nothing()
    elsewhere.says("help")
    elsewhere.hears("Globex")


def test_a_merchant_pays_for_so_many_strangers_a_day(world: World) -> None:
    almost(world, limits.STRANGERS_PER_MERCHANT, str(world.merchants["acme"].id))
    assert [answered(world, STRANGER), answered(world, ELSEWHERE)] == [True, False]
    world.advance(days=2)
    assert answered(world, ELSEWHERE)


def test_who_has_proven_the_phone_is_answered_beyond_every_limit(world: World) -> None:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    almost(world, limits.STRANGERS, "")
    assert [answered(world, STRANGER), answered(world, BOB)] == [True, False]
    phone.says("what do I owe?")
    phone.hears("INV-1042")


def test_stop_and_start_are_heard_beyond_every_limit(world: World) -> None:
    almost(world, limits.STRANGERS, "")
    phone = world.phone(STRANGER)
    phone.says("hi")
    phone.says("hi")
    phone.hears_nothing()
    phone.says("STOP")
    phone.hears("no more texts")
    phone.says("START")
    phone.hears("texts are on")


@pytest.mark.parametrize("number", [BRITISH, PREMIUM, JAMAICAN])
def test_no_stranger_is_answered_abroad_or_at_a_premium_number(world: World, number: str) -> None:
    assert not answered(world, number)
    assert alarms(world) == []


def test_customers_abroad_are_answered(world: World) -> None:
    world.add_customer(world.merchants["acme"], "Ada Abroad", phones=[BRITISH])
    assert answered(world, BRITISH)


def test_countries_that_the_merchant_named_are_answered(world: World) -> None:
    with world.runtime.write() as ctx:
        ctx.session.add(Cadence(merchant_id=world.merchants["acme"].id, countries=["GB"]))
    assert [answered(world, BRITISH), answered(world, BRITISH, "globex")] == [True, False]


def test_a_text_that_gets_no_answer_is_kept_and_stays_one(world: World) -> None:
    almost(world, limits.STRANGERS, "")
    phone = world.phone(STRANGER)
    phone.says("hi")
    first = phone.says("hi", MessageSid="SM" + "a" * 32)
    again = phone.says("hi", MessageSid="SM" + "a" * 32)
    assert (first.replies, again.replies) == ((), ())
    with world.runtime.read() as ctx:
        assert ctx.session.scalar(sa.select(sa.func.count(ReceivedText.id))) == 0
        counted = limits.used(ctx.session, limits.STRANGERS_LEFT_ALONE, "", ctx.clock.now())
    assert counted == 1
