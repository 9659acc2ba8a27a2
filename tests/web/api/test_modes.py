"""Acme's live key and its test key, with the same things on both sides: neither sees nor touches the other's, and
whatever the test key does, no phone and no mailbox hears of it."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import sqlalchemy as sa

from models.message import Message
from models.payment import Method
from payments import begin, links
from tests.support import records
from tests.support.program import Program
from tests.support.world import ALICE, ALICE_EMAIL, World
from web.announcing import announce
from web.api import document

OFFICE = "office@acme.example"
ALIKE = {"name": "Alice Adams", "reference": "A-1", "emails": [ALICE_EMAIL], "phones": [ALICE]}
FILE = b"customer_name,phones,text_consent\nCarol,+15550142,yes\n"


def owned(caller: Program) -> dict[str, str]:
    """One of everything that a key can make, the same for both keys, by the names of the document's parameters."""
    endpoint = caller.post("/webhook_endpoints", {"url": "http://127.0.0.1:1/"}).json["id"]
    customer = caller.post("/customers", ALIKE).json
    told = {"customer_id": customer["id"], "number": "T-1", "due_on": "2027-01-01", "total_minor": 500}
    invoice = caller.post("/invoices", told, key="t-1").json["id"]
    cash = {"invoice_ids": [invoice], "amount_minor": 300, "method": "cash"}
    payment = caller.post("/payments", cash, key="cash").json["id"]
    refund = caller.post(f"/payments/{payment}/refunds", {"amount_minor": 100}, key="back").json["id"]
    caller.post(f"/webhook_endpoints/{endpoint}/test")
    return {
        "customer_id": customer["id"],
        "contact_point_id": customer["contact_points"][0]["id"],
        "invoice_id": invoice,
        "payment_id": payment,
        "refund_id": refund,
        "endpoint_id": endpoint,
        "event_id": caller.get("/events").json["items"][0]["id"],
        "delivery_id": caller.get("/webhook_deliveries").json["items"][0]["id"],
        "import_id": caller.call("POST", "/imports", extra={"Content-Type": "text/csv"}, data=FILE).json["id"],
    }


@pytest.fixture
def theirs(world: World, sandboxed: Program) -> dict[str, str]:
    """The test key's."""
    made = owned(sandboxed)
    world.clock.advance(records.A_SECOND)
    return made


def lists() -> Iterator[str]:
    """Those that are turned page by page, and so may be long: all that hold more than settings."""
    for path, methods in document.document("")["paths"].items():
        if any(asked["name"] == "cursor" for asked in methods.get("get", {}).get("parameters", [])):
            yield path.removeprefix("/api/v1")


def ids(caller: Program, path: str) -> set[str]:
    caller.world.clock.advance(records.A_SECOND)
    return {one["id"] for one in caller.get(path, limit=100).json["items"]}


def test_it_lists_nothing_to_both(world: World, acme: Program, sandboxed: Program, theirs: dict[str, str]) -> None:
    own = owned(acme)
    records.pay(world, "INV-1042")
    found = {path: (ids(acme, path), ids(sandboxed, path)) for path in lists()}
    assert [path for path, (live, test) in found.items() if live & test] == []
    told = {name: set.union(*(both[side] for both in found.values())) for side, name in enumerate(("live", "test"))}
    listed = [name for name in theirs if name not in ("contact_point_id", "import_id")]
    assert {theirs[name] for name in listed} <= told["test"]
    assert {own[name] for name in listed} <= told["live"]
    assert found["/messages"][0]
    assert not found["/messages"][1]


def test_it_finds_no_test_thing_by_a_live_key(acme: Program, theirs: dict[str, str]) -> None:
    """The other way round is in test_tenants.py."""
    paths = document.document("")["paths"]
    seen = {}
    for path in sorted(path for path in paths if any(f"{{{name}}}" in path for name in theirs)):
        filled = path.removeprefix("/api/v1").format_map(theirs)
        for method in sorted(set(paths[path]) - {"parameters"}):
            acme.world.clock.advance(records.A_SECOND)
            body = BODIES.get(paths[path][method]["operationId"])
            seen[paths[path][method]["operationId"]] = acme.call(method.upper(), filled, body).status
    assert len(seen) > len(theirs)
    assert {name: status for name, status in seen.items() if status != 404} == {}


