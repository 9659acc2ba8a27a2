"""Whom the deeds of the kills are done by and to: rows made before anything is started, a few people for each point."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import sqlalchemy as sa

from models.consent import Consent, ConsentAct
from models.context import Context
from models.conversation import Conversation, ConversationState, Proof
from models.customer import Channel, ContactPoint, Customer
from models.invoice import Invoice, InvoiceStatus
from models.merchant import ApiKey, Mode
from models.ports import SmsAccount
from payments import ledger, links
from tests.faults.outside import NUMBER, SID, TOKEN
from tests.faults.town import NOON, Town
from tests.support import acme as made

TEXTERS, PAYERS, REMINDED = 2, 2, 3
IMPORTED_LINES = 30


@dataclass(frozen=True)
class People:
    """Of one point."""

    texters: list[str]
    stranger: tuple[str, str]
    payers: list[tuple[str, int]]
    """The link and the invoice behind it."""
    billed: tuple[str, int]
    reminded: list[tuple[str, int]]
    """The customers' public ids and ids."""


def acme(town: Town) -> str:
    """The merchant, and the key of its program."""
    with town.runtime.write() as ctx:
        merchant = made.acme(NUMBER, SmsAccount(SID, TOKEN), NOON)
        ctx.session.add(merchant)
        ctx.session.flush()
        key, text = ApiKey.issue(merchant.id, Mode.LIVE, "Storm", NOON)
        ctx.session.add(key)
    return text


def settle_in(town: Town, points: int) -> list[People]:
    with town.runtime.write() as ctx:
        numbers = iter(range(10_000))
        return [_point(ctx, numbers) for _ in range(points)]


def _point(ctx: Context, numbers: Iterator[int]) -> People:
    texters = [_proven(ctx, next(numbers)) for _ in range(TEXTERS)]
    stranger = next(numbers)
    _customer(ctx, stranger)
    payers = [_customer(ctx, next(numbers)) for _ in range(PAYERS)]
    _, billed = _customer(ctx, next(numbers))
    reminded = [_customer(ctx, next(numbers))[0] for _ in range(REMINDED)]
    return People(
        texters=texters,
        stranger=(_phone(9_999 - stranger), _email(stranger)),
        payers=[(_link(ctx, customer, invoice), invoice.id) for customer, invoice in payers],
        billed=(billed.public_id, billed.id),
        reminded=[(customer.public_id, customer.id) for customer in reminded],
    )


def _customer(ctx: Context, n: int) -> tuple[Customer, Invoice]:
    """With a phone that may be reminded, an email, and something overdue."""
    mine = {"merchant_id": 1, "created_at": NOON}
    customer = Customer(name=f"Customer {n}", **mine)
    ctx.session.add(customer)
    ctx.session.flush()
    for channel, address in ((Channel.SMS, _phone(n)), (Channel.EMAIL, _email(n))):
        ctx.session.add(ContactPoint(customer_id=customer.id, channel=channel, address=address, **mine))
    ctx.session.add(
        Consent(channel=Channel.SMS, address=_phone(n), act=ConsentAct.GRANTED, source="test", **mine),
    )
    invoice = Invoice(
        customer_id=customer.id,
        number=f"INV-{n}",
        description="Paper cups",
        status=InvoiceStatus.DRAFT,
        currency="USD",
        total_minor=5_000 + n,
        balance_minor=5_000 + n,
        issued_on=date(2026, 5, 1),
        due_on=date(2026, 6, 1),
        **mine,
    )
    ctx.session.add(invoice)
    ctx.session.flush()
    ledger.issue(ctx, invoice)
    return customer, invoice


def _proven(ctx: Context, n: int) -> str:
    customer, _ = _customer(ctx, n)
    mail = ctx.session.scalars(sa.select(ContactPoint).where(ContactPoint.address == _email(n))).one()
    thread = Conversation(
        merchant_id=1,
        channel=Channel.SMS,
        address=_phone(n),
        our_address=NUMBER,
        state=ConversationState.IDLE,
        customer_id=customer.id,
        chosen_at=NOON,
        last_inbound_at=NOON,
        created_at=NOON - timedelta(days=30),
    )
    ctx.session.add(thread)
    ctx.session.flush()
    ours = {"merchant_id": 1, "conversation_id": thread.id, "customer_id": customer.id}
    ctx.session.add(Proof(contact_point_id=mail.id, proven_at=NOON, used_at=NOON, **ours))
    return thread.address


def _link(ctx: Context, customer: Customer, invoice: Invoice) -> str:
    link = links.open_link(ctx, merchant_id=1, customer_id=customer.id, invoices=[invoice])
    return links.url(ctx, link)


def _phone(n: int) -> str:
    return f"+1305555{n:04}"


def _email(n: int) -> str:
    return f"customer{n}@example.com"


def write_file(path: Path, prefix: str) -> Path:
    """Invoices of new customers, as `flask import` takes them."""
    with path.open("w", newline="") as opened:
        out = csv.writer(opened)
        out.writerow(["customer_reference", "customer_name", "invoice_number", "amount", "currency", "due_on"])
        for n in range(IMPORTED_LINES):
            out.writerow([f"{prefix}C{n}", f"Imported {n}", f"{prefix}{n}", "12.50", "USD", "2026-08-01"])
    return path
