"""What tests of the job engine need: a database of its own, a Runtime on it, and patience with threads."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from models.clock import Clock
from models.context import Environment, Ports, Runtime, Site
from models.database import Database
from models.ports import EmailChannel, Jobs, SmsAccount, SmsChannel
from models.signing import Signer
from models.walls import ALL_MERCHANTS
from tests.support.databases import postgres_url, sqlite_url

SITE = Site("https://till.example", Environment.DEVELOPMENT, SmsAccount("AC" + "0" * 32, "token"))


@contextmanager
def sibling_url(database_url: str, folder: Path, name: str) -> Iterator[str]:
    """Another empty database of the same kind, for what the run's shared one must not see: tables, threads, kills."""
    if database_url.startswith("sqlite"):
        yield sqlite_url(folder)
        return
    server, _, database = database_url.rpartition("/")
    with postgres_url(server, f"{database}_{name}") as sibling:
        yield sibling


def runtime_on(database: Database, clock: Clock, jobs: Jobs, sms: SmsChannel, email: EmailChannel) -> Runtime:
    """Without gateways: whoever asks for one has the wrong Runtime."""
    ports = Ports(sms=sms, email=email, gateways={}, gateway=None, jobs=jobs)  # type: ignore[arg-type]
    return Runtime(database, clock, Signer(["k" * 32]), SITE, ports, ALL_MERCHANTS)


def eventually(condition: Callable[[], object], within_s: float = 20.0) -> bool:
    """Polls until true. The limit only ends a test that fails."""
    give_up_at = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > give_up_at:
            return False
        time.sleep(0.02)
    return True
