"""Reading by program: whose, of which mode, page by page."""

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from models.merchant import Scope
from tests.support import records
from tests.support.program import Program, program, revoke
from tests.support.world import ALICE, ALICE_EMAIL, World


def test_it_lists_the_merchants_invoices_newest_first(acme: Program) -> None:
    numbers = [one["number"] for one in acme.get("/invoices").json["items"]]
    assert numbers == ["INV-2001", "INV-1060", "INV-1051", "INV-1042"]


def test_it_tells_an_invoice_in_minor_units(acme: Program, world: World) -> None:
    invoice = acme.get(f"/invoices/{records.invoice(world, 'INV-1042').public_id}").json
    assert (invoice["status"], invoice["total_minor"], invoice["balance_minor"]) == ("open", 128_450, 128_450)
    assert invoice["customer_id"] == records.customer(world, "Alice Adams").public_id


def test_it_finds_customers_by_address(acme: Program) -> None:
    found = acme.get("/customers", address="Alice@Example.com").json["items"]
    assert [one["name"] for one in found] == ["Alice Adams"]
    assert {point["address"] for point in found[0]["contact_points"]} == {ALICE, ALICE_EMAIL}


def test_it_tells_payments_with_their_shares(acme: Program, world: World) -> None:
    records.pay(world, "INV-1042")
    (payment,) = acme.get("/payments", status="succeeded").json["items"]
    assert payment["amount_minor"] == 128_450
    assert payment["invoices"] == [
        {"invoice_id": records.invoice(world, "INV-1042").public_id, "amount_minor": 128_450}
    ]


def test_it_tells_messages_without_their_secrets(acme: Program, world: World) -> None:
    world.phone(ALICE).proves(ALICE_EMAIL)
    sent = acme.get("/messages", limit=100, direction="out").json["items"]
    assert any("{code}" in one["text"] for one in sent)
    assert not any(world.code_for(ALICE_EMAIL) in one["text"] for one in sent)


def test_it_turns_pages_without_missing_or_repeating(acme: Program) -> None:
    seen, cursor = [], None
    while True:
        page = acme.get("/invoices", limit=1, **({"cursor": cursor} if cursor else {})).json
        seen += [one["number"] for one in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == ["INV-2001", "INV-1060", "INV-1051", "INV-1042"]


def test_it_refuses_a_cursor_of_another_list(acme: Program, globex: Program) -> None:
    cursor = acme.get("/invoices", limit=1).json["next_cursor"]
    refusals = [
        globex.get("/invoices", cursor=cursor),
        acme.get("/customers", cursor=cursor),
        acme.get("/invoices", cursor=cursor, status="open"),
        acme.get("/invoices", cursor=cursor[:-1] + "_"),
    ]
    assert [(one.status, one.json["code"]) for one in refusals] == [(422, "bad_cursor")] * 4


@pytest.mark.parametrize("limit", ["0", "101", "1e3", "-1", "ten", ""])
def test_it_caps_the_page(acme: Program, limit: str) -> None:
    assert acme.get("/invoices", limit=limit).status == 422


def test_it_shows_test_rows_to_test_keys_only(acme: Program, sandboxed: Program) -> None:
    made = sandboxed.post("/customers", {"name": "Tess Test", "emails": [ALICE_EMAIL]}).json
    assert [one["name"] for one in sandboxed.get("/customers").json["items"]] == ["Tess Test"]
    assert acme.get(f"/customers/{made['id']}").status == 404
    assert sandboxed.get("/invoices").json["items"] == []


def test_it_never_believes_a_test_customers_address(sandboxed: Program, world: World) -> None:
    sandboxed.post("/customers", {"name": "Tess Test", "phones": ["+15550199001"], "emails": ["tess@example.com"]})
    phone = world.phone("+15550199001")
    phone.says("hi")
    phone.says("tess@example.com")
    assert world.mails_to("tess@example.com") == []


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic abc"}, {"Authorization": "Bearer till_live_a_b"}])
def test_it_refuses_without_a_key(world: World, headers: dict[str, str]) -> None:
    answer = Program(world, None, headers).get("/invoices")
    assert (answer.status, answer.content_type) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_it_refuses_a_revoked_key(acme: Program) -> None:
    revoke(acme)
    assert acme.get("/invoices").json["code"] == "key_unknown"


def test_it_refuses_what_the_scopes_leave_out(world: World) -> None:
    reader = program(world, scopes=frozenset({Scope.READ}))
    assert reader.get("/customers").status == 200
    assert reader.post("/customers", {"name": "New"}).json["code"] == "scope_missing"


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nothing", 404), ("PUT", "/invoices", 405), ("DELETE", "/customers", 405)]
)
def test_it_refuses_as_a_problem_document(acme: Program, method: str, path: str, status: int) -> None:
    answer = acme.call(method, path)
    assert (answer.status, answer.content_type) == (status, "application/problem+json")
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]


def test_it_describes_itself_as_valid_openapi(acme: Program) -> None:
    told = acme.get("/openapi.json").json
    assert told["openapi"].startswith("3.1")
    validate(told, cls=OpenAPIV31SpecValidator)
    assert set(told["paths"]["/api/v1/invoices"]) == {"get", "post"}
