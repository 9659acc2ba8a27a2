"""The command line: `flask --app wsgi …`. One file per group; commands that make their own world need no settings."""

from collections.abc import Sequence

import click
from flask import Flask

from web.cli import (
    cadence,
    chat,
    database,
    demo,
    doctor,
    exchange,
    intents,
    jobs,
    ledger,
    listen,
    merchants,
    reconcile,
    reminders,
    seed,
    templates,
    trigger,
    worker,
)

COMMANDS: tuple[click.Command, ...] = (
    chat.command,
    database.group,
    demo.command,
    doctor.command,
    exchange.import_command,
    exchange.export_command,
    intents.group,
    jobs.group,
    ledger.group,
    listen.command,
    merchants.group,
    reconcile.command,
    reminders.group,
    seed.command,
    cadence.staff,
    templates.group,
    trigger.command,
    worker.command,
)
STANDALONE = frozenset({("db", "check"), ("intents",), ("demo",), ("chat",), ("doctor",), ("listen",), ("trigger",)})
"""What a newcomer runs before any setting exists."""


def install(app: Flask) -> None:
    for command in COMMANDS:
        app.cli.add_command(command)


def is_standalone(arguments: Sequence[str]) -> bool:
    """True for a `flask` command line that asks for one of STANDALONE."""
    words = tuple(word for word in arguments[1:] if not word.startswith("-") and word != "wsgi")
    return not words or "--help" in arguments or any(words[: len(command)] == command for command in STANDALONE)


def bare_app() -> Flask:
    """Commands only: no settings, no database, no routes."""
    app = Flask("till", static_folder=None)
    install(app)
    return app
