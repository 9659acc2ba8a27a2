"""What is answered has been committed: not when the response closes, when a killed process would take it along."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from models.base import Base
from models.walls import ALL_MERCHANTS
from tests.support import records
from tests.support.program import program
from tests.support.visitor import Visitor
from tests.support.world import ALICE, ALICE_EMAIL, World
from web.crowd import MANY, Crowd

Rows = dict[str, int]
_COUNTS = sa.union_all(
    *(
        sa.select(sa.literal(table.name), sa.func.count()).select_from(table)
        for table in Base.metadata.sorted_tables
        if table.name != "limit_count"
    )
)


class Witness:
    """Sees in the database, from outside of the request, what is there when its answer begins."""

    def __init__(self, world: World, application: Callable[..., Iterable[bytes]]) -> None:
        self._database, self._application = world.runtime.database, application
        self.before: Rows = self._rows()
        self.answered: list[Rows] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, *rest: Any) -> Any:
            if environ["REQUEST_METHOD"] == "POST":
                assert status[0] in "23", status
                self.answered.append(self._rows())
            return start_response(status, *rest)

        return self._application(environ, start)

    def _rows(self) -> Rows:
        with self._database.read(ALL_MERCHANTS) as session:
            return {row[0]: row[1] for row in session.execute(_COUNTS)}

    def saw_all(self, *written: str) -> None:
        """Of the one request that wrote: rows of these tables were there, and nothing more came after."""
        (answered,) = self.answered
        assert [name for name in written if answered[name] <= self.before[name]] == []
        assert answered == self._rows()


@pytest.fixture
def watch(world: World) -> Iterator[Callable[[], Witness]]:
    app = world.client.application
    served = app.wsgi_app

    def begin() -> Witness:
        witness = Witness(world, served)
        app.wsgi_app = witness  # type: ignore[method-assign]
        return witness

    yield begin
    app.wsgi_app = served  # type: ignore[method-assign]


def test_it_has_committed_a_text_and_its_answer(world: World, watch: Callable[[], Witness]) -> None:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    witness = watch()
    world.carrier.text(phone.merchant.twilio_account_sid or "", ALICE, phone.merchant.number or "", "what do I owe?")
    witness.saw_all("message")


def test_it_has_committed_a_text_that_it_puts_off(world: World, watch: Callable[[], Witness]) -> None:
    world.client.application.extensions["till.crowd"] = Crowd(lambda: MANY)
    acme = world.merchants["acme"]
    witness = watch()
    world.carrier.text(acme.twilio_account_sid or "", ALICE, acme.number or "", "what do I owe?")
    witness.saw_all("received_text")


def test_it_has_committed_what_was_pressed(world: World, watch: Callable[[], Witness]) -> None:
    url = records.link(world, "INV-1042")
    alice = Visitor(world)
    alice.opens(url)
    witness = watch()
    alice.presses_pay(url)
    witness.saw_all("payment")


def test_it_has_committed_what_a_program_ordered(world: World, watch: Callable[[], Witness]) -> None:
    acme = program(world)
    witness = watch()
    assert acme.post("/customers", {"name": "Carol"}, key="k1").status == 201
    witness.saw_all("customer", "api_answer")
