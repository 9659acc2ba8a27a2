"""No room, or no leave to write: 503, nothing half written, and on it goes once the disk does, without a restart."""

import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from models.base import Base
from models.database import Database
from payments import audit
from tests.faults.deeds import on_its_way
from tests.faults.flood import Flood
from tests.faults.people import acme, settle_in
from tests.faults.town import PATIENCE_S, Town, founded
from tests.faults.warm import Nursery
from tests.support.databases import sqlite_url
from tests.support.figures import Figure
from tests.support.workers import eventually
from web import engine

SMALL_MB = 16
SIZES_MB = [SMALL_MB, pytest.param(64, marks=pytest.mark.prove)]
PEOPLE = 2
PER_SECOND = 20.0
BLOCK = 4096


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """In memory, of this size."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("only who may mount can make a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", getattr(request, "param", SMALL_MB)) as mounted:
        yield mounted


@pytest.fixture
def town(disk: Path, tmp_path: Path, nursery: Nursery) -> Iterator[Town]:
    """Its database alone is on the small disk."""
    database = Database(sqlite_url(disk))
    engine.migrate(database)
    Base.metadata.create_all(database.engine)
    with founded(database, tmp_path, nursery) as made:
        yield made
    database.dispose()


def fill(disk: Path) -> Path:
    """To the last block."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as opened:
        try:
            while True:
                opened.write(b"\0" * BLOCK)
        except OSError:
            return filler


def flood_of(town: Town) -> Flood:
    acme(town)
    people = settle_in(town, PEOPLE)
    phones = [phone for some in people for phone in some.texters]
    return Flood(town, phones, [link for some in people for link, _ in some.payers], PER_SECOND)


def check(town: Town, flood: Flood) -> None:
    """Every answer was 200 or 503, whatever was acknowledged is there once, and nothing is damaged."""
    assert set(flood.statuses()) <= {200, 503}
    assert all(answer.retry_after for answer in flood.answers if answer.status == 503)
    assert flood.faults() == []
    with sqlite3.connect(town.database.url.database or "") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    with town.database.read() as session:
        assert audit.verify(session) == []


@pytest.mark.parametrize("disk", SIZES_MB, indirect=True)
def test_it_waits_for_room_on_a_full_disk(town: Town, disk: Path, figure: Figure) -> None:
    flood = flood_of(town)
    town.start_all()
    web = town.alive["web"]
    with flood.running():
        assert eventually(lambda: flood.is_well_again(0), PATIENCE_S)
        filler = fill(disk)
        assert eventually(lambda: flood.statuses()[503] >= 20, PATIENCE_S), flood.statuses()
        filler.unlink()
        freed = time.monotonic()
        assert eventually(lambda: flood.is_well_again(freed), PATIENCE_S), flood.statuses()
        recovered_s = time.monotonic() - freed

    assert eventually(lambda: not on_its_way(town), PATIENCE_S)
    assert town.alive["web"] == web
    check(town, flood)
    figure(
        "O6 disk full",
        "sqlite",
        megabytes=shutil.disk_usage(disk).total >> 20,
        asked=len(flood.answers),
        answered_503=flood.statuses()[503],
        acknowledged=sum(text.acknowledged for text in flood.texts),
        lost=len(flood.faults()),
        slowest_recovery_s=recovered_s,
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only who may mount can make a disk read-only")
def test_it_waits_for_leave_to_write(town: Town, disk: Path, figure: Figure) -> None:
    """Started on a file system that is read-only, as after a fault of the disk."""
    flood = flood_of(town)
    town.database.dispose()
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    try:
        town.start("web")
        with flood.running():
            assert eventually(lambda: flood.statuses()[503] >= 20, PATIENCE_S), flood.statuses()
            subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
            freed = time.monotonic()
            assert eventually(lambda: flood.is_well_again(freed), PATIENCE_S), flood.statuses()
            recovered_s = time.monotonic() - freed
    finally:
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)

    town.queue_text()
    assert eventually(lambda: not on_its_way(town), PATIENCE_S), town.log.read_text()[-3000:]
    assert set(flood.statuses()) <= {0, 200, 503}
    figure(
        "O6 read-only file system",
        "sqlite",
        answered_503=flood.statuses()[503],
        slowest_recovery_s=recovered_s,
    )
