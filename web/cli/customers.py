"""`flask customers`: what an operator does for a merchant's customer."""

import click
import sqlalchemy as sa
from flask.cli import AppGroup

from bot import erasing
from bot.erasing import Erased, ErasureRefused
from models.audit import AuditEntry
from models.context import Context
from models.customer import ContactPoint, Customer, normalise_email
from models.merchant import Mode
from web.cli.naming import merchant_named
from web.context import retrying, runtime

ACTOR = "operator"
STANDINGS = {
    "owes": "is owed: take the payment or void the invoice first",
    "draft": "in a draft: void it or issue it first",
    "under_way": "is on its way: wait until it has arrived or failed",
    "disputed": "is disputed: wait until the bank has decided",
    "refund": "is being refunded: wait until it has arrived or failed",
    "credit": "is their credit: give it back or put it on an invoice first",
}

group = AppGroup("customers", help="A merchant's customers: erase one.")


@group.command("erase")
@click.argument("slug")
@click.argument("who")
@click.option("--mode", default=Mode.LIVE.value, show_default=True, type=click.Choice([mode.value for mode in Mode]))
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(slug: str, who: str, mode: str, yes: bool) -> None:
    """Erase one customer for good: WHO is their id, their exact name, or an email or phone of theirs. What explains
    money stays under a pseudonym, refusals stay."""
    customer = _find(slug, who, Mode(mode))
    if customer.erased_at is None and not yes:
        click.confirm(f"Erase {customer.name} for good? This cannot be taken back.", abort=True)
    try:
        erased = retrying(lambda: erasing.erase(runtime().of(customer.merchant_id), customer.id, _record))
    except ErasureRefused as refused:
        raise click.ClickException("\n".join(_told(refused))) from refused
    click.echo(f"{erased.pseudonym} was erased before." if erased.before else f"Erased: now {erased.pseudonym}.")


def _find(slug: str, who: str, mode: Mode) -> Customer:
    with runtime().read() as ctx:
        merchant = merchant_named(ctx, slug)
        on_file = sa.select(ContactPoint.customer_id).where(
            ContactPoint.merchant_id == merchant.id, ContactPoint.address.in_({who, normalise_email(who)})
        )
        named = (Customer.public_id == who) | (Customer.name == who) | Customer.id.in_(on_file)
        mine = (Customer.merchant_id == merchant.id) & (Customer.mode == mode)
        found = ctx.session.scalars(sa.select(Customer).where(mine, named).order_by(Customer.id)).all()
    if len(found) != 1:
        ids = "".join(f"\n{one.public_id}" for one in found)
        raise click.ClickException(f"{len(found)} customers of {slug!r} are called {who!r}: name one by its id.{ids}")
    return found[0]


def _told(refused: ErasureRefused) -> list[str]:
    told = [
        f"{one.amount.decimal:f} {one.amount.currency} {STANDINGS[one.why]} {one.name}" for one in refused.obstacles
    ]
    return ["Money of theirs is open.", *(line.strip() for line in told)]


def _record(ctx: Context, customer: Customer, erased: Erased) -> None:
    """In the merchant's own trail, like what members do."""
    ctx.session.add(
        AuditEntry(
            merchant_id=customer.merchant_id,
            actor=ACTOR,
            action="customer.erased",
            subject="customer",
            subject_id=customer.public_id,
            label=erased.pseudonym,
            after={"messages": erased.messages},
            network="",
            created_at=ctx.clock.now(),
        )
    )
