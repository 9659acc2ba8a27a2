"""`flask ledger`: proofs about the books."""

import sys

import click
from flask.cli import AppGroup

from payments import audit
from web.context import runtime

group = AppGroup("ledger", help="The double-entry ledger.")


@group.command("verify")
def verify() -> None:
    """Prove that journals add up, balances follow from entries, and the database refuses to change an entry."""
    with runtime().read() as ctx:
        sums, faults = audit.sums(ctx.session), audit.verify(ctx.session)
        unguarded = audit.missing_guards(ctx.session)
    for one in sums:
        click.echo(f"{one.merchant}  {one.currency}  {one.account.value:<13} {one.minor:>16}")
    for fault in faults:
        click.echo(
            f"{fault.fault.value}: {fault.reference}, {fault.currency}: expected {fault.expected_minor}, "
            f"found {fault.found_minor}",
            err=True,
        )
    for table in unguarded:
        click.echo(f"unguarded: {table} can be changed in place", err=True)
    if faults or unguarded:
        sys.exit(1)
    click.echo(f"Proven: {len(sums)} sums, nothing drifted, every append-only table guarded.")
