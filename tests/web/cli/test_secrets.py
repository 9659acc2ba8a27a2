"""No command takes a secret as an argument: whoever may list processes, or reads a history, would have it."""

import re
from collections.abc import Iterator

import click
from werkzeug.utils import import_string

from web.cli import COMMANDS, bare_app

NAMES = re.compile(r"secret|token|passw|api_key|^key$")
NO_SECRETS = {"reminders send key"}
"""What makes a second press the same press."""


def options(command: click.Command, path: str) -> Iterator[str]:
    for name, child in getattr(command, "commands", {}).items():
        yield from options(child, f"{path} {name}")
    for option in command.params:
        if isinstance(option, click.Option) and not option.is_flag and not option.prompt:
            yield f"{path} {option.name}"


def test_no_command_takes_one_as_an_argument() -> None:
    found = {one for name, place in COMMANDS.items() for one in options(import_string(f"web.cli.{place}"), name)}
    assert "merchants add attested_by" in found
    assert {one for one in found if NAMES.search(one.rpartition(" ")[2])} == NO_SECRETS


def test_it_asks_for_the_key_of_another_till() -> None:
    words = ["listen", "--base-url", "http://127.0.0.1:9", "--seconds", "0"]
    run = bare_app().test_cli_runner().invoke(args=words, input="till_live_x\n")
    assert "does not answer there, or does not take the key" in run.output
