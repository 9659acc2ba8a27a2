"""`flask merchants`: whom Till works for. The first steps of real use, and what only the operator may set."""

import click
import sqlalchemy as sa
from flask.cli import AppGroup
from rich.console import Console
from rich.table import Table

from models.audit import AuditEntry
from models.context import Context
from models.errors import DomainError
from models.member import Role
from models.merchant import (
    RETENTION_LEAST,
    RETENTION_MOST,
    ApiKey,
    Merchant,
    MerchantStatus,
    Mode,
    Scope,
)
from web import attesting, connecting, founding, typed
from web.cli import asking
from web.cli.naming import merchant_named
from web.context import runtime
from web.founding import NAME_CHARS

group = AppGroup("merchants", help="Whom Till works for: add, connect, invite their people, make keys.")
WORDS = {
    "slug_malformed": "A slug has small letters, digits and single hyphens, at most 64.",
    "slug_taken": "A merchant has this slug already.",
    "timezone_unknown": "No such time zone: name one like America/Los_Angeles.",
    "currency_unknown": "No such currency: name one like USD.",
    "country_unknown": "No such country: name one like US.",
    "member_known": "Somebody has this email already.",
    "email_malformed": "That is no email address.",
    "phone_malformed": "That is no phone number.",
    "no_door": "There is no such door.",
}
ACTOR = "operator"


@group.command("list")
def list_all() -> None:
    """All merchants: no secret, no customer."""
    table = Table("Slug", "Name", "Status", "Number", "Currency", "Members", "Own invoices")
    with runtime().read() as ctx:
        for merchant in ctx.session.scalars(sa.select(Merchant).order_by(Merchant.slug)):
            sender = merchant.number or merchant.messaging_service_sid or ""
            members = str(founding.count_members(ctx, merchant))
            attested = f"{merchant.attested_at:%Y-%m-%d}" if merchant.attested_at else "not attested"
            words = (merchant.name, merchant.status.value, sender, merchant.currency, members, attested)
            table.add_row(merchant.slug, *words)
    Console().print(table if table.row_count else "No merchant yet: flask --app wsgi merchants add")


@group.command("add")
@click.argument("slug")
@click.option("--name", required=True, help="Begins every text.")
@click.option("--legal-name", help="Stands below emails and receipts. [default: the name]")
@click.option("--email", required=True, help="Where Till tells the merchant what it should know.")
@click.option("--phone", required=True, help="For customers' questions.")
@click.option("--address", required=True, help="The postal address below emails.")
@click.option("--hours", default="Mon-Fri 9-5", show_default=True, help="When the phone is answered.")
@click.option("--country", default="US", show_default=True)
@click.option("--timezone", required=True, help="Like America/Los_Angeles.")
@click.option("--currency", default="USD", show_default=True)
@click.option("--locale", default="en", show_default=True, type=click.Choice(["en", "es"]))
@click.option("--owner", required=True, help="Email of its first member: signs in at /console.")
@click.option("--owner-name", help="[default: the email's first part]")
@click.option("--attested-by", metavar="NAME", help="Who has told you what `merchants attest` shows, for the business.")
def add(owner: str, owner_name: str | None, attested_by: str | None, **told: str) -> None:
    """A merchant and its owner, who then sets up the rest in the console."""
    with runtime().write() as ctx:
        try:
            merchant = founding.found(ctx, **told)
            ctx.turn_to(merchant.id)
            founding.add_member(ctx, merchant.id, owner_name or owner.partition("@")[0], owner, Role.OWNER)
        except DomainError as error:
            raise _in_words(error) from error
        _record(ctx, merchant, "merchant.added", {"slug": merchant.slug, "owner": owner})
        if attested_by:
            _attest(ctx, merchant, attested_by)
        base_url = ctx.site.base_url
    click.echo(f"{told['slug']} is there. {owner} signs in at {base_url}/console and sets up an authenticator.")
    click.echo(f"Its portal: {base_url}/m/{told['slug']}")
    if not attested_by:
        click.echo("No reminder goes by text until an owner confirms in the console that its invoices are its own.")


@group.command("show")
@click.argument("slug")
def show(slug: str) -> None:
    """How a merchant is reached. Secrets only as "kept"."""
    table = Table("What", "Value")
    with runtime().read() as ctx:
        for name, value in connecting.told(merchant_named(ctx, slug)).items():
            table.add_row(name, value)
    Console().print(table)


@group.command("connect")
@click.argument("slug")
@click.argument("name", type=click.Choice(sorted(connecting.READERS)))
@click.argument("value", required=False)
@click.option("--remove", is_flag=True, help="Take it away.")
@click.option("--with-token", is_flag=True, help="twilio_account_sid: ask for its token, too.")
def connect(slug: str, name: str, value: str | None, remove: bool, with_token: bool) -> None:
    """Set one value. A secret is asked for, or read from a pipe: command lines are seen by others."""
    if remove:
        typed: dict[str, str | None] = {name: None}
    elif name in connecting.HIDDEN:
        if value is not None:
            raise click.UsageError(f"{name} is a secret: leave it out, it is asked for.")
        typed = {name: asking.secret(name)}
    elif value is None:
        raise click.UsageError(f"{name} needs a value.")
    else:
        typed = {name: value}
    if with_token:
        typed["twilio_auth_token"] = None if remove else asking.secret("twilio_auth_token")
    with runtime().read() as everybody, runtime().write() as ctx:
        merchant = merchant_named(ctx, slug, lock=True)
        problems = connecting.change(everybody, merchant, typed, of_its_own=False)
        if problems:
            raise click.ClickException(
                "; ".join(f"{field}: {code.replace('_', ' ')}" for field, code in problems.items())
            )
        _record(ctx, merchant, "settings.channels_changed", {one: "new" if typed[one] else "removed" for one in typed})
    click.echo("Saved. Running processes know it within seconds.")


