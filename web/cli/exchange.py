"""`flask import` and `flask export`: customers and invoices as CSV files, for one merchant."""

import sys
from pathlib import Path
from typing import TextIO

import click
from flask import current_app
from flask.cli import with_appcontext
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bot.exchange import exporting, importing, planning, reading
from bot.exchange.planning import Plan
from bot.exchange.shapes import Kind
from models.errors import DomainError
from models.merchant import Mode
from web.cli.naming import merchant_named
from web.context import runtime

TOLD_TROUBLES = 30
MODES = click.Choice([mode.value for mode in Mode])


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--merchant", "slug", required=True, help="Whose: the merchant's slug.")
@click.option("--mode", default=Mode.LIVE.value, show_default=True, type=MODES)
@click.option("--dry-run", is_flag=True, help="Tell what would change, change nothing.")
@with_appcontext
def import_command(file: Path, slug: str, mode: str, dry_run: bool) -> None:
    """Take customers or invoices from a CSV file: ours, QuickBooks' or Stripe's. All of it, or nothing."""
    console = Console()
    try:
        table = reading.read(_content(file))
        planned = _take(slug, Mode(mode), table, console, f"flask import, {file.name}", dry_run=dry_run)
    except importing.Refused as refused:
        _tell(console, refused.plan, _said("problem", refused.code))
        sys.exit(1)
    except DomainError as error:
        raise click.ClickException(_said("problem", error.code)) from error
    _tell(console, planned, "A dry run: nothing was changed." if dry_run else "Imported.")
    sys.exit(1 if planned.troubles else 0)


@click.command("export")
@click.argument("kind", type=click.Choice([kind.value for kind in Kind]))
@click.option("--merchant", "slug", required=True, help="Whose: the merchant's slug.")
@click.option("--mode", default=Mode.LIVE.value, show_default=True, type=MODES)
@click.option("--out", default="-", type=click.File("w", encoding="utf-8"), help="Default: standard output.")
@with_appcontext
def export_command(kind: str, slug: str, mode: str, out: TextIO) -> None:
    """Write all customers or invoices as CSV, in the form that import takes."""
    with runtime().read() as ctx:
        merchant = merchant_named(ctx, slug)
    out.writelines(exporting.lines(runtime().of(merchant.id), merchant, Mode(mode), Kind(kind)))


def _said(macro: str, code: str) -> str:
    """In the console's words."""
    words = current_app.jinja_env.get_template("web/console/file_words.html").module
    return str(getattr(words, macro)(code).unescape())


def _content(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(reading.MOST_BYTES + 1)


def _take(slug: str, mode: Mode, table: reading.Table, console: Console, given_by: str, *, dry_run: bool) -> Plan:
    with runtime().read() as ctx:
        usual = planning.usual(ctx, merchant_named(ctx, slug))
    with Progress(console=console) as bar:
        reads = bar.add_task("Reading", total=len(table.lines))
        parsed = planning.parse(table, usual, lambda n: bar.advance(reads, n))
        if dry_run:
            with runtime().read() as ctx:
                return planning.plan(ctx, merchant_named(ctx, slug), mode, parsed)
        writes = bar.add_task("Writing", total=len(parsed.lines))
        with runtime().write() as ctx:
            planned = importing.run(
                ctx, merchant_named(ctx, slug), mode, parsed, lambda n: bar.advance(writes, n), given_by
            )
        bar.update(writes, completed=len(parsed.lines))
    return planned


def _tell(console: Console, planned: Plan, verdict: str) -> None:
    if planned.troubles:
        table = Table("Line", "Column", "What is wrong")
        for trouble in planned.troubles[:TOLD_TROUBLES]:
            table.add_row(str(trouble.line), trouble.column, _said("trouble", trouble.code))
        console.print(table)
        if len(planned.troubles) > TOLD_TROUBLES:
            console.print(f"... and {len(planned.troubles) - TOLD_TROUBLES:,} more")
    counts = Table(f"{planned.shape.name} {planned.shape.kind.value}", "")
    changed = len(planned.customers) - planned.new_customers
    for name, count in (
        *(("New customers", planned.new_customers), ("Changed customers", changed)),
        *(("New invoices", len(planned.new_invoices)), ("Changed invoices", len(planned.changed_invoices))),
        *(("Consents recorded", len(planned.consents)), ("Unchanged", planned.unchanged)),
        *(("Not owed any more", planned.not_owed), ("Lines in trouble", len(planned.troubles))),
    ):
        counts.add_row(name, f"{count:,}")
    console.print(counts)
    console.print(verdict)
