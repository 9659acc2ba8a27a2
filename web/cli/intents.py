"""`flask intents`: how free text is understood."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click
from flask.cli import AppGroup
from rich.console import Console

from bot import evidence, learning, scoring
from bot.intents import understand
from models.clock import SystemClock

group = AppGroup("intents", help="How free text is understood.")


CORPUS = Path("tests/corpus/utterances.tsv")
HELD_OUT = Path("tests/corpus/held_out.tsv")
"""Never learned from: what it scores is what a stranger's words would."""
_file = click.Path(exists=True, path_type=Path)


@group.command("score")
@click.argument("corpora", type=_file, nargs=-1)
@click.option("--misses", is_flag=True, help="list every text that was read wrongly")
def score(corpora: tuple[Path, ...], *, misses: bool) -> None:
    """Accuracy per intent over corpora: lines of intent, state and text, apart by tabs."""
    for corpus in corpora or (CORPUS, HELD_OUT):
        scoring.print_score(corpus, console=Console(), misses=misses)


@group.command("learn")
@click.argument("corpora", type=_file, nargs=-1)
def learn(corpora: tuple[Path, ...]) -> None:
    """Weigh the words of the corpus anew and write bot/lexicon/weights.tsv. After every change to corpus or lexicon."""
    rows = [row for corpus in corpora or (CORPUS,) for row in scoring.rows_in(corpus)]
    intents, weights = learning.learn(rows)
    lines = evidence.written_lines(intents, weights)
    evidence.WEIGHTS.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    click.echo(f"{len(weights)} clues weighed from {len(rows)} texts")


@group.command("read")
@click.option("--state", default="idle", help="idle, asking_email, verifying, choosing or human")
def read(state: str) -> None:
    """Read texts from standard input, one a line, and print what each was taken for, as JSON lines."""
    today = SystemClock().now().date()
    for line in sys.stdin:
        heard = understand(line.rstrip("\n"), expecting=state, today=today)
        click.echo(json.dumps({"text": line.rstrip("\n"), **asdict(heard)}, default=str, ensure_ascii=False))
