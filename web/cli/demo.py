"""`flask demo`: the whole product in one process, on a fresh SQLite file, with made-up people. Needs no settings, and
refuses to start beside live credentials or over another demo."""

import fcntl
import json
import os
import secrets
import socket
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import click
import sqlalchemy as sa
from rich.console import Console

from models import migrations
from models.clock import SystemClock
from models.database import Database
from models.gateway import StartPayment
from models.merchant import Merchant
from models.payment import Payment, PaymentStatus
from models.signing import Signer
from models.walls import ALL_MERCHANTS
from payments.gateways.bank import Bank, Status
from web import engine
from web.assembly import assemble
from web.config import Settings, SettingsError, load
from web.seeding import SeededMember, SeededMerchant, Size, enrol, sow
from web.seeding.mailing import mail_invoices

ROOT = Path(__file__).parents[2]
THREADS = 32
"""A text sent in the simulator waits for its own webhook, and the carrier and the bank call back: room for them all."""
BACKLOG = 128


@click.command("demo")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--var", default=ROOT / "var", type=click.Path(path_type=Path), help="Where the demo keeps its files.")
def command(port: int, var: Path) -> None:
    """Run the whole product on this machine, with made-up customers. No account, no settings."""
    main(port, var)


def main(port: int, var: Path = ROOT / "var") -> None:
    """Becomes the web server, and so does not return. Raises ClickException for what keeps it from starting."""
    var = var.resolve()
    (var / "demo").mkdir(parents=True, exist_ok=True)
    lock = _be_the_only_one(var)
    listener = _listen(port)
    os.environ.update(_environment(port, var))
    try:
        settings = load()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    _remove_leftovers(var)
    seeded, members = _fill(settings)
    mail_invoices(assemble(settings))
    _write_manifest(var / "demo.json", settings.base_url, seeded, members)
    listener.listen(BACKLOG)
    _greet(settings.base_url, seeded[0], members[0], var)
    for kept in (lock, listener.fileno()):
        os.set_inheritable(kept, True)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *_server(listener.fileno(), var)])  # noqa: S606


def _be_the_only_one(var: Path) -> int:
    """Held until the server ends, however it ends: the lock passes to it with the file."""
    lock = os.open(var / "demo.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise click.ClickException(f"Another demo is running on {var}: stop it first.") from error
    return lock


def _listen(port: int) -> socket.socket:
    """Taken before anything is built, so that a port in use is told at once. It lets visitors wait from `listen` on,
    which comes after the manifest: whoever gets an answer finds it complete."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        raise click.ClickException(f"Port {port} is in use: try make demo PORT={port + 1}") from error
    return listener


def _environment(port: int, var: Path) -> dict[str, str]:
    return {
        "TILL_ENV": "demo",
        "TILL_BASE_URL": f"http://127.0.0.1:{port}",
        "TILL_SMS": "sandbox",
        "TILL_EMAIL": "sandbox",
        "TILL_PAYMENTS": "sandbox",
        "TILL_WORKER": "true",
        "TILL_VAR": str(var / "demo"),
        "DATABASE_URL": f"sqlite:///{var / 'demo.sqlite3'}",
        "SECRET_KEY": secrets.token_hex(32),
    }


def _remove_leftovers(var: Path) -> None:
    for pattern in ("demo.sqlite3*", "demo.json", "demo.log", "demo/*"):
        for leftover in var.glob(pattern):
            leftover.unlink()


def _fill(settings: Settings) -> tuple[list[SeededMerchant], list[SeededMember]]:
    database, clock = Database(settings.database_url), SystemClock()
    migrations.upgrade(database.engine)
    engine.migrate(database)
    seeded = sow(database, clock.now(), Size(), lambda _count: None)
    signer = Signer([key.get_secret_value() for key in settings.secret_keys])
    members = enrol(database, signer, clock.now(), seeded)
    bank = Bank(settings.var_dir / "bank.sqlite3", clock)
    _tell_bank(database, bank)
    # No connection may outlive this process: SQLite's locks do not pass through an exec.
    bank.database.dispose()
    database.dispose()
    return seeded, members


def _tell_bank(database: Database, bank: Bank) -> None:
    """All payments are known there, too: those under way settle when the clock moves, the others can be refunded, and
    both books agree."""
    everything: sa.Select[Payment, str] = sa.select(Payment, Merchant.name).join(
        Merchant, Merchant.id == Payment.merchant_id
    )
    past = []
    with database.write(ALL_MERCHANTS) as session:
        for payment, payee in session.execute(everything):
            if payment.status is not PaymentStatus.PROCESSING:
                ended = Status(payment.status.value)
                past.append(
                    (_at_bank(payment, payee, bank), ended, str(payment.provider_reference), payment.created_at)
                )
                continue
            opened = bank.open(_at_bank(payment, payee, bank))
            bank.confirm(opened.id, "checking", "first-harbor")
            payment.provider_reference = opened.id
    bank.remember(past)


def _at_bank(payment: Payment, payee: str, bank: Bank) -> StartPayment:
    return StartPayment(
        reference=payment.public_id,
        short_reference=payment.reference,
        payee=payee,
        amount=payment.amount,
        method=payment.method,
        description=payment.reference,
        return_url="",
        expires_at=bank.clock.now() + timedelta(minutes=30),
    )


def _write_manifest(
    path: Path, base_url: str, seeded: Sequence[SeededMerchant], members: Sequence[SeededMember]
) -> None:
    """What scripts and outside tests read; complete from the moment that it exists."""
    told = ("slug", "name", "number", "twilio_account_sid", "twilio_auth_token", "inbound_email", "email_secrets")
    manifest = {
        "base_url": base_url,
        "merchants": [{name: one.row[name] for name in told} | {"api_key": one.api_key} for one in seeded],
        "customers": [
            {"name": card.name, "emails": card.emails, "phones": card.phones, "merchant": one.card.slug}
            for one in seeded
            for card in one.customers
        ],
        "members": [asdict(member) for member in members],
    }
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
    unfinished.replace(path)


def _greet(base_url: str, first: SeededMerchant, owner: SeededMember, var: Path) -> None:
    console, you = Console(highlight=False, soft_wrap=True), first.customers[0]
    console.print(f"\n[bold]Till is running.[/] Open [bold]{base_url}/simulator[/]\n")
    console.print(f"You are {you.name}. Text [bold]hi, what do I owe?[/] and then your email, {you.emails[0]},")
    console.print("then the code from the mailbox, then [bold]ALL[/]. Open the link and pay.\n")
    console.print(f"  Web portal     {base_url}/m/{first.card.slug}")
    console.print(f"  Console        {base_url}/console, as {owner.email}; its codes: {base_url}/simulator/members")
    console.print("  In a terminal  .venv/bin/flask --app wsgi chat")
    console.print(f"  Keys and log   {_near(var / 'demo.json')}, {_near(var / 'demo.log')}")
    console.print("\nNothing real is sent and no money moves. Ctrl-C stops it.\n", style="dim")


def _near(path: Path) -> str:
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _server(listener: int, var: Path) -> list[str]:
    options = {
        "--config": str(ROOT / "gunicorn.conf.py"),
        "--bind": f"fd://{listener}",
        "--workers": "1",
        "--threads": str(THREADS),
        "--chdir": str(ROOT),
        "--error-logfile": str(var / "demo.log"),
        "--graceful-timeout": "5",
        "--backlog": str(BACKLOG),
    }
    return ["--capture-output", *(word for option in options.items() for word in option)]
