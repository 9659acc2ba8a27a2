"""Writing by program: customers, consents, invoices, links. What nobody may set, nobody can name."""

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from models.consent import Consent
from models.invoice import InvoiceStatus
from tests.support import records
from tests.support.program import Program
from tests.support.visitor import Visitor
from tests.support.world import ALICE, ALICE_EMAIL, World


def invoice_for(world: World, name: str = "Alice Adams", **fields: Any) -> dict[str, Any]:
    customer_id = records.customer(world, name).public_id
    return {"customer_id": customer_id, "number": "API-1", "due_on": "2026-07-30", "total_minor": 12_345} | fields


def test_it_adds_a_customer_with_addresses(acme: Program) -> None:
    told = {"name": "Carol", "reference": "C-7", "emails": ["Carol@Example.com"], "phones": ["+15550155"]}
    made = acme.post("/customers", told)
    assert made.status == 201
    assert [point["address"] for point in made.json["contact_points"]] == ["carol@example.com", "+15550155"]
    assert acme.get("/customers", reference="C-7").json["items"] == [made.json]


def test_it_keeps_references_apart(acme: Program, globex: Program) -> None:
    acme.post("/customers", {"name": "Carol", "reference": "C-7"})
    assert acme.post("/customers", {"name": "Carla", "reference": "C-7"}).json["code"] == "reference_taken"
    assert globex.post("/customers", {"name": "Carla", "reference": "C-7"}).status == 201


@pytest.mark.parametrize(
    "extra",
    [{"merchant_id": 2}, {"status": "paid"}, {"balance_minor": 0}, {"mode": "test"}, {"id": "0" * 32}, {"version": 9}],
)
def test_it_refuses_what_nobody_may_set(acme: Program, world: World, extra: dict[str, Any]) -> None:
    refused = acme.post("/invoices", invoice_for(world) | extra)
    assert (refused.status, refused.json["code"]) == (422, "invalid")
    assert refused.json["errors"][0]["pointer"] == f"/{next(iter(extra))}"


@pytest.mark.parametrize("amount", [0, -1, 10**15, 1.5, "100", "1e3", "\uff11\uff12", True, None])
def test_it_refuses_what_is_no_amount(acme: Program, world: World, amount: object) -> None:
    assert acme.post("/invoices", invoice_for(world, total_minor=amount)).status == 422


def test_it_issues_an_invoice_at_once(acme: Program, world: World) -> None:
    made = acme.post("/invoices", invoice_for(world))
    assert (made.status, made.json["status"], made.json["balance_minor"]) == (201, "open", 12_345)
    assert records.invoice(world, "API-1").due_on == date(2026, 7, 30)


def test_it_adds_lines_up(acme: Program, world: World) -> None:
    lines = [
        {"description": "Hours", "quantity": "2.5", "unit_price_minor": 10_000},
        {"description": "Discount", "unit_price_minor": -5_000},
    ]
    told = invoice_for(world, lines=lines, draft=True)
    del told["total_minor"]
    made = acme.post("/invoices", told).json
    assert (made["status"], made["total_minor"]) == ("draft", 20_000)
    assert [line["amount_minor"] for line in made["lines"]] == [25_000, -5_000]


def test_it_refuses_lines_that_contradict_the_total(acme: Program, world: World) -> None:
    lines = [{"description": "Hours", "unit_price_minor": 1}]
    assert acme.post("/invoices", invoice_for(world, lines=lines)).json["code"] == "lines_do_not_add_up"


def test_it_leaves_nothing_of_a_refused_request(acme: Program, world: World) -> None:
    acme.post("/invoices", invoice_for(world, due_on="2020-01-01"))
    assert acme.get("/invoices", number="API-1").json["items"] == []


def test_it_takes_a_number_once(acme: Program, world: World) -> None:
    refused = acme.post("/invoices", invoice_for(world, number="INV-1042"))
    assert (refused.status, refused.json["code"]) == (409, "number_taken")


def test_it_changes_what_is_owed(acme: Program, world: World) -> None:
    invoice = records.invoice(world, "INV-1042")
    changed = acme.patch(f"/invoices/{invoice.public_id}", {"total_minor": 100, "due_on": "2026-08-01"}).json
    assert (changed["balance_minor"], changed["due_on"], changed["version"]) == (100, "2026-08-01", 2)


def test_it_voids_once(acme: Program, world: World) -> None:
    path = f"/invoices/{records.invoice(world, 'INV-1042').public_id}/void"
    assert acme.post(path).json["status"] == InvoiceStatus.VOID
    assert acme.post(path).json["code"] == "invoice_state"


def test_it_ends_what_is_being_paid_of_a_voided_invoice(acme: Program, world: World, alice: Visitor, url: str) -> None:
    alice.opens(url)
    alice.presses_pay(url)
    acme.post(f"/invoices/{records.invoice(world, 'INV-1042').public_id}/void")
    world.settle_down()
    assert [payment.status for payment in records.payments(world)] == ["cancelled"]


