"""`flask seed`: made-up merchants, customers and invoices, of any size. Never in production."""

import time

import click
from flask.cli import with_appcontext
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Column, Table

from models.context import Environment
from models.errors import DomainError
from web.context import runtime
from web.seeding import SeededMerchant, Size, enrol, sow


@click.command("seed")
@click.option("--invoices", default=300, show_default=True, type=click.IntRange(1), help="In all, at least 25.")
@click.option("--customers", type=click.IntRange(1), help="In all. Default: 20, or one for every 15 invoices.")
@click.option("--merchants", default=2, show_default=True, type=click.IntRange(2, 10_000))
@click.option("--seed", default=1, show_default=True, help="Another one makes another crowd.")
@with_appcontext
def command(invoices: int, customers: int | None, merchants: int, seed: int) -> None:
    """Fill the database with made-up merchants, customers and invoices."""
    if runtime().site.environment is Environment.PRODUCTION:
        raise click.ClickException("TILL_ENV=production: made-up customers do not belong here.")
    size = Size(invoices=invoices, customers=customers, merchants=merchants, seed=seed)
    console, started = Console(), time.perf_counter()
    try:
        with _bar(console) as bar:
            task = bar.add_task("Invoices", total=invoices)
            seeded = sow(runtime().database, runtime().clock.now(), size, lambda n: bar.advance(task, n))
    except DomainError as error:
        raise click.ClickException("The database has these merchants already: start with an empty one.") from error
    enrol(runtime().database, runtime().signer, runtime().clock.now(), seeded)
    took = time.perf_counter() - started
    _tell(console, seeded)
    console.print(f"{invoices:,} invoices in {took:.1f} s, {invoices / took:,.0f} a second.")


def _bar(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console)


def _tell(console: Console, seeded: list[SeededMerchant]) -> None:
    key = Column("API key (shown this once)", overflow="fold")
    table = Table("Merchant", "Number", "Customers", key)
    for merchant in seeded[:10]:
        table.add_row(merchant.card.slug, merchant.card.number, f"{len(merchant.customers):,}", merchant.api_key)
    console.print(table)
