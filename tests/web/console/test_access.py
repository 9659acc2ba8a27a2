"""Every route of the console, asked by those whom it is not for: another merchant's owner, a viewer, nobody, and a
session that has ended. Generated from the table of roles: a new route is in here from its first day."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from bot.exchange import desk
from models.base import Base
from models.case import Case
from models.conversation import Conversation
from models.customer import ContactPoint, Customer
from models.file_import import FileImport
from models.limits import LimitCount
from models.member import FRESH_FOR, ConsoleSession, Member, Role, SignIn
from models.merchant import ApiKey, Mode
from models.message import Message
from models.payment import Payment
from models.reminder import Campaign, CampaignSource
from models.webhook import DeliveryStatus, EventType, WebhookDelivery, WebhookEndpoint, WebhookEvent
from tests.support import records
from tests.support.members import MemberVisitor, enter
from tests.support.visitor import Visitor
from tests.support.world import ALICE, ALICE_EMAIL, World
from web.console.roles import TABLE

BY_NAME: dict[str, Any] = {
    "point_id": ContactPoint,
    "case_id": Case,
    "console_needs": Case,
    "console_needs.apply_credit": Customer,
    "console_messages": Conversation,
    "console_keys": ApiKey,
    "console_people": Member,
    "console_callouts": WebhookEndpoint,
    "console_callouts.replay": WebhookDelivery,
    "console_failures": Message,
    "console_importing": FileImport,
    "console_money.ask_refund": Payment,
    "console_money.refund": Payment,
}
KINDS = set(BY_NAME.values())
NO_ROWS = {"name", "language"}
"""Arguments of an address that name no row."""
SECRETS = ("INV-1042", "INV-2001", "1,284.50", "Alice Adams", "Bob Brown", ALICE_EMAIL, "Paper cups")
HARMLESS = (SignIn, LimitCount, ConsoleSession)
"""Tables that a stranger's knocking may write to."""


def rules(world: World) -> Iterator[tuple[str, Rule]]:
    for rule in world.client.application.url_map.iter_rules():
        if rule.endpoint.startswith("console"):
            for method in (rule.methods or set()) & {"GET", "POST"}:
                yield method, rule


def acmes(world: World) -> dict[str, str]:
    """A public id of Acme's for every argument that an address may have, by the blueprint it belongs to."""
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("I already paid that")
    records.pay(world, "INV-1060")
    alice, acme = records.customer(world, "Alice Adams"), world.merchants["acme"]
    with world.runtime.write() as ctx:
        campaign = Campaign(merchant_id=acme.id, key="one", source=CampaignSource.CONSOLE, pressed_by="Olga")
        campaign.selection, campaign.pressed_on, campaign.created_at = {}, date(2026, 6, 19), world.clock.now()
        key, _ = ApiKey.issue(acme.id, Mode.LIVE, "Books", world.clock.now())
        ctx.session.add_all([campaign, key, _owner(world)])
        desk.take(ctx, acme, Mode.LIVE, "a.csv", b"customer_name\nCarol\n", "Olga")
        endpoint = WebhookEndpoint(
            merchant_id=acme.id, mode=Mode.LIVE, url="https://acme.example/hook", secret="whsec_"
        )
        endpoint.created_at = world.clock.now()
        ctx.session.add(endpoint)
        ctx.session.flush()
        event = WebhookEvent(merchant_id=acme.id, mode=Mode.LIVE, kind=EventType.ENDPOINT_TEST, payload={})
        event.created_at = world.clock.now()
        ctx.session.add(event)
        ctx.session.flush()
        ctx.session.add(_delivery(endpoint, event))
        ctx.session.flush()
        rows = {kind: ctx.session.scalars(sa.select(kind).where(kind.merchant_id == acme.id)).first() for kind in KINDS}
    return {name: row.public_id for name, kind in BY_NAME.items() if (row := rows[kind]) is not None} | {
        "name": "sign_in",
        "console_customers": alice.public_id,
        "console_money": records.invoice(world, "INV-1042").public_id,
        "console_customer_edit": alice.public_id,
        "console_reminders": campaign.public_id,
        "console_invoices": records.invoice(world, "INV-1042").public_id,
        "console_invoice_edit": records.invoice(world, "INV-1042").public_id,
        "console_invoice_acts": records.invoice(world, "INV-1042").public_id,
    }


