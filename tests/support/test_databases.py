"""The floor under all storage tests: both databases are real, empty and the versions we say."""

import socket

import pytest
import pytest_socket
import sqlalchemy as sa


def test_it_runs_on_both_databases(database_url: str) -> None:
    engine = sa.create_engine(database_url, poolclass=sa.NullPool)

    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT 1")) == 1


def test_it_starts_from_an_empty_database(database_url: str) -> None:
    engine = sa.create_engine(database_url, poolclass=sa.NullPool)

    assert sa.inspect(engine).get_table_names() == []


def test_it_lets_nothing_leave_this_machine() -> None:
    with socket.socket() as outward, pytest.raises(pytest_socket.SocketConnectBlockedError):
        outward.connect(("192.0.2.1", 443))
