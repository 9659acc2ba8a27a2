"""`flask reconcile`: our books against the providers', now. Settles what a lost event explains, prints and stores every
difference, and mails merchants about theirs."""

import sys
from datetime import timedelta

import click
from flask.cli import with_appcontext

from payments import reconciliation
from payments.reconciliation import Outcome
from web import books
from web.context import runtime


@click.command("reconcile")
@click.option("--days", type=click.IntRange(1, 730), default=reconciliation.WINDOW.days, show_default=True)
@with_appcontext
def command(days: int) -> None:
    """Compare payments with every provider. Fails where they still differ, or where a provider cannot be asked."""
    outcomes = books.compare(runtime(), runtime().clock.now() - timedelta(days=days))
    for outcome in outcomes:
        _tell(outcome)
    if any(outcome.open or outcome.run.finished_at is None for outcome in outcomes):
        sys.exit(1)


def _tell(outcome: Outcome) -> None:
    run = outcome.run
    if run.finished_at is None:
        click.echo(f"{run.provider}: could not be asked.", err=True)
    for one in outcome.differences:
        click.echo(
            f"{run.provider}: {one.kind.value} {one.reference} "
            f"(there {one.provider_reference or '-'}): ours {one.ours or '-'}, theirs {one.theirs or '-'}"
            f"{'. Healed.' if one.is_healed else ''}"
        )
    healed = len(outcome.differences) - len(outcome.open)
    more = f", {healed} healed" if healed else ""
    click.echo(f"{run.provider}: {run.compared} payments compared, {len(outcome.open)} differences{more}.")
