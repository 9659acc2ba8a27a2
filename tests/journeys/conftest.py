"""A fresh world for each journey, on each database."""

import pytest

from tests.support.world import World


@pytest.fixture
def world(peopled_world: World) -> World:
    return peopled_world
