"""Secrets on the command line: typed without an echo or piped in, never an argument. `ps` and histories show those."""

import sys

import click


def secret(name: str) -> str:
    if sys.stdin.isatty():
        return str(click.prompt(name, hide_input=True))
    return sys.stdin.readline().strip()
