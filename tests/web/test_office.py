"""The console and the API join a serving process when they are first asked for: nobody notices but who waits."""

import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.world import World
from web import office
from web.app import create_app
from web.office import LateOffice

Serve = Callable[[dict[str, Any], Any], Iterable[bytes]]


@pytest.fixture
def late(world: World) -> Flask:
    """As `gunicorn` serves it: no sandbox, and the office behind its door."""
    extensions = world.client.application.extensions
    settings = extensions["till.settings"].model_copy(update={"sms": "twilio", "email": "smtp", "payments": "stripe"})
    return create_app(settings, extensions["till.assembly"], late_office=True)


def is_open(app: Flask) -> bool:
    assert isinstance(app.wsgi_app, LateOffice)
    return app.wsgi_app.is_open


def answers(client: FlaskClient, *paths: str) -> list[int]:
    return [client.get(path).status_code for path in paths]


def test_it_stays_away_from_customers(late: Flask) -> None:
    assert answers(late.test_client(), "/healthz", "/m/acme", "/m/consoles", "/nothing/console") == [200, 200, 404, 404]
    assert not is_open(late)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/console", 303),
        ("/console/sign-in", 200),
        ("/api/v1/customers", 401),
        ("/api/v1/openapi.json", 200),
        ("/api/nothing", 404),
    ],
)
def test_it_is_there_when_asked_for(late: Flask, world: World, path: str, status: int) -> None:
    first, again = late.test_client().get(path), late.test_client().get(path)
    assert is_open(late)
    assert first.status_code == again.status_code == world.client.get(path).status_code == status
    assert first.content_type == world.client.get(path).content_type


def test_customers_are_served_as_before_once_it_is_open(late: Flask) -> None:
    client = late.test_client()
    before = answers(client, "/m/acme", "/healthz", "/console/sign-in", "/nothing")
    assert answers(client, "/m/acme", "/healthz", "/console/sign-in", "/nothing") == before == [200, 200, 200, 404]


def test_every_address_of_the_office_opens_it(world: World) -> None:
    front = Flask("front", static_folder=None)
    office.install(front)
    theirs = {rule.rule for rule in front.url_map.iter_rules()}
    assert theirs < {rule.rule for rule in world.client.application.url_map.iter_rules()}
    assert {rule for rule in theirs if not rule.startswith(office.PATHS)} == set()


def served(text: bytes) -> Serve:
    return lambda _environ, _start: [text]


def ask(late: LateOffice, path: str) -> bytes:
    return b"".join(late({"PATH_INFO": path}, lambda *_: lambda _: None))


def test_two_who_ask_at_once_make_one() -> None:
    made: list[str] = []
    meet = threading.Barrier(2)

    def make() -> Serve:
        made.append("one")
        return served(b"whole")

    late, got = LateOffice(served(b"front"), make), list[bytes]()

    def come() -> None:
        meet.wait()
        got.append(ask(late, "/console/"))

    threads = [threading.Thread(target=come) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (made, got) == (["one"], [b"whole", b"whole"])


def test_it_tries_anew_where_it_could_not_be_made() -> None:
    troubles = [OSError("no file left")]

    def make() -> Serve:
        if troubles:
            raise troubles.pop()
        return served(b"whole")

    late = LateOffice(served(b"front"), make)
    with pytest.raises(OSError, match="no file left"):
        ask(late, "/api/v1/customers")
    assert ask(late, "/m/acme") == b"front"
    assert ask(late, "/api/v1/customers") == b"whole"
