"""`flask jobs`: what failed, and what to do about it. Failed messages, and texts that nobody could answer, are listed
beside the failed jobs."""

from datetime import datetime

import click
import sqlalchemy as sa
from flask.cli import AppGroup
from rich.console import Console
from rich.table import Table

from bot import messenger, put_off, receipts
from models.context import Context
from models.merchant import Merchant
from models.message import Direction, Message, MessageStatus
from web.context import runtime

LISTED = 50
STUCK = (MessageStatus.FAILED, MessageStatus.UNKNOWN)

group = AppGroup("jobs", help="Failed jobs and messages: list, retry, discard.")


@group.command("list")
@click.option("--limit", default=LISTED, show_default=True, type=click.IntRange(1, 1_000))
def list_failed(limit: int) -> None:
    """What failed, the newest first. Messages by their id; no address and no text."""
    console = Console()
    jobs = Table("Job", "What", "Why", title="Failed jobs")
    for job in runtime().ports.jobs.failed(limit):
        jobs.add_row(job.job_id, job.name, job.error)
    messages = Table("Message", "Merchant", "Kind", "Channel", "Status", "Code", "At", title="Messages that did not go")
    texts = Table("Text", "Merchant", "Channel", "Came in", "Tries", title="Texts that nobody could answer")
    with runtime().read() as ctx:
        for text in put_off.put_aside(ctx, limit):
            slug = ctx.session.get_one(Merchant, text.merchant_id).slug
            texts.add_row(text.provider_reference, slug, text.channel.value, _short(text.received_at), str(text.tries))
        for message, slug in _stuck(ctx, limit):
            words = (message.kind, message.channel.value, message.status.value, message.error_code or "")
            messages.add_row(message.public_id, slug, *words, _short(message.finished_at or message.created_at))
        waiting = put_off.waiting(ctx)
    for table in (jobs, messages, texts):
        console.print(table if table.row_count else f"{table.title}: none")
    console.print(f"Texts that wait for their turn: {waiting}")


@group.command("doubt")
def doubt() -> None:
    """After a restore, before the worker starts: ask about each waiting message before it is sent."""
    with runtime().write() as ctx:
        count = messenger.doubt(ctx)
    click.echo(f"{count} messages will be asked about before they are sent.")


@group.command("retry")
@click.argument("identifier")
def retry(identifier: str) -> None:
    """Run a failed job again, take up a text that was put aside, or send a failed message once more (as a new one)."""
    again = _send_again(identifier) or _answer_again(identifier)
    if again is None:
        _known_job(identifier)
        again = runtime().ports.jobs.retry(identifier)
    click.echo(f"Tried again as {again}.")


@group.command("discard")
@click.argument("identifier")
def discard(identifier: str) -> None:
    """Take a failed job, text or message off the list. It is not run, answered or sent again."""
    if not _put_aside(identifier) and not _is_discarded(identifier):
        _known_job(identifier)
        runtime().ports.jobs.discard(identifier)
    click.echo("Discarded.")


def _stuck(ctx: Context, limit: int) -> list[tuple[Message, str]]:
    both: sa.Select[Message, str] = sa.select(Message, Merchant.slug).join(Merchant, Merchant.id == Message.merchant_id)
    failed = both.where(Message.direction == Direction.OUT, Message.status.in_(STUCK), ~receipts.is_put_aside())
    rows = ctx.session.execute(failed.order_by(Message.id.desc()).limit(limit))
    return [(message, slug) for message, slug in rows]


def _send_again(public_id: str) -> str | None:
    """None: no message of ours is called that. The old one keeps its report."""
    with runtime().write() as ctx:
        found = ctx.session.scalars(sa.select(Message).where(Message.public_id == public_id)).one_or_none()
        if found is None:
            return None
        ctx.turn_to(found.merchant_id)
        if found.direction is not Direction.OUT or found.status is not MessageStatus.FAILED:
            raise click.ClickException(f"This message is {found.status.value}: only failed ones are sent again.")
        if found.removed_at is not None:
            raise click.ClickException("Its words are removed: there is nothing to send again.")
        return receipts.send_again(ctx, found).public_id


def _answer_again(reference: str) -> str | None:
    with runtime().write() as ctx:
        return reference if put_off.take_up_again(ctx, reference) else None


def _is_discarded(reference: str) -> bool:
    with runtime().write() as ctx:
        return put_off.discard(ctx, reference)


def _put_aside(public_id: str) -> bool:
    """False: no message of ours is called that."""
    with runtime().write() as ctx:
        found = ctx.session.scalars(sa.select(Message).where(Message.public_id == public_id)).one_or_none()
        if found is None:
            return False
        ctx.turn_to(found.merchant_id)
        if found.direction is not Direction.OUT or found.status not in STUCK:
            raise click.ClickException(f"This message is {found.status.value}: only what did not go is put aside.")
        found.error_code = receipts.DISCARDED
        return True


def _known_job(job_id: str) -> None:
    if not any(job.job_id == job_id for job in runtime().ports.jobs.failed(10_000)):
        raise click.ClickException(f"Nothing failed is called {job_id}: see `flask jobs list`.")


def _short(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
