"""The release before and this one take turns under load, as docs/operations.md has it: the schema first, while the old
one serves; then the web process behind a socket that stays, while another stands in; then the worker; and back, on
the newer schema."""

import io
import os
import shutil
import socket
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from models import migrations
from models.database import Database
from tests.faults.flood import Flood
from tests.faults.people import acme, settle_in
from tests.faults.town import HOST, PATIENCE_S, Town, founded
from tests.faults.warm import ROOT, Nursery
from tests.support.figures import Figure
from tests.support.workers import eventually, sibling_url
from web import engine

VERSIONS = "models/migrations/versions"
PEOPLE = 4
PER_SECOND = 10.0
TEXTS_EACH = 3
"""A number sends one a second."""
BACKLOG = 2048


def git(*words: str) -> bytes:
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True).stdout


@pytest.fixture
def town(database_url: str, tmp_path: Path, nursery: Nursery) -> Iterator[Town]:
    """On tables that migrations made."""
    with sibling_url(database_url, tmp_path, "releases") as url:
        database = Database(url)
        migrations.upgrade(database.engine)
        engine.migrate(database)
        with founded(database, tmp_path, nursery) as made:
            yield made
        database.dispose()


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """The newest release whose schema is an older one."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("no history here")
    added = git("log", "-1", "--diff-filter=A", "--format=%H", "--", VERSIONS).decode().strip()
    with tarfile.open(fileobj=io.BytesIO(git("archive", f"{added}^"))) as tree:
        tree.extractall(tmp_path / "before", filter="data")
    return tmp_path / "before"


def head_of(release: Path) -> str:
    return max(path.name[:4] for path in (release / VERSIONS).glob("[0-9]*.py"))


class Service:
    """What systemd does: holds the socket, starts units behind it, and takes one as started when it says so."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._socket = socket.create_server((HOST, town.port), backlog=BACKLOG)
        self._environment = os.environ | dict(town.environment) | {"TILL_WORKER": "true"}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def replace_web(self, release: Path) -> None:
        """What runs is ended while the one that follows serves already, by another name."""
        self.start_web(release, "till-web-next")
        self._end("till-web")
        self.start_web(release)
        self._end("till-web-next")

    def start_web(self, release: Path, unit: str = "till-web") -> None:
        """Returns when it says that it is ready."""
        fd, notify = self._socket.fileno(), f"till-{self._town.port}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
            heard.bind(f"\0{notify}")
            heard.settimeout(PATIENCE_S)
            self._environment["NOTIFY_SOCKET"] = f"@{notify}"
            command = ("-m", "gunicorn", "--bind", f"fd://{fd}", "--log-level", "error")
            self._start(unit, release, *command, pass_fds=(fd,))
            assert heard.recv(BACKLOG).startswith(b"READY=1"), self._town.log.read_text()[-3000:]

    def restart_worker(self, release: Path) -> None:
        self._end("till-worker")
        self._start("till-worker", release, "-m", "flask", "--app", "wsgi", "worker")

    def migrate(self, release: Path) -> None:
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
        subprocess.run(command, cwd=release, env=self._environment, check=True)

    def _start(self, unit: str, release: Path, *words: str, pass_fds: tuple[int, ...] = ()) -> None:
        with self._town.log.open("a") as log:
            self._running[unit] = subprocess.Popen(
                [sys.executable, *words], cwd=release, env=self._environment, stdout=log, stderr=log, pass_fds=pass_fds
            )

    def _end(self, unit: str) -> None:
        if (process := self._running.pop(unit, None)) is not None:
            process.terminate()
            process.wait(PATIENCE_S)

    def close(self) -> None:
        for unit in list(self._running):
            self._end(unit)
        self._socket.close()


@pytest.fixture
def service(town: Town) -> Iterator[Service]:
    made = Service(town)
    yield made
    made.close()


@pytest.mark.prove
def test_it_loses_nothing_while_one_release_follows_another_and_goes_back(
    town: Town, service: Service, before: Path, figure: Figure
) -> None:
    acme(town)
    people = settle_in(town, PEOPLE)
    migrations.downgrade(town.database.engine, head_of(before))
    sent: list[str] = []
    service.start_web(before)
    if not town.database.is_sqlite:
        service.restart_worker(before)
    flood = Flood(
        town, [phone for some in people for phone in some.texters], [some.payers[0][0] for some in people], PER_SECOND
    )
    with flood.running():
        assert eventually(lambda: flood.is_well_again(0), PATIENCE_S), flood.statuses()
        service.migrate(ROOT)
        for release in (ROOT, before, ROOT):
            sent += [town.queue_text(f"+1305555{n + 5000}") for n in range(len(sent), len(sent) + TEXTS_EACH)]
            service.replace_web(release)
            if not town.database.is_sqlite:
                service.restart_worker(release)
    longest = max(one.ended - one.began for one in flood.answers)
    assert set(flood.statuses()) == {200}
    flood.ends_well(sent)
    figure(
        "O14 upgrade and rollback",
        town.database.engine.dialect.name,
        releases_started=4,
        asked=len(flood.answers),
        errors=sum(count for status, count in flood.statuses().items() if status != 200),
        slowest_answer_s=round(longest, 1),
        texts_sent_once=len(sent),
        lost=len(flood.faults()),
    )
