"""Programs of Acme and of Globex, with live and with test keys."""

import pytest

from models.merchant import Mode
from tests.support.program import Program, program
from tests.support.world import World


@pytest.fixture
def acme(world: World) -> Program:
    return program(world)


@pytest.fixture
def globex(world: World) -> Program:
    return program(world, "globex")


@pytest.fixture
def sandboxed(world: World) -> Program:
    """Acme's, with a test key."""
    return program(world, mode=Mode.TEST)
