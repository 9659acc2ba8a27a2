"""What moves money or reaches people, by program: recorded, refunded, planned, sent, each once for one key."""

from typing import Any

from models.merchant import Scope
from models.webhook import EventType
from tests.support import records
from tests.support.program import Program, program
from tests.support.world import World


def cash(world: World, *numbers: str, minor: int) -> dict[str, Any]:
    ids = [records.invoice(world, number).public_id for number in numbers]
    return {"invoice_ids": ids, "amount_minor": minor, "method": "cash"}


def test_it_records_cash_once_for_one_key(acme: Program, world: World) -> None:
    first = acme.post("/payments", cash(world, "INV-1042", minor=28_450), key="k1")
    again = acme.post("/payments", cash(world, "INV-1042", minor=28_450), key="k1")
    assert (first.status, first.json["status"], again.json) == (201, "succeeded", first.json)
    assert records.invoice(world, "INV-1042").balance_minor == 100_000


def test_it_records_no_online_payment_by_hand(acme: Program, world: World) -> None:
    assert acme.post("/payments", cash(world, "INV-1042", minor=1) | {"method": "card"}).status == 422


def test_it_records_nothing_over_two_customers(acme: Program, world: World) -> None:
    assert acme.post("/payments", cash(world, "INV-1042", "INV-2001", minor=1)).json["code"] == "mixed_customers"


def test_it_refunds_a_part_once_for_one_key(acme: Program, world: World) -> None:
    payment = records.pay(world, "INV-1042")
    path = f"/payments/{payment.public_id}/refunds"
    answers = [acme.post(path, {"amount_minor": 1_000}, key="k1") for _ in range(3)]
    assert [answer.status for answer in answers] == [201] * 3
    assert len({answer.json["id"] for answer in answers}) == 1
    assert [one["amount_minor"] for one in acme.get("/refunds", payment_id=payment.public_id).json["items"]] == [1_000]


def test_it_refunds_never_more_than_was_captured(acme: Program, world: World) -> None:
    path = f"/payments/{records.pay(world, 'INV-1042').public_id}/refunds"
    first = acme.post(path, {"amount_minor": 128_451}, key="k1")
    assert (first.status, first.json["code"]) == (409, "above_captured")
    assert acme.post(path, {"amount_minor": 128_451}, key="k1").json == first.json


def test_it_refuses_another_amount_under_the_same_key(acme: Program, world: World) -> None:
    path = f"/payments/{records.pay(world, 'INV-1042').public_id}/refunds"
    acme.post(path, {"amount_minor": 1}, key="k1")
    assert acme.post(path, {"amount_minor": 2}, key="k1").json["code"] == "idempotency_mismatch"


def test_it_moves_money_only_with_the_scope(world: World) -> None:
    writer = program(world, scopes=frozenset({Scope.READ, Scope.WRITE}))
    assert writer.post("/payments", cash(world, "INV-1042", minor=1)).status == 403
    assert writer.post("/reminders", {"everyone_overdue": True}).status == 403


def test_it_plans_without_sending(acme: Program, world: World) -> None:
    planned = acme.post("/reminders/plan", {"everyone_overdue": True}).json
    assert planned["messages"] + planned["skipped"] > 0
    world.settle_down()
    assert acme.get("/messages").json["items"] == []


def test_it_presses_once_for_one_key(acme: Program, world: World) -> None:
    wanted = {"invoice_ids": [records.invoice(world, "INV-1042").public_id]}
    ids = {acme.post("/reminders", wanted, key="k1").json["id"] for _ in range(3)}
    assert len(ids) == 1
    world.settle_down()
    told = acme.get(f"/reminders/{ids.pop()}").json
    assert (told["is_filled"], told["scheduled"] + told["sent"] + told["skipped"]) == (True, 1)


def test_it_reminds_nobody_of_another_merchant(globex: Program, world: World) -> None:
    wanted = {"invoice_ids": [records.invoice(world, "INV-1042").public_id]}
    assert globex.post("/reminders/plan", wanted).status == 404


def test_it_reminds_nobody_by_a_test_key(sandboxed: Program) -> None:
    assert sandboxed.post("/reminders", {"everyone_overdue": True}).json["code"] == "only_live"


def test_it_pauses_and_cancels(acme: Program) -> None:
    made = acme.post("/reminders", {"everyone_overdue": True}).json
    assert acme.post(f"/reminders/{made['id']}/pause").json["is_paused"] is True
    assert acme.post(f"/reminders/{made['id']}/cancel").json["is_cancelled"] is True
    assert acme.post(f"/reminders/{made['id']}/resume").json["code"] == "campaign_over"


def test_it_names_every_event_in_the_document(acme: Program) -> None:
    told = str(acme.get("/openapi.json").json["components"]["schemas"])
    assert [kind for kind in EventType if kind.value not in told] == []
