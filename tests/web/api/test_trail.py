"""Every operation by which a program changes something, taken from the document: what succeeds is in the trail, with
which key, what, when and from where."""

import re
from typing import Any

import sqlalchemy as sa

from models.audit import AuditEntry
from models.invoice import Invoice, InvoiceStatus
from tests.support import records
from tests.support.program import Program
from tests.support.world import World
from tests.web.api.test_tenants import FILE, NAMES, OPERATIONS, bodies, owned  # noqa: F401 - a fixture

QUIET = {"plan_reminders", "preview_template"}
"""Dry runs by POST: they change nothing."""
ENDS = ("send_invoice", "cancel_reminders", "void_invoice", "remove_", "reset_")
"""What ends what others need comes last, in this order."""
MORE: dict[str, Any] = {
    "update_cadence": {"is_on": True},
    "update_webhook_endpoint": {"is_on": True},
    "add_staff_phone": {"phone": "+12125550199"},
    "confirm_staff_phone": {"phone": "+12125550199", "code": "0000"},
}


def entries(world: World) -> list[AuditEntry]:
    with world.runtime.read() as ctx:
        return list(ctx.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id)))


def draft(world: World) -> str:
    made = world.add_invoice(records.customer(world, "Bob Brown"), "DRAFT-1", 500)
    with world.runtime.write() as ctx:
        ctx.session.get_one(Invoice, made.id).status = InvoiceStatus.DRAFT
    return made.public_id


def status_of(caller: Program, operation: tuple[str, str, str], ids: dict[str, str]) -> int:
    method, path, name = operation
    filled = re.sub(r"{(\w+)}", lambda found: (NAMES | ids)[found[1]], path)
    if name == "create_import":
        return caller.call(method, filled, extra={"Content-Type": "text/csv"}, data=FILE).status
    return caller.call(method, filled, (bodies(ids) | MORE).get(name)).status


def place(operation: tuple[str, str, str]) -> int:
    return next((n for n, name in enumerate(ENDS) if operation[2].startswith(name)), -1)


def test_it_records_whatever_a_program_changes(world: World, acme: Program, owned: dict[str, str]) -> None:  # noqa: F811
    actor = f"API key {(acme.key or '').split('_')[2]}"
    changing = [one for one in OPERATIONS if one[0] != "GET" and one[2] not in QUIET]
    wrong: dict[str, Any] = {}
    for operation in sorted(changing, key=place):
        world.clock.advance(records.A_SECOND)
        before, name = len(entries(world)), operation[2]
        ids = owned | ({"invoice_id": draft(world)} if name == "issue_invoice" else {})
        if name == "erase_customer":
            ids |= {"customer_id": world.add_customer(world.merchants["acme"], "Carol").public_id}
        status = status_of(acme, operation, ids)
        new = [(one.actor, one.action, one.network, one.created_at) for one in entries(world)[before:]]
        if status >= 300 or new != [(actor, f"api.{name}", "127.0.0.1", world.clock.now())]:
            wrong[name] = (status, new)
        world.settle_down()
    assert wrong == {}
