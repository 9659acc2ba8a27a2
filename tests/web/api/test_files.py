"""Files by program: a dry run, the press, and everything out again."""

import pytest

from tests.support.members import trail
from tests.support.program import Program
from tests.support.world import World

CSV = {"Content-Type": "text/csv"}
FILE = b"invoice_number,customer_name,customer_email,amount,due_on\nA-1,Carol,c@example.com,19.99,2026-07-01\n"


def hands_in(caller: Program, content: bytes = FILE, key: str | None = None) -> dict[str, object]:
    answer = caller.call("POST", "/imports", extra=CSV | ({"Idempotency-Key": key} if key else {}), data=content)
    assert answer.status == 201, answer.json
    found: dict[str, object] = answer.json
    return found


def test_it_tells_what_a_file_would_change_and_applies_it_once(world: World, acme: Program) -> None:
    told = hands_in(acme)
    assert (told["status"], told["shape"], told["kind"]) == ("checked", "till", "invoices")
    assert told["numbers"]["new_invoices"] == 1  # type: ignore[index]
    assert acme.get("/invoices", number="A-1").json["items"] == []
    for _ in range(2):
        assert acme.post(f"/imports/{told['id']}/apply").json["status"] == "imported"
    assert len(acme.get("/invoices", number="A-1").json["items"]) == 1
    assert [entry.action for entry in trail(world)] == ["api.create_import", "api.apply_import", "api.apply_import"]


def test_it_answers_the_same_under_the_same_key(acme: Program) -> None:
    first, again = (hands_in(acme, key="june") for _ in range(2))
    assert first == again
    other = acme.call("POST", "/imports", extra=CSV | {"Idempotency-Key": "june"}, data=FILE + b"\n")
    assert (other.status, other.json["code"]) == (409, "idempotency_mismatch")


def test_it_names_the_lines_in_trouble(acme: Program) -> None:
    told = hands_in(acme, FILE.replace(b"19.99", b"ten"))
    assert (told["status"], told["troubles"]) == ("refused", [{"line": 2, "column": "amount", "code": "no_amount"}])
    assert acme.post(f"/imports/{told['id']}/apply").json["code"] == "import_state"


def test_it_refuses_what_is_no_file(acme: Program) -> None:
    assert hands_in(acme, b"a,b\n")["problem"] == "file_unknown_columns"
    assert acme.post("/imports", {"file": "a"}).json["code"] == "not_csv"
    assert acme.call("POST", "/imports", extra=CSV, data=b"x" * (10 * 2**20 + 1)).status == 413


def test_it_is_nobody_elses(acme: Program, globex: Program, sandboxed: Program) -> None:
    told = hands_in(acme)
    for other in (globex, sandboxed):
        assert other.get(f"/imports/{told['id']}").status == 404
        assert other.post(f"/imports/{told['id']}/apply").status == 404


@pytest.mark.parametrize("kind", ["invoices", "customers"])
def test_it_gives_everything_out(world: World, acme: Program, globex: Program, kind: str) -> None:
    def text(caller: Program) -> str:
        url, bearer = f"/api/v1/exports/{kind}", {"Authorization": f"Bearer {caller.key}"}
        answer = world.client.get(url, headers=bearer)
        assert answer.content_type == "text/csv; charset=utf-8"
        return answer.text

    assert "Bob Brown" in text(acme)
    assert "Bob Brown" not in text(globex)
    assert hands_in(acme, text(acme).encode())["numbers"]["unchanged"] in (2, 4)  # type: ignore[index]
    assert trail(world)[0].action == f"api.export_{kind}"
