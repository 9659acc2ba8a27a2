"""The floor under all storage tests: both databases are real, and a new one is empty."""

import socket
from pathlib import Path

import pytest
import pytest_socket
import sqlalchemy as sa

from tests.support.workers import sibling_url


def test_it_runs_on_both_databases(database_url: str) -> None:
    engine = sa.create_engine(database_url, poolclass=sa.NullPool)

    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT 1")) == 1


def test_it_makes_empty_databases(database_url: str, tmp_path: Path) -> None:
    with sibling_url(database_url, tmp_path, "empty") as url:
        engine = sa.create_engine(url, poolclass=sa.NullPool)

        assert sa.inspect(engine).get_table_names() == []


def test_it_lets_nothing_leave_this_machine() -> None:
    with socket.socket() as outward, pytest.raises(pytest_socket.SocketConnectBlockedError):
        outward.connect(("192.0.2.1", 443))
