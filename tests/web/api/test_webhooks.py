"""Webhooks out, end to end: a real receiver that verifies as the standard says, bad days, replays, switching off."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from standardwebhooks import WebhookVerificationError

from models.clock import SystemClock
from models.webhook import WebhookDelivery
from payments import drafting
from tests.support import records
from tests.support.program import Program
from tests.support.receiver import Receiver, receiving
from tests.support.world import ALICE, World


@pytest.fixture
def receiver(world: World) -> Iterator[Receiver]:
    world.clock.advance(SystemClock().now() - world.clock.now())  # a receiver verifies by its own clock
    with receiving() as found:
        yield found


@pytest.fixture
def endpoint(acme: Program, receiver: Receiver) -> dict[str, Any]:
    made: dict[str, Any] = acme.post("/webhook_endpoints", {"url": receiver.url}).json
    return made


def log(acme: Program) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = acme.get("/webhook_deliveries").json["items"]
    return found


def test_it_tells_of_a_payment_with_a_signature_that_verifies(
    world: World, receiver: Receiver, endpoint: dict[str, Any]
) -> None:
    records.pay(world, "INV-1042")
    told = {event["type"]: event["data"] for event in receiver.verified(endpoint["secret"])}
    assert set(told) == {"invoice.paid", "payment.succeeded"}
    assert told["payment.succeeded"]["amount_minor"] == 128_450
    assert told["invoice.paid"]["id"] == records.invoice(world, "INV-1042").public_id


def test_it_tells_of_an_opt_out_without_the_address(world: World, receiver: Receiver, endpoint: dict[str, Any]) -> None:
    world.phone(ALICE).says("STOP")
    (told,) = receiver.verified(endpoint["secret"])
    assert told["data"]["customer_ids"] == [records.customer(world, "Alice Adams").public_id]
    assert ALICE not in str(told)


def test_it_tells_nothing_of_what_was_rolled_back(world: World, receiver: Receiver, endpoint: dict[str, Any]) -> None:
    with suppress(KeyError), world.runtime.write() as ctx:
        drafting.withdraw(ctx, records.invoice(world, "INV-1042"))
        raise KeyError(endpoint["id"])
    world.settle_down()
    assert receiver.posted == []


def test_it_tells_only_the_merchants_own(world: World, receiver: Receiver, globex: Program) -> None:
    globex.post("/webhook_endpoints", {"url": receiver.url})
    records.pay(world, "INV-1042")
    assert receiver.posted == []


def test_it_keeps_test_events_from_live_endpoints(
    world: World, receiver: Receiver, endpoint: dict[str, Any], sandboxed: Program
) -> None:
    customer = sandboxed.post("/customers", {"name": "Tess"}).json
    told = {"customer_id": customer["id"], "number": "T-1", "due_on": "2027-01-01", "total_minor": 100}
    sandboxed.post("/invoices", told)
    world.settle_down()
    assert receiver.verified(endpoint["secret"]) == []
    assert [one["type"] for one in sandboxed.get("/events").json["items"]] == ["invoice.opened"]


def test_it_tells_only_what_is_asked_for(world: World, acme: Program, receiver: Receiver) -> None:
    acme.post("/webhook_endpoints", {"url": receiver.url, "event_types": ["payment.succeeded"]})
    records.pay(world, "INV-1042")
    assert receiver.kinds == ["payment.succeeded"]


def test_it_tries_again_until_it_is_heard(
    world: World, acme: Program, receiver: Receiver, endpoint: dict[str, Any]
) -> None:
    receiver.answers = [500, 404]
    acme.post(f"/webhook_endpoints/{endpoint['id']}/test")
    world.settle_down()
    world.advance(seconds=6)
    world.advance(minutes=6)
    assert len({headers["webhook-id"] for headers, _ in receiver.posted}) == 1
    assert [(one["status"], one["attempts"]) for one in log(acme)] == [("delivered", 3)]


def test_it_follows_no_redirect(world: World, acme: Program, receiver: Receiver, endpoint: dict[str, Any]) -> None:
    receiver.answers, receiver.location = [302], "http://169.254.169.254/latest/meta-data"
    acme.post(f"/webhook_endpoints/{endpoint['id']}/test")
    world.settle_down()
    assert [(one["status"], one["response_status"]) for one in log(acme)] == [("pending", 302)]


def test_it_switches_off_what_fails_for_days_and_says_so(
    world: World, acme: Program, receiver: Receiver, endpoint: dict[str, Any]
) -> None:
    receiver.answers = [500] * 99
    acme.post(f"/webhook_endpoints/{endpoint['id']}/test")
    for _ in range(11):
        world.advance(hours=25)
    now = acme.get(f"/webhook_endpoints/{endpoint['id']}").json
    assert (now["is_on"], now["disabled_why"]) == (False, "failing")
    assert len(receiver.posted) == 10
    assert "webhook" in world.mails_to("office@acme.example")[-1].subject


def test_it_stops_at_once_where_it_is_told_gone(
    world: World, acme: Program, receiver: Receiver, endpoint: dict[str, Any]
) -> None:
    receiver.answers = [410]
    acme.post(f"/webhook_endpoints/{endpoint['id']}/test")
    world.settle_down()
    assert acme.get(f"/webhook_endpoints/{endpoint['id']}").json["disabled_why"] == "gone"


def test_it_replays_a_delivery(world: World, acme: Program, receiver: Receiver, endpoint: dict[str, Any]) -> None:
    acme.post(f"/webhook_endpoints/{endpoint['id']}/test")
    world.settle_down()
    acme.post(f"/webhook_deliveries/{log(acme)[0]['id']}/replay")
    world.settle_down()
    first, second = receiver.posted
    assert first[1] == second[1]
    assert first[0]["webhook-id"] == second[0]["webhook-id"]


def test_it_signs_with_both_secrets_for_a_day(
    world: World, acme: Program, receiver: Receiver, endpoint: dict[str, Any]
) -> None:
    fresh = acme.post(f"/webhook_endpoints/{endpoint['id']}/rotate_secret").json["secret"]
    acme.post(f"/webhook_endpoints/{endpoint['id']}/test")
    world.settle_down()
    assert receiver.verified(endpoint["secret"]) == receiver.verified(fresh)
    with pytest.raises(WebhookVerificationError):
        receiver.verified("whsec_" + "A" * 32)


def test_it_drops_the_old_secret_after_a_day(
    world: World, acme: Program, receiver: Receiver, endpoint: dict[str, Any]
) -> None:
    acme.post(f"/webhook_endpoints/{endpoint['id']}/rotate_secret")
    world.clock.advance(timedelta(hours=25))
    acme.post(f"/webhook_endpoints/{endpoint['id']}/test")
    world.settle_down()
    assert len(receiver.posted[0][0]["webhook-signature"].split()) == 1


def test_it_tells_a_secret_once(acme: Program, endpoint: dict[str, Any]) -> None:
    assert endpoint["secret"].startswith("whsec_")
    assert "secret" not in acme.get(f"/webhook_endpoints/{endpoint['id']}").json
    assert endpoint["secret"] not in str(acme.get("/webhook_endpoints").json)


def test_it_forgets_a_removed_endpoint(
    world: World, acme: Program, receiver: Receiver, endpoint: dict[str, Any]
) -> None:
    assert acme.delete(f"/webhook_endpoints/{endpoint['id']}").status == 204
    records.pay(world, "INV-1042")
    assert receiver.posted == []
    assert acme.get(f"/webhook_endpoints/{endpoint['id']}").status == 404


def test_it_delivers_after_a_crash_in_the_middle(
    world: World, acme: Program, receiver: Receiver, endpoint: dict[str, Any]
) -> None:
    acme.post(f"/webhook_endpoints/{endpoint['id']}/test")
    world.jobs.waiting.clear()  # the process died with its job
    with world.runtime.write() as ctx:
        ctx.session.execute(sa.update(WebhookDelivery).values(attempt=1))
    world.clock.advance(timedelta(minutes=10))
    from_sweep = world.jobs.perform(world.runtime, "sweep_webhooks")
    world.settle_down()
    assert (from_sweep, receiver.kinds) == (1, ["endpoint.test"])