def test_it_issues_a_draft_once(acme: Program, world: World) -> None:
    made = acme.post("/invoices", invoice_for(world, draft=True)).json
    assert acme.post(f"/invoices/{made['id']}/issue").json["status"] == "open"
    assert acme.post(f"/invoices/{made['id']}/issue").status == 409


def test_it_makes_a_pay_link(acme: Program, world: World) -> None:
    ids = [records.invoice(world, number).public_id for number in ("INV-1042", "INV-1051")]
    link = acme.post("/pay_links", {"invoice_ids": ids}).json
    assert link["amount_minor"] == 128_450 + 64_000
    page = world.client.get(link["url"].removeprefix("http://till.test"))
    assert "$1,924.50" in page.text


def test_it_makes_no_link_over_two_customers(acme: Program, world: World) -> None:
    ids = [records.invoice(world, number).public_id for number in ("INV-1042", "INV-2001")]
    assert acme.post("/pay_links", {"invoice_ids": ids}).json["code"] == "mixed_customers"


def test_it_never_opts_anyone_in_again(acme: Program, world: World) -> None:
    world.phone(ALICE).says("STOP")
    point = next(
        point
        for point in acme.get("/customers", address=ALICE).json["items"][0]["contact_points"]
        if point["channel"] == "sms"
    )
    refused = acme.post(f"/contact_points/{point['id']}/consents", {"act": "granted"})
    assert (refused.status, refused.json["code"]) == (409, "opted_out")
    acme.delete(f"/contact_points/{point['id']}")
    again = acme.post("/customers", {"name": "Alice again", "phones": [ALICE]}).json
    assert again["contact_points"][0]["opted_out"] is True
    assert records.has_opted_out(world, ALICE)


def test_it_records_a_refusal(acme: Program, world: World) -> None:
    point = acme.get("/customers", address=ALICE_EMAIL).json["items"][0]["contact_points"][0]
    said = {"act": "revoked", "wording": "No more, please"}
    told = acme.post(f"/contact_points/{point['id']}/consents", said).json
    assert (told["opted_out"], told["consent"]) == (True, "revoked")
    assert records.has_opted_out(world, point["address"])
    with world.runtime.read() as ctx:
        assert ctx.session.scalars(sa.select(Consent.wording).where(Consent.source == "api")).all() == [said["wording"]]


def test_it_keeps_refusals_out_of_test_mode(sandboxed: Program, world: World) -> None:
    point = sandboxed.post("/customers", {"name": "Tess", "phones": [ALICE]}).json["contact_points"][0]
    assert sandboxed.post(f"/contact_points/{point['id']}/consents", {"act": "revoked"}).json["code"] == "only_live"
    assert not records.has_opted_out(world, ALICE)


def test_it_ends_the_proofs_of_an_address_it_takes_off(acme: Program, world: World) -> None:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    for point in acme.get("/customers", address=ALICE).json["items"][0]["contact_points"]:
        assert acme.delete(f"/contact_points/{point['id']}").status == 204
    phone.says("LIST")
    phone.hears("email")


@pytest.mark.parametrize(
    ("headers", "data", "status", "code"),
    [
        ({"Content-Type": "text/plain"}, b"{}", 415, "not_json"),
        ({"Content-Type": "application/json"}, b"{nope", 400, "malformed_json"),
        ({"Content-Type": "application/json"}, b"[" * 100_000, 400, "malformed_json"),
        ({"Content-Type": "application/json"}, b"[]", 422, "invalid"),
        ({"Content-Type": "application/json"}, b'{"name": "a\\u0000b"}', 422, "invalid"),
        ({"Content-Type": "application/json"}, b" " * 300_000, 413, "too_large"),
    ],
)
def test_it_refuses_bodies_that_are_none(
    acme: Program, headers: dict[str, str], data: bytes, status: int, code: str
) -> None:
    refused = acme.call("POST", "/customers", extra=headers, data=data)
    assert (refused.status, refused.json["code"]) == (status, code)


def test_it_emails_an_invoice_with_every_press_once(acme: Program, world: World) -> None:
    path = f"/invoices/{records.invoice(world, 'INV-1042').public_id}/send"
    sent = acme.post(path)
    world.settle_down()
    assert (sent.status, sent.json["kind"], sent.json["their_address"]) == (202, "invoice", ALICE_EMAIL)
    assert [mail.subject for mail in world.mails_to(ALICE_EMAIL)] == ["Invoice INV-1042 from Acme, $1,284.50"]


def test_it_emails_nobody_who_has_opted_out(acme: Program, world: World) -> None:
    world.inbox(ALICE_EMAIL).writes("STOP")
    assert acme.post(f"/invoices/{records.invoice(world, 'INV-1042').public_id}/send").json["code"] == "opted_out"


def test_it_emails_no_invoice_of_another_merchant(globex: Program, world: World) -> None:
    assert globex.post(f"/invoices/{records.invoice(world, 'INV-1042').public_id}/send").status == 404
