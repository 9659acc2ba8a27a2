"""Looks records up and changes them the way merchants and providers do, for tests that look from outside."""

from datetime import timedelta
from uuid import uuid4

import sqlalchemy as sa

from models.consent import OptOut
from models.customer import Customer
from models.invoice import Invoice
from models.merchant import Merchant, Mode
from models.money import Money
from models.papers import Attachment
from models.paylink import PayLink
from models.payment import Method, Payment
from payments import begin, invoices, links, papers
from payments.papers import Item
from tests.support.world import World

A_SECOND = timedelta(seconds=2)
"""After so long a key has its full rate again."""


def customer(world: World, name: str, slug: str = "acme") -> Customer:
    named = sa.select(Customer).join(Merchant, Merchant.id == Customer.merchant_id)
    with world.runtime.read() as ctx:
        return ctx.session.scalars(named.where(Customer.name == name, Merchant.slug == slug)).one()


def customer_in_test_mode(world: World, name: str) -> Customer:
    """Acme's, made by a program in test mode."""
    acme = world.merchants["acme"]
    made = Customer(merchant_id=acme.id, mode=Mode.TEST, name=name, created_at=world.clock.now())
    with world.runtime.write() as ctx:
        ctx.session.add(made)
    return made


def invoice(world: World, number: str) -> Invoice:
    with world.runtime.read() as ctx:
        return ctx.session.scalars(sa.select(Invoice).where(Invoice.number == number)).one()


def payments(world: World) -> list[Payment]:
    with world.runtime.read() as ctx:
        return list(ctx.session.scalars(sa.select(Payment).order_by(Payment.id)))


def void(world: World, number: str) -> None:
    with world.runtime.write() as ctx:
        invoices.void(ctx, invoice(world, number))


def amend(world: World, number: str, minor: int) -> None:
    wanted = invoice(world, number)
    with world.runtime.write() as ctx:
        invoices.amend(ctx, wanted, Money(minor, wanted.currency))


def link(world: World, *numbers: str, conversation_id: int | None = None) -> str:
    """The path of a new pay link."""
    covered = [invoice(world, number) for number in numbers]
    with world.runtime.write() as ctx:
        opened = links.open_link(
            ctx,
            merchant_id=covered[0].merchant_id,
            customer_id=covered[0].customer_id,
            invoices=covered,
            conversation_id=conversation_id,
        )
        return f"/p/{links.token(ctx, opened)}"


def attach(world: World, number: str, name: str, content: bytes) -> Attachment:
    with world.runtime.write() as ctx:
        return papers.attach(ctx, invoice(world, number), name, content)


def itemise(world: World, number: str, *items: Item) -> None:
    with world.runtime.write() as ctx:
        papers.itemise(ctx, invoice(world, number), items)


def newest_link(world: World) -> PayLink:
    with world.runtime.read() as ctx:
        return ctx.session.scalars(sa.select(PayLink).order_by(PayLink.id.desc()).limit(1)).one()


def pay(world: World, *numbers: str, conversation_id: int | None = None) -> Payment:
    """By card, at once."""
    token = link(world, *numbers, conversation_id=conversation_id).removeprefix("/p/")
    with world.runtime.read() as ctx:
        total = links.read(ctx, token).total
    begun = begin.begin(world.runtime, token, Method.CARD, idempotency_key=uuid4().hex, shown_total=total)
    world.bank.confirm(str(begun.redirect_url).rpartition("/")[2], "visa")
    world.settle_down()
    with world.runtime.read() as ctx:
        return ctx.session.get_one(Payment, begun.payment.id)


def has_opted_out(world: World, address: str) -> bool:
    with world.runtime.read() as ctx:
        return ctx.session.scalars(sa.select(OptOut).where(OptOut.address == address)).first() is not None


def receipt(world: World, payment: Payment) -> str:
    with world.runtime.read() as ctx:
        return links.receipt_url(ctx, payment).removeprefix(ctx.site.base_url)
