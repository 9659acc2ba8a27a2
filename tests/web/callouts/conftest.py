"""Receivers that mean no good: one that drips its answer, one whose answer never ends."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


def _serve(talk: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    server, over = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def run() -> None:
        try:
            connection, _ = server.accept()
            with connection:
                talk(connection, over)
        except OSError:
            return  # they hung up: that is the point

    thread = threading.Thread(target=run)
    thread.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}/"
    over.set()
    server.close()
    thread.join()


def _drip(connection: socket.socket, over: threading.Event) -> None:
    while not over.wait(0.05):
        connection.sendall(b"X")


def _pour(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(HEAD)
    while not over.is_set():
        connection.sendall(b"x" * 65_536)


@pytest.fixture
def dripping() -> Iterator[str]:
    yield from _serve(_drip)


@pytest.fixture
def endless() -> Iterator[str]:
    yield from _serve(_pour)
