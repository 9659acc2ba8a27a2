"""Stories about money that Hypothesis makes up: begun, settled and taken back by Till's own code, through the port, at
the sandbox bank, against plain numbers. They are compared after every step; at the end of each story everything must
end, and the ledger is proven. Nothing waits for the disk: durability is proven in tests/faults."""

from collections.abc import Iterator

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support.giving_back import GivingBack
from tests.support.ground import Ground

STEPS, STORIES = 50, 10
EVERY_RUN = range(100)
"""Shards, by their seeds. A story takes half a second: `make check` tells a thousand, `make prove` another thousand."""
ALL = range(200)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    ground = Ground(tmp_path_factory.mktemp("ground"))
    yield ground
    ground.close()


@pytest.mark.parametrize("shard", [n if n in EVERY_RUN else pytest.param(n, marks=pytest.mark.prove) for n in ALL])
def test_no_story_breaks_the_ledger(ground: Ground, shard: int) -> None:
    """The same ten each time. One that breaks is told whole: Phase.shrink shortens it, in minutes."""
    machine = hypothesis.seed(shard)(type("GivingBack", (GivingBack,), {"ground": ground}))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=STORIES,
            stateful_step_count=STEPS,
            database=None,
            phases=[Phase.generate],
            # Whatever a story needs that nothing has made yet is skipped; a merchant and its shop take their time.
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
