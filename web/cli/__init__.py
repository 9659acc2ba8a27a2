"""The command line: `flask --app wsgi …`. One file per group, loaded when asked for: what serves needs none of them.
Commands that make their own world need no settings."""

from collections.abc import Sequence
from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup
from werkzeug.utils import import_string

COMMANDS: dict[str, str] = {
    "chat": "chat:command",
    "customers": "customers:group",
    "db": "database:group",
    "demo": "demo:command",
    "doctor": "doctor:command",
    "export": "exchange:export_command",
    "import": "exchange:import_command",
    "intents": "intents:group",
    "jobs": "jobs:group",
    "ledger": "ledger:group",
    "listen": "listen:command",
    "merchants": "merchants:group",
    "reconcile": "reconcile:command",
    "reminders": "cadence:reminders",
    "seed": "seed:command",
    "staff": "cadence:staff",
    "templates": "templates:group",
    "trigger": "trigger:command",
    "worker": "worker:command",
}
"""Each by its file here and its name in there."""
STANDALONE = frozenset({("db", "check"), ("intents",), ("demo",), ("chat",), ("doctor",), ("listen",), ("trigger",)})
"""What a newcomer runs before any setting exists."""


class Commands(AppGroup):
    def list_commands(self, _context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = import_string(f"{__name__}.{COMMANDS[name]}")
        return command


def install(app: Flask) -> None:
    app.cli = Commands(app.name)


def is_standalone(arguments: Sequence[str]) -> bool:
    """True for a `flask` command line that asks for one of STANDALONE. `gunicorn` alone has no words either."""
    program = Path(arguments[0])
    if program.stem != "flask" and program.parts[-2:] != ("flask", "__main__.py"):
        return False
    words = tuple(word for word in arguments[1:] if not word.startswith("-") and word != "wsgi")
    return not words or "--help" in arguments or any(words[: len(command)] == command for command in STANDALONE)


def bare_app() -> Flask:
    """Commands only: no settings, no database, no routes."""
    app = Flask("till", static_folder=None)
    install(app)
    return app
