"""Every operation of the document, with whatever is another's: other merchant, wrong mode, no key, a revoked one."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from models.merchant import Merchant, Mode
from tests.support import records
from tests.support.program import API, Program, new_key, program, revoke
from tests.support.world import ALICE_EMAIL, World
from web.api import document
from web.api.surface import RESOURCES

EXAMPLES: dict[str, Any] = {
    "create_customer": {"name": "Carol"},
    "update_customer": {"name": "Carol"},
    "add_contact_point": {"channel": "email", "address": "new@example.com"},
    "record_consent": {"act": "granted"},
    "update_invoice": {"due_on": "2027-01-01"},
    "refund_payment": {},
    "create_webhook_endpoint": {"url": "http://127.0.0.1:1/"},
    "update_webhook_endpoint": {"is_on": False},
    "update_customer_cadence": {"is_on": False},
    "put_template": {"text": "{merchant}: your email? {portal} {help}, {stop}"},
    "preview_template": {"text": "hi"},
}
"""Good bodies. Those that name others' things are made in `bodies`."""


def operations() -> Iterator[tuple[str, str, str]]:
    assert RESOURCES
    paths = document.document("")["paths"]
    for path, methods in paths.items():
        for method, told in methods.items():
            yield method.upper(), path.removeprefix(API), told["operationId"]


FILE = b"customer_name\nCarol\n"
OPERATIONS = sorted(operations())
NAMES = {"name": "welcome", "language": "en"}
"""Parameters that name nobody's thing: each caller finds its own there."""
WITH_ID = [one for one in OPERATIONS if "{" in one[1] and not any(f"{{{name}}}" in one[1] for name in NAMES)]


@pytest.fixture
def owned(world: World, acme: Program) -> dict[str, str]:
    """Acme's things by the name of the path's parameter."""
    payment = records.pay(world, "INV-1051")
    acme.post("/webhook_endpoints", {"url": "http://127.0.0.1:1/"})
    endpoint = acme.get("/webhook_endpoints").json["items"][0]
    acme.post(f"/webhook_endpoints/{endpoint['id']}/test")
    customer = acme.get("/customers", address=ALICE_EMAIL).json["items"][0]
    refund = acme.post(f"/payments/{payment.public_id}/refunds", {"amount_minor": 1}).json
    return {
        "customer_id": customer["id"],
        "contact_point_id": customer["contact_points"][0]["id"],
        "invoice_id": records.invoice(world, "INV-1042").public_id,
        "payment_id": payment.public_id,
        "refund_id": refund["id"],
        "message_id": acme.get("/messages").json["items"][0]["id"],
        "event_id": acme.get("/events").json["items"][0]["id"],
        "endpoint_id": endpoint["id"],
        "delivery_id": acme.get("/webhook_deliveries").json["items"][0]["id"],
        "phone": staff_phone(world),
        "import_id": acme.call("POST", "/imports", extra={"Content-Type": "text/csv"}, data=FILE).json["id"],
        "campaign_id": acme.post("/reminders", {"everyone_overdue": True}).json["id"],
    }


def staff_phone(world: World) -> str:
    with world.runtime.write() as ctx:
        ctx.session.get_one(Merchant, world.merchants["acme"].id).staff_phones = ["+15550177"]
    return "+15550177"


def bodies(owned: dict[str, str]) -> dict[str, Any]:
    return EXAMPLES | {
        "create_invoice": {
            "customer_id": owned["customer_id"],
            "number": "X",
            "due_on": "2027-01-01",
            "total_minor": 1,
        },
        "create_pay_link": {"invoice_ids": [owned["invoice_id"]]},
        "record_payment": {"invoice_ids": [owned["invoice_id"]], "amount_minor": 1, "method": "cash"},
        "plan_reminders": {"invoice_ids": [owned["invoice_id"]]},
        "send_reminders": {"invoice_ids": [owned["invoice_id"]]},
    }


def call(caller: Program, operation: tuple[str, str, str], owned: dict[str, str]) -> int:
    method, path, name = operation
    filled = re.sub(r"{(\w+)}", lambda found: (NAMES | owned)[found[1]], path)
    return caller.call(method, filled, bodies(owned).get(name)).status


def test_it_hides_everything_from_other_merchants_and_modes(
    world: World, globex: Program, sandboxed: Program, owned: dict[str, str]
) -> None:
    found = {}
    for operation in WITH_ID:
        for caller in (globex, sandboxed):
            world.clock.advance(records.A_SECOND)
            found[operation[2], caller is globex] = call(caller, operation, owned)
    hidden = {name for name, status in found.items() if status == 404}
    # A test key reminds nobody at all, and is told so.
    assert {name for name in found if name not in hidden and found[name] != 409} == set()
    assert {name for name in found if found[name] == 409 and (name[1] or "reminders" not in name[0])} == set()


def test_it_finds_others_things_in_no_body(globex: Program, owned: dict[str, str]) -> None:
    names = ("create_invoice", "create_pay_link", "record_payment", "plan_reminders", "send_reminders")
    wanted = [one for one in OPERATIONS if one[2] in names]
    assert {one[2]: call(globex, one, owned) for one in wanted} == dict.fromkeys(names, 404)


def test_it_asks_everyone_for_a_key(world: World, owned: dict[str, str]) -> None:
    revoked = program(world)
    revoke(revoked)
    mixed_up = Program(world, new_key(world).replace("_live_", f"_{Mode.TEST.value}_"))
    for caller in (Program(world, None), revoked, mixed_up):
        world.clock.advance(timedelta(hours=1))  # whoever guesses at keys is soon not heard at all
        assert {one[2]: call(caller, one, owned) for one in OPERATIONS} == {one[2]: 401 for one in OPERATIONS}


def test_it_works_for_the_owner(acme: Program, owned: dict[str, str]) -> None:
    """Else the refusals above would prove nothing."""
    for operation in (one for one in WITH_ID if one[0] == "GET"):
        assert call(acme, operation, owned) == 200, operation
