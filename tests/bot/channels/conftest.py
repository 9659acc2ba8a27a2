"""A carrier with phones of its own for every test."""

from pathlib import Path

import pytest

from tests.support.wire import Wire


@pytest.fixture
def wire(tmp_path: Path) -> Wire:
    return Wire(tmp_path)