@group.command("door")
@click.argument("slug")
@click.argument("vendor", type=click.Choice(sorted(connecting.DRAWN)))
def door(slug: str, vendor: str) -> None:
    """A new address for a provider of mail, with its secret. It is shown this one time."""
    with runtime().write() as ctx:
        merchant = merchant_named(ctx, slug, lock=True)
        secret = connecting.draw(merchant, vendor)
        _record(ctx, merchant, "settings.channels_changed", {connecting.DRAWN[vendor]: "new"})
        click.echo(connecting.door_url(ctx.site.base_url, merchant, vendor, secret))
    if vendor == "mime":
        click.echo(f"X-Webhook-Secret: {secret}")


@group.command("invite")
@click.argument("slug")
@click.argument("email")
@click.option("--name", required=True)
@click.option("--role", default=Role.VIEWER.value, show_default=True, type=click.Choice([role.value for role in Role]))
def invite(slug: str, email: str, name: str, role: str) -> None:
    """One more person who may sign in at /console."""
    with runtime().write() as ctx:
        merchant = merchant_named(ctx, slug)
        try:
            member = founding.add_member(ctx, merchant.id, name, email, Role(role))
        except DomainError as error:
            raise _in_words(error) from error
        _record(ctx, merchant, "member.added", {"email": member.email, "role": role})
    click.echo(f"{email} may sign in.")


@group.command("key")
@click.argument("slug")
@click.option("--label", required=True, help="Which program it is for.")
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice([scope.value for scope in Scope]))
@click.option("--mode", default=Mode.LIVE.value, show_default=True, type=click.Choice([mode.value for mode in Mode]))
def key(slug: str, label: str, scopes: tuple[str, ...], mode: str) -> None:
    """A key for /api/v1. It is shown this one time; only its fingerprint is kept."""
    with runtime().write() as ctx:
        merchant = merchant_named(ctx, slug)
        issued, text = ApiKey.issue(merchant.id, Mode(mode), label, ctx.clock.now(), [Scope(scope) for scope in scopes])
        ctx.session.add(issued)
        _record(ctx, merchant, "key.made", {"prefix": issued.prefix, "mode": mode, "may": ", ".join(scopes)})
    click.echo(text)


@group.command("attest")
@click.argument("slug")
@click.option("--by", metavar="NAME", help="Who has told you so, for the business.")
@click.option("--withdraw", is_flag=True, help="It is not so, or no longer: no reminder goes by text any more.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def attest(slug: str, by: str | None, withdraw: bool, yes: bool) -> None:
    """Note who answers for it that a merchant's invoices are its own. Its owner can do it in the console."""
    if bool(by) is withdraw:
        raise click.UsageError("Name who told you so with --by, or --withdraw.")
    if by:
        click.echo("\n".join(attesting.words()))
        if not yes:
            click.confirm(f"Has {by} told you this for {slug}?", abort=True)
    with runtime().write() as ctx:
        merchant = merchant_named(ctx, slug, lock=True)
        if by:
            _attest(ctx, merchant, by)
        else:
            merchant.withdraw_attestation()
            _record(ctx, merchant, "merchant.attestation_withdrawn", {"for": merchant.legal_name})
    click.echo("Noted.")


def _attest(ctx: Context, merchant: Merchant, by: str) -> None:
    merchant.attest(typed.line(by, NAME_CHARS), ctx.clock.now())
    _record(ctx, merchant, "merchant.attested", attesting.facts(merchant))


@group.command("retention")
@click.argument("slug")
@click.argument("months", required=False, type=click.IntRange(RETENTION_LEAST, RETENTION_MOST))
def retention(slug: str, months: int | None) -> None:
    """Show how many months what people wrote is kept, or change it."""
    with runtime().write() as ctx:
        merchant = merchant_named(ctx, slug, lock=True)
        if months is not None:
            merchant.retention_months = months
            _record(ctx, merchant, "settings.retention_changed", {"months": str(months)})
        click.echo(f"{merchant.retention_months} months")


@group.command("suspend")
@click.argument("slug")
def suspend(slug: str) -> None:
    """Nothing of it is served or sent any more. Nothing is deleted."""
    _move(slug, MerchantStatus.SUSPENDED)


@group.command("activate")
@click.argument("slug")
def activate(slug: str) -> None:
    """Undo a suspension."""
    _move(slug, MerchantStatus.ACTIVE)


def _move(slug: str, status: MerchantStatus) -> None:
    with runtime().write() as ctx:
        merchant = merchant_named(ctx, slug, lock=True)
        merchant.status = status
        _record(ctx, merchant, f"merchant.{status.value}", {"status": status.value})
    click.echo(f"{slug} is {status.value}.")


def _record(ctx: Context, merchant: Merchant, action: str, after: dict[str, str]) -> None:
    ctx.session.add(
        AuditEntry(
            merchant_id=merchant.id,
            actor=ACTOR,
            action=action,
            subject="merchant",
            subject_id=merchant.public_id,
            label=merchant.name,
            after=after,
            network="",
            created_at=ctx.clock.now(),
        )
    )


def _in_words(error: DomainError) -> click.ClickException:
    return click.ClickException(WORDS.get(error.code, error.code.replace("_", " ")))