BODIES: dict[str, Any] = {
    "update_customer": {"name": "Carol"},
    "add_contact_point": {"channel": "email", "address": "new@example.com"},
    "record_consent": {"act": "granted"},
    "update_invoice": {"due_on": "2027-01-01"},
    "refund_payment": {},
    "update_webhook_endpoint": {"is_on": False},
    "update_customer_cadence": {"is_on": False},
}


def test_it_takes_the_others_things_in_no_body_and_no_filter(
    acme: Program, sandboxed: Program, theirs: dict[str, str]
) -> None:
    own = owned(acme)
    for caller, named in ((acme, theirs), (sandboxed, own)):
        caller.world.clock.advance(records.A_SECOND)
        made = {"customer_id": named["customer_id"], "number": "X", "due_on": "2027-01-01", "total_minor": 1}
        cash = {"invoice_ids": [named["invoice_id"]], "amount_minor": 1, "method": "cash"}
        asked = [
            caller.post("/invoices", made),
            caller.post("/pay_links", {"invoice_ids": [named["invoice_id"]]}),
            caller.post("/payments", cash),
            caller.get("/payments", customer_id=named["customer_id"]),
            caller.get("/payments", invoice_id=named["invoice_id"]),
            caller.get("/invoices", customer_id=named["customer_id"]),
            caller.get("/messages", customer_id=named["customer_id"]),
            caller.get("/refunds", payment_id=named["payment_id"]),
        ]
        assert [one.status for one in asked] == [404] * len(asked)
    assert acme.post("/reminders", {"invoice_ids": [theirs["invoice_id"]]}).status == 404
    assert acme.post("/reminders", {"customer_ids": [theirs["customer_id"]]}).status == 404


def test_it_tells_a_test_key_nothing_of_what_owners_of_addresses_want(
    world: World, acme: Program, sandboxed: Program, theirs: dict[str, str]
) -> None:
    world.phone(ALICE).says("STOP")
    (alice,) = acme.get("/customers", address=ALICE).json["items"]
    (event,) = [one for one in acme.get("/events").json["items"] if one["type"] == "customer.opted_out"]
    assert event["data"]["customer_ids"] == [alice["id"]]
    (tess,) = sandboxed.get("/customers").json["items"]
    assert [(one["opted_out"], one["consent"]) for one in tess["contact_points"]] == [(False, None)] * 2
    bearer = {"Authorization": f"Bearer {sandboxed.key}"}
    rows = world.client.get("/api/v1/exports/customers", headers=bearer).text.splitlines()
    assert [row for row in rows[1:] if "yes" in row or ",no" in row] == []
    assert sandboxed.get(f"/imports/{theirs['import_id']}").json["numbers"]["consents"] == 0
    assert sandboxed.get("/staff_phones").json["phones"] == []


def test_it_lets_no_phone_and_no_mailbox_hear_of_a_test_payment(
    world: World, sandboxed: Program, theirs: dict[str, str]
) -> None:
    url = sandboxed.post("/pay_links", {"invoice_ids": [theirs["invoice_id"]]}).json["url"]
    assert "T-1" in world.client.get(urlsplit(url).path).text
    token = urlsplit(url).path.removeprefix("/p/")
    with world.runtime.read() as ctx:
        total = links.read(ctx, token).total
    key = uuid4().hex
    begun = begin.begin(world.runtime, token, Method.CARD, idempotency_key=key, shown_total=total, announce=announce)
    assert sandboxed.post(f"/invoices/{theirs['invoice_id']}/void").status == 200
    world.bank.confirm(str(begun.redirect_url).rpartition("/")[2], "visa")  # money that nobody asks for any more
    world.advance(hours=2)
    assert sandboxed.get(f"/payments/{begun.payment.public_id}").json["status"] == "succeeded"
    sandboxed.post(f"/payments/{begun.payment.public_id}/refunds", {})
    world.advance(hours=2)
    assert world.phone(ALICE).receives() == []
    assert world.mails_to(ALICE_EMAIL) + world.mails_to(OFFICE) == []
    with world.runtime.read() as ctx:
        assert ctx.session.scalars(sa.select(Message.id)).all() == []


def test_it_lets_no_test_customer_in_by_a_phone_or_the_portal(world: World, theirs: dict[str, str]) -> None:
    """The live Alice owes what she owes: the same addresses in test mode add nothing to it."""
    assert theirs
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    assert "T-1" not in "\n".join(phone.receives())
    assert len(world.mails_to(ALICE_EMAIL)) == 1
