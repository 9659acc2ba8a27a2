"""`flask reminders`: the dry run, the press, and what becomes of it, in a terminal."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
import sqlalchemy as sa
from flask.cli import AppGroup
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bot import reminders
from bot.reminders import Plan, Selection, countries
from models.cadence import Ways
from models.context import Context
from models.customer import Customer
from models.errors import DomainError
from models.invoice import Invoice
from models.merchant import Merchant, Mode
from models.reminder import Campaign, CampaignSource
from web.cli.naming import merchant_named
from web.context import runtime

POLL_S = 1.0
SHOWN = 50

group = AppGroup("reminders", help="Plan, send, pause and follow reminders.")


def selecting(command: Callable[..., None]) -> Callable[..., None]:
    """Whom a command means."""
    for decorate in (
        click.option("--way", type=click.Choice([way.value for way in Ways]), help="Default: as the merchant has it."),
        click.option("--customer", "customers", multiple=True, help="All that this customer owes, by name."),
        click.option("--invoice", "invoices", multiple=True, help="By number. Without any: everyone overdue."),
        click.argument("slug"),
    ):
        command = decorate(command)
    return command


@group.command("plan")
@selecting
@click.option("--all", "shows_all", is_flag=True, help=f"Every row instead of the first {SHOWN}.")
def plan(slug: str, invoices: tuple[str, ...], customers: tuple[str, ...], way: str | None, shows_all: bool) -> None:
    """Dry run: who would get what, when and in which words, and why the others would not. Sends nothing."""
    with runtime().read() as ctx, in_words():
        merchant = merchant_named(ctx, slug)
        chosen = _selection(ctx, merchant, invoices, customers, way)
        planned = reminders.plan(ctx, merchant, chosen, None if shows_all else SHOWN)
    _show_plan(Console(), planned)


@group.command("send")
@selecting
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--key", help="The same key again is the same press, and sends nothing twice.")
@click.option("--watch", is_flag=True, help="Stay until everything is decided. Ctrl-C stops only the watching.")
def send(
    slug: str,
    invoices: tuple[str, ...],
    customers: tuple[str, ...],
    way: str | None,
    yes: bool,
    key: str | None,
    watch: bool,
) -> None:
    """One press: the dry run, then the reminders."""
    console = Console()
    with runtime().read() as ctx, in_words():
        merchant = merchant_named(ctx, slug)
        chosen = _selection(ctx, merchant, invoices, customers, way)
        planned = reminders.plan(ctx, merchant, chosen, SHOWN)
    _show_plan(console, planned)
    if not planned.rows or not (yes or click.confirm(f"Send {planned.messages} reminders?")):
        return
    with runtime().write() as ctx, in_words():
        campaign = reminders.launch(
            ctx,
            merchant_named(ctx, slug),
            chosen,
            by="command line",
            source=CampaignSource.CLI,
            key=key or f"cli-{secrets.token_hex(8)}",
        )
        reference = campaign.public_id
    console.print(f"Pressed. Follow it with: flask --app wsgi reminders show {slug} {reference}")
    if watch:
        _watch(console, slug, reference)


@group.command("pause")
@click.argument("slug")
@click.argument("campaign")
def pause(slug: str, campaign: str) -> None:
    """Nothing more leaves until `resume`."""
    with runtime().write() as ctx, in_words():
        reminders.pause(ctx, _campaign(ctx, slug, campaign))
    click.echo("Paused.")


@group.command("resume")
@click.argument("slug")
@click.argument("campaign")
def resume(slug: str, campaign: str) -> None:
    """Go on where it was paused."""
    with runtime().write() as ctx, in_words():
        reminders.resume(ctx, _campaign(ctx, slug, campaign))
    click.echo("It goes on.")


@group.command("cancel")
@click.argument("slug")
@click.argument("campaign")
def cancel(slug: str, campaign: str) -> None:
    """For good. What the carrier has it has."""
    with runtime().write() as ctx, in_words():
        reminders.cancel(ctx, _campaign(ctx, slug, campaign))
    click.echo("Cancelled.")


@group.command("show")
@click.argument("slug")
@click.argument("campaign", required=False)
@click.option("--watch", is_flag=True, help="Stay until everything is decided.")
def show(slug: str, campaign: str | None, watch: bool) -> None:
    """The latest presses and days of the cadence, or one of them."""
    console = Console()
    if campaign is not None and watch:
        _watch(console, slug, campaign)
    with runtime().read() as ctx, in_words():
        merchant = merchant_named(ctx, slug)
        found = [reminders.find(ctx, merchant, campaign)] if campaign else reminders.recent(ctx, merchant)
        table = Table("Campaign", "Pressed", "By", "Scheduled", "Sent", "Skipped", "Cancelled", "Next", "State")
        for one in found:
            table.add_row(*_told(ctx, one))
    console.print(table)


def _told(ctx: Context, campaign: Campaign) -> list[str]:
    told = reminders.progress(ctx, campaign)
    counts = (told.scheduled, told.sent, told.skipped, told.cancelled)
    state = "cancelled" if campaign.cancelled_at else f"paused: {campaign.pause_reason}" if campaign.paused_at else ""
    return [
        campaign.public_id,
        f"{campaign.created_at:%Y-%m-%d %H:%M} UTC",
        f"{campaign.pressed_by} ({campaign.source.value})",
        *(f"{count:,}" for count in counts),
        f"{told.next_at:%m-%d %H:%M} UTC" if told.next_at else "",
        state or ("done" if told.is_over else "going"),
    ]


def _watch(console: Console, slug: str, reference: str) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("Reminders", total=None)
        while True:
            with runtime().read() as ctx:
                told = reminders.progress(ctx, _campaign(ctx, slug, reference))
            bar.update(task, total=told.total or None, completed=told.total - told.scheduled)
            if told.is_over:
                return
            time.sleep(POLL_S)


# --- the dry run -----------------------------------------------------------------------------------------------------
def _show_plan(console: Console, planned: Plan) -> None:
    table = Table("Who", "Where", "Local time", "Words", "Seg.", show_lines=True)
    for row in planned.rows:
        when = f"{row.local_time:%a %b %d %H:%M}" + (" (quiet now)" if row.is_held else "")
        words = row.text or f"{row.subject}\n{row.opening}"
        note = f"\n(no text: {row.instead_of.value})" if row.instead_of else ""
        note += f"\n(approved template {row.template.content_sid})" if row.template else ""
        size = str(row.segments.count) if row.segments else ""
        table.add_row(row.name, f"{row.channel.value} {row.address}", when, words + note, size)
    console.print(table)
    if planned.messages > len(planned.rows):
        console.print(f"... and {planned.messages - len(planned.rows):,} more (--all)")
    why = Table("Skipped because", "Invoices")
    for reason, count in planned.reasons.most_common():
        why.add_row(reason.value, f"{count:,}")
    if planned.skips:
        console.print(why)
    cost = f"${planned.cost_micros / 1_000_000:,.2f}"
    console.print(
        f"{planned.messages:,} reminders, {planned.texts:,} by text in {planned.segments:,} segments, about {cost}; "
        f"{planned.held:,} wait for the morning; {planned.skipped:,} skipped."
    )
    console.print(f"Texts go to numbers of: {countries.names(planned.countries)}.")


# --- what was typed --------------------------------------------------------------------------------------------------
@contextmanager
def in_words() -> Iterator[None]:
    """A refusal's code as the command's own words."""
    try:
        yield
    except DomainError as error:
        raise click.ClickException(error.code.replace("_", " ")) from error


def _campaign(ctx: Context, slug: str, reference: str) -> Campaign:
    return reminders.find(ctx, merchant_named(ctx, slug), reference)


def _selection(
    ctx: Context, merchant: Merchant, invoices: tuple[str, ...], customers: tuple[str, ...], way: str | None
) -> Selection:
    """By invoice number and customer name, as people know them; nobody named is everyone overdue."""
    ways = Ways(way) if way else None
    if invoices:
        named = sa.select(Invoice.public_id).where(
            Invoice.merchant_id == merchant.id, Invoice.mode == Mode.LIVE, Invoice.number.in_(invoices)
        )
        return Selection(invoices=_found(ctx, named, len(set(invoices)), "invoice"), ways=ways)
    if customers:
        mine = sa.select(Customer.public_id).where(Customer.merchant_id == merchant.id, Customer.name.in_(customers))
        return Selection(customers=_found(ctx, mine, len(set(customers)), "customer"), ways=ways)
    return Selection(everyone_overdue=True, ways=ways)


def _found(ctx: Context, query: sa.Select[str], wanted: int, what: str) -> tuple[str, ...]:
    found = tuple(ctx.session.scalars(query))
    if len(found) < wanted:
        raise click.ClickException(f"no such {what}")
    return found
