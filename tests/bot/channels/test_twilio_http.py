"""Twilio's API when it does not behave: nobody there, no answer, an answer that makes no sense."""

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bot.channels.twilio import TwilioSms
from bot.channels.twilio_rest import TIMEOUTS_S, RebasedHttpClient
from models.errors import ProviderError
from tests.support.wire import ACME, ALICE, Wire, outbound, served


@contextmanager
def answering(status: str, body: str) -> Iterator[str]:
    """Answers one request so, whatever it was."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
            connection.recv(65_536)  # until the client hangs up: closing on unread bytes would reset the answer

    thread = threading.Thread(target=answer)
    thread.start()
    client = f"http://127.0.0.1:{listener.getsockname()[1]}"
    yield client
    thread.join()
    listener.close()


def failure(base: str) -> ProviderError:
    http = RebasedHttpClient(base)
    with pytest.raises(ProviderError) as caught:
        TwilioSms(http).send(outbound())
    assert http.session is not None
    http.session.close()
    return caught.value


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("201 Created", "not json"),
        ("201 Created", "[]"),
        ("201 Created", "{}"),
        ("500 Oops", "<html>oops</html>"),
        ("502 Bad Gateway", ""),
        ("504 Gateway Timeout", '{"code": 20504, "message": "late", "status": 504}'),
    ],
)
def test_it_does_not_know_what_an_unreadable_answer_means(status: str, body: str) -> None:
    with answering(status, body) as base:
        error = failure(base)
    assert (error.permanent, error.accepted_unknown) == (False, True)


def test_it_reads_a_refusal_in_the_newer_format() -> None:
    problem = '{"type": "https://x", "title": "no", "status": 400, "code": 21610}'
    with answering("400 Bad Request", problem) as base:
        error = failure(base)
    assert (error.code, error.permanent) == ("21610", True)


def test_it_knows_that_nobody_took_it_where_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    error = failure(f"http://127.0.0.1:{port}")
    assert (error.code, error.permanent, error.accepted_unknown) == ("unreachable", False, False)


def test_it_waits_only_so_long() -> None:
    assert repr(RebasedHttpClient().timeout) == repr(TIMEOUTS_S)


def test_it_logs_no_phone_number_and_no_words(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with served(wire.carrier) as base:
        channel = TwilioSms(RebasedHttpClient(base))
        channel.send(outbound("Acme: your code"))
        channel.find(outbound())
    assert not any(secret in caplog.text for secret in (ALICE[1:], ACME[1:], "your code"))
