"""Every route by which a member changes something, taken from the application itself: what succeeds is in the trail,
with who, what, when and from where. A new route that leaves nothing there, or has no example here, fails."""

import io
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
import structlog
from PIL import Image

from models.audit import AuditEntry
from models.case import Case
from models.conversation import Conversation
from models.customer import ContactPoint, Customer
from models.file_import import FileImport
from models.invoice import Invoice, InvoiceStatus
from models.ledger import Account
from models.member import FRESH_FOR, Member
from models.merchant import ApiKey, Merchant
from models.message import Message, MessageStatus
from models.ports import FailedJob
from models.reminder import Campaign
from models.staff import StaffCommand
from models.webhook import WebhookDelivery, WebhookEndpoint
from payments import ledger
from tests.support import records
from tests.support.members import enter
from tests.support.world import ALICE, ALICE_EMAIL, World
from tests.web.console.test_invoices import FORM
from tests.web.console.test_settings import BRAND, CADENCE, PAYMENTS
from web.console.roles import TABLE

PHONE = "+12125550199"
BY_WHOM = (1, "Owner of Acme", "127.0.0.1")
CSV = b"customer_name,emails\nCarol,carol@example.com\n"
Form = Mapping[str, Any]


def picture() -> tuple[io.BytesIO, str]:
    drawn = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(drawn, "PNG")
    return io.BytesIO(drawn.getvalue()), "logo.png"


FORMS: dict[str, Form] = {
    "console_customer_edit.create": {"name": "Carol", "email": "c@example.com", "locale": "en"},
    "console_erasing.erase": {},
    "console_customer_edit.save": {"name": "Alice A.", "locale": "es"},
    "console_customer_edit.add_address": {"address": "new@example.com"},
    "console_customer_edit.record_will": {"act": "granted", "how": "By phone", "wording": "Yes, text me"},
    "console_customer_edit.switch_reminders": {"on": "1", "steps": "1, 2"},
    "console_customer_edit.remove_address": {},
    "console_messages.take": {},
    "console_messages.reply": {"words": "We look into it"},
    "console_messages.hand_back": {},
    "console_customer_edit.resolve": {"note": "Done"},
    "console_needs.close": {"note": "Done"},
    "console_needs.apply_credit": {},
    "console_reminders.send": {"everyone": "1", "key": "one"},
    "console_reminders.steer": {"act": "pause"},
    "console_reminders.pause_all": {},
    "console_settings.save_brand": BRAND,
    "console_settings.save_payments": PAYMENTS,
    "console_settings.save_cadence": CADENCE,
    "console_attesting.save": {"confirm": "1", "version": "1"},
    "console_retention.save": {"months": "24"},
    "console_portal.save_logo": {"logo": picture},
    "console_portal.remove_logo": {},
    "console_keys.create": {"label": "Books", "mode": "live", "scope": "read"},
    "console_keys.revoke": {},
    "console_people.invite": {"name": "Sam", "email": "sam@acme.example", "role": "staff"},
    "console_people.change": {"act": "role", "role": "viewer"},
    "console_callouts.add": {"url": "http://127.0.0.1:1/"},
    "console_callouts.change": {"act": "test"},
    "console_callouts.replay": {},
    "console_failures.settle": {"act": "discard"},
    "console_failures.settle_job": {"act": "again"},
    "console_phones.add": {"phone": PHONE},
    "console_phones.confirm": {"phone": PHONE},
    "console_phones.remove": {"phone": PHONE},
    "console_importing.take": {"file": lambda: (io.BytesIO(CSV), "a.csv")},
    "console_importing.press": {},
    "console_exporting.download": {"kind": "customers"},
    "console_templates.save": {"text": "{merchant}: your email? {portal} {help}, {stop}", "version": "0"},
    "console_templates.reset": {},
    "console_channels.save": {"whatsapp_number": "+12125550111"},
    "console_channels.draw": {"vendor": "mailgun"},
    "console_invoice_edit.create": FORM,
    "console_invoice_edit.save": {**FORM, "number": "INV-3001"},
    "console_invoice_acts.issue": {},
    "console_invoice_acts.email": {},
    "console_money.record_offline": {"amount": "1.00", "method": "cash", "key": "two"},
    "console_money.refund": {"amount": "1.00", "note": "Broken", "key": "three"},
    "console_invoice_acts.void": {"reason": "Twice"},
    "console.sign_out": {},
}
"""In an order in which each can succeed. A form's callable is called afresh."""


def prepare(world: World) -> None:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("the amount is wrong")
    phone.says("I already paid that")
    records.pay(world, "INV-1060")
    with world.runtime.write() as ctx:
        ctx.session.get_one(Merchant, world.merchants["acme"].id).withdraw_attestation()
        lines = [ledger.Line(Account.CASH, 500), ledger.Line(Account.CREDIT, -500)]
        ledger.post(ctx, records.invoice(world, "INV-1042"), "USD", lines)
        message = ctx.session.scalars(sa.select(Message).where(Message.kind == "list_page")).one()
        message.status = MessageStatus.FAILED
        world.jobs.failures.append(FailedJob("msg-1", "send_message", "KeyError", (message.id,)))


