"""`flask import` and `flask export`: customers and invoices as CSV files, for one merchant."""

import sys
from pathlib import Path
from typing import TextIO

import click
import sqlalchemy as sa
from flask.cli import with_appcontext
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bot.exchange import exporting, importing, planning, reading
from bot.exchange.planning import Plan
from bot.exchange.shapes import Kind
from models.context import Context
from models.errors import DomainError
from models.merchant import Merchant, Mode
from web.context import runtime

TOLD_TROUBLES = 30
MODES = click.Choice([mode.value for mode in Mode])
WORDS = {
    "file_too_large": f"The file is larger than {reading.MOST_BYTES // 2**20} MB.",
    "file_empty": "The file has no header.",
    "file_not_csv": "This is no CSV file, or a quote in it never closes.",
    "file_encoding": "The file's text is in none of UTF-8, UTF-16 and Windows-1252.",
    "file_too_many_rows": f"More than {reading.MOST_ROWS:,} lines: split the file.",
    "file_too_many_columns": f"More than {reading.MOST_COLUMNS} columns.",
    "file_field_too_long": "A field is longer than 32 kB.",
    "file_header_repeats": "Two columns have the same name.",
    "file_unknown_columns": "These columns are those of no file we know: see the README, Import.",
    "file_has_errors": "Nothing was imported: mend these lines first.",
    "too_many_cells": "more cells than the header has",
    "missing": "is missing",
    "too_long": "is too long",
    "no_email": "is no email address",
    "no_phone": "is no phone number",
    "no_amount": "is no amount",
    "no_date": "is no date",
    "no_yes_or_no": "is neither yes nor no",
    "unknown_language": "is neither en nor es",
    "unknown_currency": "is no currency",
    "due_before_issue": "is before the day of issue",
    "repeated": "is in the file twice",
    "several_customers": "fits several customers on file: give their reference",
    "other_currency": "is not that of the invoice on file",
    "below_paid": "is no more than what has been paid",
}


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
        planned = _take(slug, Mode(mode), table, console, dry_run=dry_run)
    except importing.Refused as refused:
        _tell(console, refused.plan, WORDS[refused.code])
        sys.exit(1)
    except DomainError as error:
        raise click.ClickException(WORDS.get(error.code, error.code)) from error
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
        out.writelines(exporting.lines(ctx, _merchant(ctx, slug), Mode(mode), Kind(kind)))


def _content(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(reading.MOST_BYTES + 1)


def _merchant(ctx: Context, slug: str) -> Merchant:
    found = ctx.session.scalars(sa.select(Merchant).where(Merchant.slug == slug)).one_or_none()
    if found is None:
        raise click.ClickException(f"There is no merchant {slug!r}.")
    return found


def _take(slug: str, mode: Mode, table: reading.Table, console: Console, *, dry_run: bool) -> Plan:
    with runtime().read() as ctx:
        usual = planning.usual(ctx, _merchant(ctx, slug))
    with Progress(console=console) as bar:
        reads = bar.add_task("Reading", total=len(table.lines))
        parsed = planning.parse(table, usual, lambda n: bar.advance(reads, n))
        if dry_run:
            with runtime().read() as ctx:
                return planning.plan(ctx, _merchant(ctx, slug), mode, parsed)
        writes = bar.add_task("Writing", total=len(parsed.lines))
        with runtime().write() as ctx:
            planned = importing.run(ctx, _merchant(ctx, slug), mode, parsed, lambda n: bar.advance(writes, n))
        bar.update(writes, completed=len(parsed.lines))
    return planned


def _tell(console: Console, planned: Plan, verdict: str) -> None:
    if planned.troubles:
        table = Table("Line", "Column", "What is wrong")
        for trouble in planned.troubles[:TOLD_TROUBLES]:
            table.add_row(str(trouble.line), trouble.column, WORDS.get(trouble.code, trouble.code))
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