def _delivery(endpoint: WebhookEndpoint, event: WebhookEvent) -> WebhookDelivery:
    made = WebhookDelivery(merchant_id=endpoint.merchant_id, mode=Mode.LIVE, status=DeliveryStatus.DELIVERED)
    made.endpoint_id, made.event_id, made.created_at = endpoint.id, event.id, event.created_at
    return made


def _owner(world: World) -> Member:
    acme, now = world.merchants["acme"], world.clock.now()
    return Member(merchant_id=acme.id, email="o@acme.example", name="O", role=Role.OWNER, created_at=now)


def address(rule: Rule, ids: dict[str, str]) -> str:
    blueprint = rule.endpoint.partition(".")[0]
    found = rule.rule.replace("<public_id>", ids.get(rule.endpoint, ids.get(blueprint, "0" * 32)))
    return re.sub(r"<(\w+)>", lambda argument: ids.get(argument[1], "0" * 32), found)


def asks(visitor: Visitor, method: str, url: str) -> TestResponse:
    if method == "GET":
        return visitor.opens(url)
    visitor.opens("/console/sign-in")
    visitor.sends(url, merchant_id="1", role="owner", status="paid", balance_minor="1", reason="Because")
    return visitor.page


def stored(world: World) -> dict[str, list[tuple[object, ...]]]:
    harmless = {table.__tablename__ for table in HARMLESS}
    with world.runtime.read() as ctx:
        return {
            name: [tuple(row) for row in ctx.session.execute(sa.select(table))]
            for name, table in Base.metadata.tables.items()
            if name not in harmless
        }


def test_it_has_every_route_in_the_table(world: World) -> None:
    assert {rule.endpoint for _, rule in rules(world)} == set(TABLE)


def test_it_keeps_another_merchant_out_of_everything(world: World) -> None:
    ids = acmes(world)
    stranger = enter(world, "globex")
    for method, rule in rules(world):
        if rule.arguments <= NO_ROWS:
            continue
        answer = asks(stranger, method, address(rule, ids))
        assert answer.status_code == 404, (method, rule.rule, answer.status_code)


def test_it_tells_another_merchant_nothing(world: World) -> None:
    acmes(world)
    stranger = enter(world, "globex")
    for method, rule in rules(world):
        if method == "GET" and not rule.arguments:
            text = asks(stranger, "GET", rule.rule).text
            assert [one for one in ("INV-1042", "INV-2001", "1,284.50", "Bob Brown") if one in text] == [], rule.rule


@pytest.mark.parametrize("who", ["nobody", "ended"])
def test_it_answers_nobody_who_is_not_signed_in(world: World, who: str) -> None:
    ids = acmes(world)
    visitor = MemberVisitor(world)
    if who == "ended":
        visitor = enter(world)
        cookie = visitor.cookie("console")
        visitor.sends("/console/sign-out")
        visitor.client.set_cookie("till-console", cookie or "", domain="till.test")
    before = stored(world)
    for method, rule in rules(world):
        if TABLE[rule.endpoint].role is None:
            continue
        answer = asks(visitor, method, address(rule, ids))
        assert answer.status_code in ({303, 401} if who == "nobody" and method == "GET" else {401}), rule.rule
        assert [secret for secret in SECRETS if secret in answer.text] == []
    assert stored(world) == before


@pytest.mark.parametrize("role", [Role.VIEWER, Role.STAFF])
def test_it_holds_a_role_to_its_rights(world: World, role: Role) -> None:
    ids = acmes(world)
    member = enter(world, role=role)
    before = stored(world)
    for method, rule in rules(world):
        needed = TABLE[rule.endpoint].role
        if needed is not None and not role.covers(needed):
            assert asks(member, method, address(rule, ids)).status_code == 403, rule.rule
    assert stored(world) == before


def test_it_lets_a_viewer_look(world: World) -> None:
    ids = acmes(world)
    viewer = enter(world, role=Role.VIEWER)
    for method, rule in rules(world):
        if method == "GET" and TABLE[rule.endpoint].role is Role.VIEWER:
            assert asks(viewer, method, address(rule, ids)).status_code == 200, rule.rule


def test_it_asks_again_before_money_moves(world: World) -> None:
    ids = acmes(world)
    owner = enter(world)
    world.clock.advance(FRESH_FOR)
    for method, rule in rules(world):
        if TABLE[rule.endpoint].fresh:
            answer = asks(owner, method, address(rule, ids))
            assert answer.location.startswith("/console/confirm?next=/console/"), rule.rule
