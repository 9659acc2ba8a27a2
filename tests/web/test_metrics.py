"""What operators can see, and when somebody is woken."""

from datetime import timedelta

import pytest

from bot import vitals
from models.customer import Channel
from models.message import Direction, Message, MessageStatus, Route
from models.verification import Verification
from tests.support.visitor import Visitor
from tests.support.world import ALICE, World
from web import jobs


def waiting_since(world: World, age: timedelta) -> None:
    with world.runtime.write() as ctx:
        ctx.session.add(
            Message(
                merchant_id=world.merchants["acme"].id,
                direction=Direction.OUT,
                channel=Channel.SMS,
                kind="receipt",
                our_address=world.merchants["acme"].number,
                their_address=ALICE,
                body="thank you",
                status=MessageStatus.QUEUED,
                route=Route.MESSENGER,
                created_at=world.clock.now() - age,
            )
        )


def asked_for_codes(world: World, count: int) -> None:
    with world.runtime.write() as ctx:
        now = ctx.clock.now()
        merchant_id = world.merchants["acme"].id
        for _ in range(count):
            until = now + timedelta(minutes=10)
            asked = Verification(
                merchant_id=merchant_id, email="who@example.com", digits=6, expires_at=until, created_at=now
            )
            asked.set_code()
            ctx.session.add(asked)


def test_it_wakes_nobody_while_all_is_well(world: World) -> None:
    assert jobs.sound_alarms(world.runtime) == []


def test_it_rings_when_a_message_waits_too_long(world: World) -> None:
    waiting_since(world, timedelta(seconds=vitals.BACKLOG_S + 60))
    assert jobs.sound_alarms(world.runtime) == ["messages_wait"]


def test_it_does_not_count_a_message_that_is_planned_for_later(world: World) -> None:
    waiting_since(world, timedelta(days=1))
    with world.runtime.write() as ctx:
        ctx.session.query(Message).update({Message.not_before_at: ctx.clock.now() + timedelta(hours=1)})
    assert jobs.sound_alarms(world.runtime) == []


def test_it_rings_when_codes_are_asked_for_and_not_used(world: World) -> None:
    asked_for_codes(world, vitals.CODES_WORTH_JUDGING)
    assert jobs.sound_alarms(world.runtime) == ["codes_are_not_used"]


@pytest.mark.parametrize("line", ['till_alarm{name="messages_wait"} 0.0', "till_messages_waiting 1.0"])
def test_it_shows_vitals_to_prometheus(world: World, line: str) -> None:
    waiting_since(world, timedelta(seconds=1))
    assert line in Visitor(world).opens("/metrics").text


def test_it_counts_answers_by_route_and_never_by_path(world: World, url: str) -> None:
    visitor = Visitor(world)
    visitor.opens(url)
    shown = visitor.opens("/metrics").text
    assert 'rule="/p/<token>"' in shown
    assert url.rpartition("/")[2] not in shown
