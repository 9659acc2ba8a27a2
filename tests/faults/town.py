"""A merchant's town around processes that may die at any moment: its carrier, mail server and Stripe live here, in the
test's own process, and remember what they took; web and worker are real processes on the database under test."""

import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from bot import messenger
from bot.channels.sandbox import Outside
from bot.channels.sandbox_mail import MailServer
from models.clock import MovableClock, SystemClock
from models.context import Environment, Ports, Runtime, Site
from models.customer import Channel
from models.database import Database
from models.message import Message
from models.signing import Signer
from models.walls import ALL_MERCHANTS
from tests.faults.outside import NUMBER, Bank, Mailboxes, Memory
from tests.faults.pulse import Pulse
from tests.faults.quick import PACE
from tests.faults.warm import ROOT, Nursery
from tests.support.mail_and_texts import Mailer
from tests.support.postgres import free_port
from tests.support.stripe_server import KEY, SECRET, StripeServer, serving
from tests.support.wire import served
from tests.support.workers import eventually
from web.engine import DatabaseJobs

NOON = datetime(2026, 6, 19, 18, tzinfo=UTC)
"""A Friday, and daytime in all of the United States: nothing is held back for the night."""
HOST = "127.0.0.1"
START_WITHIN_S = 180.0
PATIENCE_S = 180.0
"""Only ends a test that fails: a machine may be busy."""


@dataclass
class Town:
    folder: Path
    database: Database
    clock: MovableClock
    outside: Outside
    pulse: Pulse
    carrier: Memory
    stripe: StripeServer
    nursery: Nursery
    port: int
    environment: Mapping[str, str]
    runtime: Runtime
    alive: dict[str, int] = field(default_factory=dict)
    """The process groups, by role."""

    @property
    def base_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    # --- processes ---------------------------------------------------------------------------------------------------
    def roles(self) -> tuple[str, ...]:
        return ("web",) if self.database.is_sqlite else ("web", "worker")

    def start(self, role: str, **environment: str) -> None:
        where = ("-b", f"{HOST}:{self.port}") if role == "web" else ()
        self.alive[role] = self.nursery.spawn(role, {**self.environment, **environment}, self.log, *where)

    def run(self, *words: str, log: Path) -> int:
        """`flask …`, in the background."""
        return self.nursery.spawn("command", self.environment, log, *words)

    def start_all(self) -> float:
        """What is not alive. Returns the seconds until Till serves."""
        began = time.monotonic()
        for role in self.roles():
            if role not in self.alive:
                self.start(role)
        assert eventually(self.is_ready, START_WITHIN_S), self.log.read_text()[-3000:]
        return time.monotonic() - began

    def start_cold(self) -> float:
        """gunicorn as an operator starts it, from nothing. Returns the seconds until it serves."""
        began = time.monotonic()
        command = [sys.executable, "-m", "gunicorn", "-b", f"{HOST}:{self.port}"]
        with self.log.open("a") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=os.environ | dict(self.environment), stderr=log, start_new_session=True
            )
        self.alive["web"] = process.pid
        assert eventually(self.is_ready, START_WITHIN_S), self.log.read_text()[-3000:]
        took = time.monotonic() - began
        self.kill("web")
        process.wait()
        return took

    def is_ready(self) -> bool:
        try:
            return requests.get(f"{self.base_url}/readyz", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def kill(self, *roles: str) -> None:
        groups = [self.alive.pop(role) for role in roles if role in self.alive]
        for group in groups:
            strike(group)
        for group in groups:
            end(group)

    def lives(self, role: str) -> bool:
        return role in self.alive and bool(processes(self.alive[role]))

    def open_files(self, role: str) -> int:
        """Of all its processes."""
        return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in processes(self.alive[role]))

    # --- work --------------------------------------------------------------------------------------------------------
    def queue_text(self, to: str = "+13055559999", **fields: Any) -> str:
        """For the messenger. Returns its public id."""
        with self.runtime.write() as ctx:
            row = Message(merchant_id=1, channel=Channel.SMS, kind="remind_due", body="Acme: hello")
            row.our_address, row.their_address = NUMBER, to
            for name, value in fields.items():
                setattr(row, name, value)
            messenger.queue(ctx, row)
            return row.public_id

    def close(self) -> None:
        self.kill(*self.alive)


def strike(group: int) -> None:
    """At once, children included."""
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def end(group: int) -> None:
    """Until none of them is left. Whoever was started by hand is reaped by its Popen."""
    strike(group)
    eventually(lambda: not processes(group), 10)


def processes(group: int) -> list[int]:
    """The living ones of a process group."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _, owner = (folder / "stat").read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(owner) == group and state != "Z":
            found.append(int(folder.name))
    return found


@contextmanager
def founded(database: Database, folder: Path, nursery: Nursery) -> Iterator[Town]:
    """Around a database that has its tables. Nothing is started yet."""
    with ExitStack() as stack:
        port, secret = free_port(), secrets.token_hex(32)
        base_url = f"http://{HOST}:{port}"
        (folder / "clock").write_text(str((NOON - SystemClock().now()).total_seconds()))
        (folder / "log").touch()
        clock = MovableClock(folder / "clock")
        pulse = Pulse()
        outside = Mailboxes(f"sqlite:///{folder / 'outside.sqlite3'}", clock, pulse)
        stack.callback(outside.database.dispose)
        carrier = Memory(outside, base_url, pulse)
        carrier.start()
        stack.callback(carrier.close)
        mail = MailServer(outside)
        mail.start()
        stack.callback(mail.close)
        stripe = stack.enter_context(serving(Bank(clock, pulse=pulse)))  # type: ignore[arg-type]
        environment = {
            "TILL_ENV": Environment.DEVELOPMENT.value,
            "TILL_BASE_URL": base_url,
            "TILL_VAR": str(folder),
            "TILL_WORKER": "false",
            "DATABASE_URL": database.url.render_as_string(hide_password=False),
            "SECRET_KEY": secret,
            "TWILIO_API_BASE": stack.enter_context(served(carrier)),
            "SMTP_URL": mail.url,
            "STRIPE_SECRET_KEY": KEY,
            "STRIPE_WEBHOOK_SECRET": SECRET,
            "STRIPE_API_BASE": stripe.url,
        }
        ports = Ports(carrier, Mailer(), {}, None, DatabaseJobs(database, PACE))  # type: ignore[arg-type]
        site = Site(base_url, Environment.DEVELOPMENT, None)
        runtime = Runtime(database, clock, Signer([secret]), site, ports, ALL_MERCHANTS)
        town = Town(folder, database, clock, outside, pulse, carrier, stripe, nursery, port, environment, runtime)
        stack.callback(town.close)
        yield town


def reference_of(message_id: str) -> str:
    """A message's public id, from its mail's Message-ID."""
    found = re.match(r"<([^@]+)@", message_id)
    assert found is not None, message_id
    return found[1]
