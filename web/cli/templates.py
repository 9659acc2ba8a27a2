"""`flask templates`: a merchant's own words for its texts and emails, in a terminal."""

import click
from flask.cli import AppGroup
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.own_words import book as books
from bot.own_words import catalogue, judging, keeping, measuring, telling, tills
from bot.own_words.catalogue import Part, Template
from bot.own_words.measuring import Examined
from models.merchant import Merchant
from web.cli.naming import merchant_named
from web.cli.reminders import in_words
from web.context import runtime

BY = "command line"
NAMES = click.Choice(list(catalogue.TEMPLATES))
LANGUAGES = click.Choice(catalogue.LANGUAGES)

group = AppGroup("templates", help="Word the texts and emails that go out in a merchant's name.")


@group.command("list")
@click.argument("slug")
def list_(slug: str) -> None:
    """What may be worded, and whose words are in use."""
    table = Table("Template", "Language", "Words", "Changed", "By")
    with runtime().read() as ctx:
        known = keeping.newest(ctx, merchant_named(ctx, slug).id)
    for name in catalogue.TEMPLATES:
        for language in catalogue.LANGUAGES:
            one = known.get((name, language))
            whose = "own" if one is not None and one.words else "Till's"
            changed = (f"{one.created_at:%Y-%m-%d %H:%M} UTC", one.written_by) if one is not None else ("", "")
            table.add_row(name, language, whose, changed[0], escape(changed[1]))
    Console().print(table)


@group.command("show")
@click.argument("slug")
@click.argument("name", type=NAMES)
@click.argument("language", type=LANGUAGES)
def show(slug: str, name: str, language: str) -> None:
    """The words in use, how they read, and every version before them."""
    console, template = Console(), catalogue.find(name)
    with runtime().read() as ctx:
        merchant = merchant_named(ctx, slug)
        book = books.load(ctx, merchant.id, name)
        versions = keeping.history(ctx, merchant.id, name, language)
    own = {part: book.of(name, language, part) for part in template.parts}
    words = {part: own[part] or usual for part, usual in tills.words(name, language).items()}
    for part, said in words.items():
        console.print(f"[bold]{part.value}[/bold] ({'own' if own[part] else 'Till'}): {escape(said)}", soft_wrap=True)
    console.print(f"Placeholders: {', '.join(f'{{{one}}}' for one in template.placeholders)}")
    _tell(console, measuring.examine(runtime().site.base_url, merchant, template, language, words))
    for one in versions:
        said = " / ".join(map(str, one.words.values())) or "Till's words"
        console.print(f"{one.version}. {one.created_at:%Y-%m-%d %H:%M} UTC, {escape(one.written_by)}: {escape(said)}")


@group.command("set")
@click.argument("slug")
@click.argument("name", type=NAMES)
@click.argument("language", type=LANGUAGES)
@click.option("--text", help="All of a text.")
@click.option("--subject", help="Of an email.")
@click.option("--opening", help="An email's first paragraph.")
def set_(slug: str, name: str, language: str, text: str | None, subject: str | None, opening: str | None) -> None:
    """Word it. Counts for whatever has not left yet."""
    template, words = catalogue.find(name), _words(text, subject, opening)
    with runtime().write() as ctx:
        try:
            kept = keeping.save(ctx, merchant_named(ctx, slug), template, language, words, by=BY)
        except keeping.Refused as refused:
            raise click.ClickException("\n".join(map(telling.told, refused.faults))) from refused
    click.echo(f"Kept as version {kept.version}.")


@group.command("reset")
@click.argument("slug")
@click.argument("name", type=NAMES)
@click.argument("language", type=LANGUAGES)
def reset(slug: str, name: str, language: str) -> None:
    """Back to Till's words."""
    with runtime().write() as ctx, in_words():
        kept = keeping.reset(ctx, merchant_named(ctx, slug), catalogue.find(name), language, by=BY)
    click.echo("Till's words are back." if kept is not None else "Till's words were in use.")


@group.command("check")
@click.argument("slug")
@click.argument("name", type=NAMES)
@click.argument("language", type=LANGUAGES)
@click.option("--text", help="All of a text.")
@click.option("--subject", help="Of an email.")
@click.option("--opening", help="An email's first paragraph.")
@click.pass_context
def check(
    command: click.Context,
    slug: str,
    name: str,
    language: str,
    text: str | None,
    subject: str | None,
    opening: str | None,
) -> None:
    """How it would read and what it would cost. Keeps nothing; exits with 1 if it could not be kept."""
    with runtime().read() as ctx:
        merchant = merchant_named(ctx, slug)
    found = _examined(merchant, catalogue.find(name), language, _words(text, subject, opening))
    _tell(Console(), found)
    command.exit(1 if found.faults else 0)


def _examined(merchant: Merchant, template: Template, language: str, words: dict[Part, str]) -> Examined:
    return measuring.examine(runtime().site.base_url, merchant, template, language, words)


def _words(text: str | None, subject: str | None, opening: str | None) -> dict[Part, str]:
    typed = {Part.TEXT: text, Part.SUBJECT: subject, Part.OPENING: opening}
    return {part: judging.tidied(said) for part, said in typed.items() if said is not None}


def _tell(console: Console, found: Examined) -> None:
    for fault in found.faults:
        console.print(f"[red]{escape(telling.told(fault))}[/red]", soft_wrap=True)
    for warning in found.warnings:
        console.print(f"[yellow]{escape(telling.told(warning))}[/yellow]", soft_wrap=True)
    for one in found.foreign:
        console.print(f"{escape(one.character)} is not in GSM-7; plain: {escape(one.plain) or 'nothing'}")
    for shown in found.shown:
        size = f" ({shown.size.count} segments, {shown.size.encoding.value}, {shown.size.units})" if shown.size else ""
        said = shown.text or f"{shown.subject} / {shown.opening}"
        console.print(f"{shown.who}{size}: {escape(said)}", soft_wrap=True)