def newest(world: World, kind: Any, *where: Any) -> str:
    with world.runtime.read() as ctx:
        found = sa.select(kind.public_id).where(kind.merchant_id == world.merchants["acme"].id, *where)
        return str(ctx.session.scalars(found.order_by(kind.id.desc())).first())


def address(world: World, endpoint: str, rule: str, alice: str) -> str:
    """With what the route names, as things are now."""
    blueprint = endpoint.partition(".")[0]
    draft = newest(world, Invoice, Invoice.status == InvoiceStatus.DRAFT)
    sent = records.invoice(world, "INV-1051").public_id
    named = {
        "console_customer_edit": alice,
        "console_erasing": newest(world, Customer, Customer.name == "Carol"),
        "console_needs.apply_credit": alice,
        "console_needs.close": newest(world, Case, Case.resolved_at.is_(None)),
        "console_messages": newest(world, Conversation, Conversation.address == ALICE),
        "console_reminders": newest(world, Campaign),
        "console_keys": newest(world, ApiKey),
        "console_people": newest(world, Member),
        "console_callouts": newest(world, WebhookEndpoint),
        "console_callouts.replay": newest(world, WebhookDelivery),
        "console_failures": newest(world, Message, Message.status == MessageStatus.FAILED),
        "console_importing": newest(world, FileImport),
        "console_invoice_edit": draft,
        "console_invoice_acts": sent,
        "console_invoice_acts.issue": draft,
        "console_money": sent,
        "console_money.refund": records.payments(world)[0].public_id,
    }
    return (
        rule.replace("<public_id>", named.get(endpoint, named.get(blueprint, "")))
        .replace("<point_id>", newest(world, ContactPoint, ContactPoint.address.in_((ALICE, "new@example.com"))))
        .replace("<case_id>", newest(world, Case, Case.resolved_at.is_(None), Case.customer_id.is_not(None)))
        .replace("<job_id>", "msg-1")
        .replace("<name>/<language>", "welcome/en")
    )


def routes(world: World) -> dict[str, str]:
    """The address of each route that changes something for a member, by its endpoint."""
    rules = world.client.application.url_map.iter_rules()
    posted = {rule.endpoint: rule.rule for rule in rules if "POST" in (rule.methods or ())}
    return {endpoint: posted[endpoint] for endpoint, access in TABLE.items() if access.records and endpoint in posted}


def entries(world: World) -> list[AuditEntry]:
    with world.runtime.read() as ctx:
        return list(ctx.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id)))


def filled(world: World, endpoint: str) -> dict[str, Any]:
    form = {name: value() if callable(value) else value for name, value in FORMS[endpoint].items()}
    if endpoint == "console_phones.confirm":
        with world.runtime.read() as ctx:
            form["code"] = ctx.session.scalars(sa.select(StaffCommand.number)).one()
    return form


def test_it_records_whatever_a_member_changes(world: World) -> None:
    prepare(world)
    alice, found, owner = records.customer(world, "Alice Adams").public_id, routes(world), enter(world)
    assert set(found) == set(FORMS)
    silent = {}
    for endpoint in FORMS:
        world.clock.advance(records.A_SECOND)
        before = len(entries(world))
        owner.opens("/console/customers/new")
        status = owner.sends(address(world, endpoint, found[endpoint], alice), **filled(world, endpoint)).status_code
        new = entries(world)[before:]
        told = bool(new) and all(
            (one.merchant_id, one.actor, one.network, one.created_at)
            == (1, "Owner of Acme", "127.0.0.1", world.clock.now())
            for one in new
        )
        if status not in (200, 303) or not told:
            silent[endpoint] = (status, [one.action for one in new])
        world.settle_down()
    assert silent == {}


def test_it_misses_no_record_where_nothing_changed(world: World) -> None:
    owner, bob = enter(world), records.customer(world, "Bob Brown").public_id
    records.pay(world, "INV-2001")
    invoice, member = records.invoice(world, "INV-2001").public_id, newest(world, Member)
    with structlog.testing.capture_logs() as logs:
        for url, form in (
            (f"/console/customers/{bob}/erase", {}),
            (f"/console/customers/{bob}/erase", {}),
            (f"/console/invoices/{invoice}/issue", {}),
            (f"/console/settings/members/{member}", {"act": "out"}),
        ):
            owner.opens("/console/customers/new")
            assert owner.sends(url, **form).status_code == 303
        world.clock.advance(FRESH_FOR)
        owner.opens("/console/customers/new")
        assert owner.sends("/console/export", kind="customers").location.startswith("/console/confirm")
    assert [entry.action for entry in entries(world)][-1] == "customer.erased"
    assert [one for one in logs if one["log_level"] == "error"] == []
