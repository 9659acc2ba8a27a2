"""The same POST twice, a hundred times, at once, and with other words."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from models.customer import Customer
from models.idempotency import ApiAnswer
from tests.support.program import Answer, Program
from tests.support.world import World
from web import jobs

CAROL = {"name": "Carol", "reference": "C-7"}


def test_it_answers_the_same_again(acme: Program) -> None:
    first = acme.post("/customers", CAROL, key="k1")
    again = acme.post("/customers", dict(reversed(CAROL.items())), key="k1")
    assert (again.status, again.json) == (201, first.json)
    assert again.headers["Idempotent-Replayed"] == "true"


def test_it_answers_a_refusal_the_same_again(acme: Program, world: World) -> None:
    acme.post("/customers", CAROL)
    first = acme.post("/customers", CAROL, key="k1")
    with world.runtime.write() as ctx:
        ctx.session.execute(sa.update(Customer).values(reference=None))
    again = acme.post("/customers", CAROL, key="k1")
    assert (first.status, again.status, again.json) == (409, 409, first.json)
    assert again.content_type == "application/problem+json"


def test_it_refuses_other_words_under_the_same_key(acme: Program) -> None:
    acme.post("/customers", CAROL, key="k1")
    refused = [acme.post("/customers", CAROL | {"name": "Carla"}, key="k1"), acme.post("/pay_links", CAROL, key="k1")]
    assert [one.status for one in refused] == [409, 422]
    assert refused[0].json["code"] == "idempotency_mismatch"


def test_it_keeps_merchants_and_modes_apart(acme: Program, globex: Program, sandboxed: Program) -> None:
    ids = {caller.post("/customers", CAROL, key="k1").json["id"] for caller in (acme, globex, sandboxed)}
    assert len(ids) == 3


@pytest.mark.parametrize("key", ["", "k" * 256, "é", "a\tb"])
def test_it_refuses_what_is_no_key(acme: Program, key: str) -> None:
    refused = acme.post("/customers", CAROL, key=key)
    assert (refused.status, refused.json["code"]) == (422, "idempotency_key_invalid")


def test_it_works_once_for_fifty_at_once(acme: Program, world: World) -> None:
    def press(_: int) -> Answer:
        return acme.post("/customers", CAROL, key="k1")

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(press, range(50)))
    assert Counter(answer.status for answer in answers) == {201: 50}
    assert len({answer.json["id"] for answer in answers}) == 1
    with world.runtime.read() as ctx:
        assert ctx.session.scalars(sa.select(sa.func.count()).where(Customer.reference == "C-7")).one() == 1


def test_it_takes_fifteen_writes_a_second(acme: Program, globex: Program, world: World) -> None:
    statuses = [acme.post("/customers", {"name": "Carol"}).status for _ in range(16)]
    assert statuses == [201] * 15 + [429]
    assert globex.post("/customers", {"name": "Carol"}).status == 201
    world.clock.advance(timedelta(seconds=2))
    assert acme.post("/customers", {"name": "Carol"}).status == 201


def test_it_keeps_no_answer_to_one_too_many(acme: Program, world: World) -> None:
    for _ in range(15):
        acme.post("/customers", {"name": "Carol"})
    refused = acme.post("/customers", CAROL, key="k1")
    assert (refused.status, refused.headers["Retry-After"]) == (429, "1")
    world.clock.advance(timedelta(seconds=2))
    assert acme.post("/customers", CAROL, key="k1").status == 201


def test_it_forgets_answers_after_two_days(acme: Program, world: World) -> None:
    acme.post("/customers", {"name": "Carol"}, key="k1")
    world.clock.advance(timedelta(hours=25))
    assert acme.post("/customers", {"name": "Carol"}, key="k1").headers["Idempotent-Replayed"] == "true"
    world.clock.advance(timedelta(hours=24))
    with world.runtime.write() as ctx:
        jobs.forget_answers(ctx)
        assert ctx.session.scalars(sa.select(ApiAnswer)).all() == []
