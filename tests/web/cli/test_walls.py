"""PostgreSQL's walls as the operator sees them: `flask db walls`, and the doctor's line about them."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from models.database import Database
from models.migrations import walls
from models.walls import POLICY
from tests.support.postgres import SUPERUSER
from tests.support.world import World
from web import checkup
from web.findings import State


@pytest.fixture
def world(peopled_world: World) -> Iterator[World]:
    if peopled_world.runtime.database.is_sqlite:
        pytest.skip("SQLite has no row-level security")
    yield peopled_world
    walled(peopled_world, "up")  # the next world is a copy into the same tables


def walled(world: World, state: str) -> str:
    told = world.client.application.test_cli_runner().invoke(args=["db", "walls", state])
    assert told.exit_code == 0, told.output
    return told.output


def is_forced(world: World) -> bool:
    with world.runtime.database.engine.connect() as db:
        return walls.is_forced(db)


def finding(database: Database) -> tuple[State, str]:
    (found,) = (one for one in checkup.of_database(database) if one.name == "Walls")
    return found.state, found.words


def test_it_binds_the_owner_and_lets_it_go(world: World) -> None:
    assert "down" in walled(world, "down")
    assert not is_forced(world)
    assert "up" in walled(world, "up")
    assert is_forced(world)


def test_the_doctor_says_whether_the_walls_stand(world: World) -> None:
    assert finding(world.runtime.database)[0] is State.GOOD
    walled(world, "down")
    state, told = finding(world.runtime.database)
    assert state is State.ADVICE
    assert "flask --app wsgi db walls up" in told


def test_the_doctor_names_a_table_without_a_wall(world: World) -> None:
    with world.runtime.database.engine.begin() as db:
        db.execute(sa.text(f"DROP POLICY {POLICY} ON opt_out"))
    try:
        state, told = finding(world.runtime.database)
    finally:
        with world.runtime.database.engine.begin() as db:
            walls.build(db)
    assert state is State.MISSING
    assert "opt_out" in told
    assert "flask --app wsgi db upgrade" in told


def test_the_doctor_says_that_a_superuser_is_never_asked(world: World) -> None:
    served = Database(world.runtime.database.url.set(username=SUPERUSER).render_as_string(hide_password=False))
    state, told = finding(served)
    served.dispose()
    assert state is State.ADVICE
    assert "superuser" in told
