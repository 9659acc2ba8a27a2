"""`flask intents`: how free text is understood."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click
from flask.cli import AppGroup
from rich.console import Console

from bot import scoring
from bot.intents import understand
from models.clock import SystemClock

group = AppGroup("intents", help="How free text is understood.")


@group.command("score")
@click.argument("corpus", type=click.Path(exists=True, path_type=Path), default=Path("tests/corpus/utterances.tsv"))
def score(corpus: Path) -> None:
    """Accuracy per intent over a corpus: lines of intent, state and text, apart by tabs."""
    scoring.print_score(corpus, console=Console())


@group.command("read")
@click.option("--state", default="idle", help="idle, asking_email, verifying, choosing or human")
def read(state: str) -> None:
    """Read texts from standard input, one a line, and print what each was taken for, as JSON lines."""
    today = SystemClock().now().date()
    for line in sys.stdin:
        heard = understand(line.rstrip("\n"), expecting=state, today=today)
        click.echo(json.dumps({"text": line.rstrip("\n"), **asdict(heard)}, default=str, ensure_ascii=False))
