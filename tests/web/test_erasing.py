"""Erasing a customer: nothing of them is left but what explains money and what they refused; nothing
brings them back."""

from typing import Any

import sqlalchemy as sa

from bot import erasing
from models.audit import AuditEntry
from models.customer import Customer
from models.merchant import Mode, Scope
from models.payment import OPEN_STATUSES, Payment, PaymentStatus
from models.received_text import ReceivedText
from models.webhook import EventType, WebhookEvent
from payments import audit
from payments import erasing as money
from tests.support import records
from tests.support.erasure import alice_of, pay, settle, written
from tests.support.members import enter
from tests.support.program import Program, program
from tests.support.visitor import Visitor
from tests.support.world import ALICE, ALICE_EMAIL, World

KEPT_FOR_EVER = {"consent", "opt_out"}
"""Who refused or agreed, by address: that is what these tables are."""
PERSON = ("Alice", "alice", "Adams", "adams", ALICE)


def live_a_little(world: World, acme: Program) -> None:
    """Everywhere a customer leaves something of themselves."""
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("I'll pay on friday")
    phone.says("I want to talk to a person")
    world.inbox(ALICE_EMAIL).writes("My name is Alice Adams", subject="From Alice")
    Visitor(world).signs_in("acme", ALICE_EMAIL)
    alice = alice_of(world)
    with world.runtime.write() as ctx:
        told = {"channel": "sms", "their_address": ALICE, "our_address": "x", "provider_reference": "SM9"}
        late = ReceivedText(merchant_id=alice.merchant_id, **told, hidden_body="x", received_at=ctx.clock.now())
        ctx.session.add(late)
    acme.post(
        f"/customers/{alice.public_id}/contact_points", {"channel": "email", "address": "adams@a.example"}, key="a"
    )
    owner = enter(world)
    owner.opens(f"/console/customers/{alice.public_id}")
    owner.sends(f"/console/customers/{alice.public_id}/file", name="Alice Adams", locale="es", postal_code="98101")
    phone.says("STOP")
    world.settle_down()


def test_it_leaves_nothing_of_the_person_and_all_of_the_money(world: World) -> None:
    acme, alice = program(world), alice_of(world)
    live_a_little(world, acme)
    paid, before, others = pay(world), written(world, "acme"), written(world, "globex")
    owner = enter(world)
    owner.opens(f"/console/customers/{alice.public_id}/erase")
    owner.sees("Erase Alice Adams for good?")
    owner.sends(f"/console/customers/{alice.public_id}/erase")
    owner.follows()
    owner.sees("Erased customer")
    world.settle_down()

    after = written(world, "acme")
    assert {name for name, rows in after.items() if any(word in rows for word in PERSON)} == KEPT_FOR_EVER
    assert {name: after[name] for name in (*KEPT_FOR_EVER, "ledger_entry", "allocation", "refund")} == {
        name: before[name] for name in (*KEPT_FOR_EVER, "ledger_entry", "allocation", "refund")
    }
    assert written(world, "globex") == others
    with world.runtime.read() as ctx:
        assert audit.verify(ctx.session) == []
        entry = ctx.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        told = ctx.session.scalars(sa.select(WebhookEvent).order_by(WebhookEvent.id.desc())).first()
    assert entry is not None
    assert (entry.action, entry.actor) == ("customer.erased", "Owner of Acme")
    assert told is not None
    assert (told.kind, told.payload) == (EventType.CUSTOMER_ERASED, {"object": "customer", "id": alice.public_id})
    assert world.fetch(Payment, paid.id).amount == paid.amount
    Visitor(world).opens(records.receipt(world, paid))  # opens, and says nobody's name (looked for above)


def test_it_refuses_while_money_is_open(world: World) -> None:
    alice, owner, acme = alice_of(world), enter(world), program(world)
    here = f"/console/customers/{alice.public_id}/erase"
    paid = records.pay(world, "INV-1042")
    records.void(world, "INV-1051")
    with world.runtime.write() as ctx:
        ctx.session.get_one(Payment, paid.id).status = PaymentStatus.DISPUTED
    owner.opens(here)
    owner.sees("Alice Adams cannot be erased yet", "INV-1060", "is owed", "is disputed", paid.reference)
    assert owner.sends(here).status_code == 409
    refused = acme.post(f"/customers/{alice.public_id}/erase")
    assert (refused.status, refused.json["code"]) == (409, "customer_in_use")
    assert {fault["pointer"] for fault in refused.json["errors"]} == {f"/{paid.reference}", "/INV-1060"}
    told = _flask(world, "erase", "acme", ALICE_EMAIL, "--yes")
    assert told.exit_code == 1
    assert "385.50 USD is owed" in told.output
    assert alice_of(world).erased_at is None


def test_it_refuses_while_a_payment_is_on_its_way(world: World) -> None:
    paid = pay(world)
    for status in OPEN_STATUSES:
        with world.runtime.write() as ctx:
            ctx.session.get_one(Payment, paid.id).status = status
            found = erasing.obstacles(ctx, ctx.session.get_one(Customer, paid.customer_id))
            ctx.session.rollback()
        assert [(one.why, one.name) for one in found] == [(money.Standing.UNDER_WAY, paid.reference)]


def test_a_second_press_changes_nothing(world: World) -> None:
    settle(world)
    alice, acme = alice_of(world), program(world)
    first = acme.post(f"/customers/{alice.public_id}/erase", key="once")
    after = written(world, "acme")
    for again in (
        acme.post(f"/customers/{alice.public_id}/erase", key="once"),
        acme.post(f"/customers/{alice.public_id}/erase"),
    ):
        assert (again.status, again.json) == (200, first.json)
    told = _flask(world, "erase", "acme", alice.public_id)
    assert told.output == f"{first.json['name']} was erased before.\n"
    assert written(world, "acme") == after
    with world.runtime.read() as ctx:
        mine = sa.select(AuditEntry.label, AuditEntry.subject_id).where(AuditEntry.action == "api.erase_customer")
        assert ctx.session.execute(mine).all() == [(first.json["name"], alice.public_id)]


def test_only_its_own_merchants_owner_or_key_erases(world: World) -> None:
    settle(world)
    alice = alice_of(world)
    writer = program(world, scopes=frozenset(Scope) - {Scope.ERASE})
    assert writer.post(f"/customers/{alice.public_id}/erase").status == 403
    for stranger in (program(world, "globex"), program(world, mode=Mode.TEST)):
        assert stranger.post(f"/customers/{alice.public_id}/erase").status == 404
    assert "0 customers" in _flask(world, "erase", "globex", alice.public_id, "--yes").output
    assert alice_of(world).erased_at is None


def _flask(world: World, *arguments: str) -> Any:
    return world.client.application.test_cli_runner().invoke(args=["customers", *arguments])
