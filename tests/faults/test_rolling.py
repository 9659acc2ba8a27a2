"""All processes are replaced while they serve: gunicorn is told to renew its own, and workers to end, again and again,
under load."""

import os
import signal
import time

import pytest

from tests.faults.flood import Flood
from tests.faults.people import acme, settle_in
from tests.faults.town import PATIENCE_S, Town, processes
from tests.support.figures import Figure
from tests.support.workers import eventually

ROUNDS = [1, pytest.param(10, marks=pytest.mark.prove)]
PEOPLE = 4
PER_SECOND = 10.0
TEXTS_EACH_ROUND = 8


def reload_web(town: Town) -> None:
    """By gunicorn's HUP. Returns when none of the processes from before is left."""
    master = town.alive["web"]
    before = set(processes(master)) - {master}
    os.kill(master, signal.SIGHUP)
    assert eventually(lambda: not before & set(processes(master)), PATIENCE_S)


def replace_worker(town: Town) -> None:
    """The new one first: what the old one runs, it finishes."""
    old = town.alive.pop("worker")
    town.start("worker")
    os.kill(old, signal.SIGTERM)
    assert eventually(lambda: not processes(old), PATIENCE_S)


@pytest.mark.parametrize("rounds", ROUNDS)
def test_it_loses_nothing_while_it_is_replaced(town: Town, rounds: int, figure: Figure) -> None:
    if town.database.is_sqlite:
        pytest.skip("one process: its restart is a pause, as docs/operations.md says")
    acme(town)
    people = settle_in(town, PEOPLE)
    town.start_all()
    flood = Flood(
        town, [phone for some in people for phone in some.texters], [some.payers[0][0] for some in people], PER_SECOND
    )
    sent = []
    with flood.running():
        assert eventually(lambda: flood.is_well_again(0), PATIENCE_S)
        for _ in range(rounds):
            sent += [town.queue_text(f"+1305555{n + 5000}") for n in range(TEXTS_EACH_ROUND)]
            reload_web(town)
            replace_worker(town)
        replaced = time.monotonic()
        assert eventually(lambda: flood.is_well_again(replaced), PATIENCE_S), flood.statuses()

    assert set(flood.statuses()) == {200}
    flood.ends_well(sent)
    figure(
        "O14 rolling restart",
        "postgresql",
        web_reloads=rounds,
        workers_replaced=rounds,
        asked=len(flood.answers),
        errors=sum(count for status, count in flood.statuses().items() if status != 200),
        texts_sent_once=len(sent),
        lost=len(flood.faults()),
    )
