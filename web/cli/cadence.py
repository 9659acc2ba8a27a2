"""`flask reminders cadence` and `flask staff`: when reminders go by themselves, and whose phones may text commands."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time
from typing import Any

import click
import sqlalchemy as sa
from flask.cli import AppGroup

from bot import staff_phones
from bot.reminders import cadence_of, cadences, countries
from models.audit import AuditEntry
from models.cadence import Ways
from models.context import Context
from models.customer import Channel, Customer
from models.errors import DomainError
from models.merchant import Merchant, Mode
from web import typed
from web.cli.naming import merchant_named
from web.cli.reminders import group as reminders
from web.context import runtime

staff = AppGroup("staff", help="Phones whose texts to the merchant's own number are commands.")
ACTOR = "flask"
WORDS = {
    "steps_malformed": "Between 1 and 12 steps, at most 180 days away.",
    "count_malformed": "Between 0 and 180.",
    "time_outside_hours": "--at must be within --opens and --closes.",
    "country_unknown": "--countries must be two letters each, or names: GB,Mexico.",
    "phone_malformed": "That is no phone number.",
    "phone_known": "This phone is on the list already.",
    "no_sender": "The merchant has no number to text from.",
    "opted_out": "This phone has opted out of the merchant's texts.",
}


@reminders.command("cadence")
@click.argument("slug")
@click.option("--customer", help="What this customer has instead, by name.")
@click.option("--on/--off", "is_on", default=None)
@click.option("--steps", help="Days from the due date: -3,0,7. For a customer, `plan`: as the merchant has it.")
@click.option("--ways", type=click.Choice([one.value for one in Ways]))
@click.option("--repeat-every", type=int, help="Days; 0: no repeats.")
@click.option("--repeat-times", type=int)
@click.option("--at", help="On the recipient's clock: 10:00.")
@click.option("--opens", help="Texts from.")
@click.option("--closes", help="Texts until.")
@click.option("--countries", help="Texted beside the merchant's own: GB,MX. `none`: no other.")
def cadence(slug: str, customer: str | None, **told: Any) -> None:
    """Show when reminders go by themselves, or change it."""
    wanted = _wanted(told)
    with runtime().write() as ctx, _in_words():
        merchant = merchant_named(ctx, slug, lock=True)
        if customer is not None:
            _of_customer(ctx, merchant, customer, wanted)
            return
        if wanted:
            _record(ctx, merchant, "settings.reminders_changed", *cadences.change(ctx, merchant, wanted))
        own = cadence_of(ctx, merchant)
        for name in cadences.TOLD:
            click.echo(f"{name}: {getattr(own, name)}")


@staff.command("list")
@click.argument("slug")
def list_phones(slug: str) -> None:
    """The phones on the list."""
    with runtime().read() as ctx:
        for phone in merchant_named(ctx, slug, lock=True).staff_phones:
            click.echo(phone)


@staff.command("add")
@click.argument("slug")
@click.argument("phone")
def add(slug: str, phone: str) -> None:
    """Text a code to a phone; `confirm` puts it on the list."""
    with runtime().write() as ctx, _in_words():
        merchant = merchant_named(ctx, slug, lock=True)
        number = typed.address(Channel.SMS, phone, merchant.country)
        staff_phones.ask(ctx, merchant, number)
        _record(ctx, merchant, "phone.asked", {}, {"phone": number})
    click.echo(f"A code is on its way to {number}.")


@staff.command("confirm")
@click.argument("slug")
@click.argument("phone")
@click.argument("code")
def confirm(slug: str, phone: str, code: str) -> None:
    """Put a phone on the list by the code that was texted to it."""
    with runtime().write() as ctx, _in_words():
        merchant = merchant_named(ctx, slug, lock=True)
        number = typed.address(Channel.SMS, phone, merchant.country)
        is_right = staff_phones.confirm(ctx, merchant, number, code)
        if is_right:
            _record(ctx, merchant, "phone.added", {}, {"phone": number})
    if not is_right:
        raise click.ClickException("That is not the code, or it has run out.")
    click.echo(f"{number} may text commands now.")


@staff.command("remove")
@click.argument("slug")
@click.argument("phone")
def remove(slug: str, phone: str) -> None:
    """Take a phone off the list."""
    with runtime().write() as ctx, _in_words():
        merchant = merchant_named(ctx, slug, lock=True)
        number = typed.address(Channel.SMS, phone, merchant.country)
        if not staff_phones.remove(ctx, merchant, number):
            raise click.ClickException(f"{number} is not on the list.")
        _record(ctx, merchant, "phone.removed", {"phone": number}, {})
    click.echo(f"{number} is off the list.")


def _wanted(told: dict[str, Any]) -> dict[str, Any]:
    wanted = {name: value for name, value in told.items() if value is not None}
    try:
        if "steps" in wanted:
            wanted["steps"] = None if wanted["steps"] == "plan" else [int(one) for one in wanted["steps"].split(",")]
        wanted |= {name: time.fromisoformat(wanted[name]) for name in ("at", "opens", "closes") if name in wanted}
    except ValueError as error:
        raise click.ClickException(f"That is not right: {error}.") from error
    if "countries" in wanted:
        with _in_words():
            wanted["countries"] = [] if wanted["countries"] == "none" else countries.read(wanted["countries"])
    if "ways" in wanted:
        wanted["ways"] = Ways(wanted["ways"])
    if "repeat_every" in wanted:
        wanted["repeat_every"] = wanted["repeat_every"] or None
    return wanted


def _of_customer(ctx: Context, merchant: Merchant, name: str, wanted: dict[str, Any]) -> None:
    theirs = sa.select(Customer).where(
        Customer.merchant_id == merchant.id, Customer.mode == Mode.LIVE, Customer.name == name
    )
    found = ctx.session.scalars(theirs).all()
    if len(found) != 1:
        raise click.ClickException(f"{len(found)} customers are called {name!r}.")
    if foreign := set(wanted) - set(cadences.TOLD_OF_CUSTOMER):
        raise click.ClickException(f"A customer has no {', '.join(sorted(foreign))} of their own.")
    if wanted:
        _record(ctx, merchant, "customer.reminders_switched", *cadences.change_of(ctx, found[0], wanted))
    own = cadences.of_customer(ctx, found[0])
    for one in cadences.TOLD_OF_CUSTOMER:
        click.echo(f"{one}: {getattr(own, one) if getattr(own, one) is not None else 'as the plan says'}")


def _record(ctx: Context, merchant: Merchant, action: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    """In the merchant's own trail, like what members do."""
    entry = AuditEntry(merchant_id=merchant.id, actor=ACTOR, action=action, network="local", label=merchant.name)
    entry.before = {name: str(value) for name, value in before.items()}
    entry.after = {name: str(value) for name, value in after.items()}
    entry.created_at = ctx.clock.now()
    ctx.session.add(entry)


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except DomainError as error:
        raise click.ClickException(WORDS.get(error.code, error.code)) from error
