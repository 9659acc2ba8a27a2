"""`flask doctor`: what is missing for real use. Runs also where Till itself refuses to start."""

import sys

import click
from rich.console import Console
from rich.table import Table

from web import checkup
from web.config import SettingsError, load
from web.findings import Finding, State

MARKS = {State.GOOD: "[green]ok[/]", State.MISSING: "[red]missing[/]", State.ADVICE: "[yellow]look[/]"}


@click.command("doctor")
def command() -> None:
    """Look at everything that real use needs, and say what is missing. Changes nothing."""
    console = Console()
    try:
        findings = list(checkup.look(load()))
    except SettingsError as error:
        findings = [Finding("Settings", State.MISSING, line) for line in str(error).splitlines()]
    table = Table("", "What", "How it is")
    for finding in findings:
        table.add_row(MARKS[finding.state], finding.name, finding.words)
    console.print(table)
    missing = sum(finding.state is State.MISSING for finding in findings)
    console.print(f"{missing} missing." if missing else "Ready.")
    sys.exit(1 if missing else 0)
