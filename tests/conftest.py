"""What every test runs under: which databases, one PostgreSQL for the whole run, one Chromium per module."""

import gc
import os
from collections.abc import Iterator
from contextlib import ExitStack

import hypothesis
import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from tests.support.browser import DESKTOP, ColorScheme, OpenPage, missing, running_chromium
from tests.support.databases import BACKENDS, postgres_url, sqlite_url
from tests.support.memory import roomy
from tests.support.postgres import running_server

pytest_plugins = ["tests.support.fixtures", "tests.support.figures"]

SERVER = pytest.StashKey[str]()

# No deadlines: a slow machine is no fault of the code. CI repeats itself; `make fuzz` explores.
hypothesis.settings.register_profile("default", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.register_profile("fuzz", deadline=None, max_examples=5_000)
hypothesis.settings.load_profile("ci" if "CI" in os.environ else "default")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--db", default=",".join(BACKENDS), help="the databases to test on: sqlite, postgresql or both")
    parser.addoption("--points", default=500, type=int, help="how often `make prove` kills, over both databases")
    parser.addoption("--seed", default=1, type=int, help="where the random points of the kills begin")


def pytest_configure() -> None:
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each process that tests start compiles all libraries again
    if (memory := roomy()) is not None:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))  # the parent of every tmp_path


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_url" in metafunc.fixturenames:
        chosen = backends(metafunc.config)
        if any(map(metafunc.definition.get_closest_marker, ("browser", "one_database"))):
            chosen = chosen[:1]  # how a page looks, or what is decided from facts, is no matter of the database
        metafunc.parametrize("database_url", chosen, indirect=True, scope="session")


def pytest_collection_finish() -> None:
    """Modules and nine thousand tests stay: the collector need not walk them again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """With xdist the process above the workers starts the server, since it outlives them."""
    config: pytest.Config = node.config  # type: ignore[attr-defined]
    if "postgresql" in backends(config):
        node.workerinput["postgres"] = postgres_server(config)  # type: ignore[attr-defined]


def backends(config: pytest.Config) -> list[str]:
    chosen: list[str] = config.getoption("--db").split(",")
    if unknown := set(chosen) - set(BACKENDS):
        raise pytest.UsageError(f"--db knows {', '.join(BACKENDS)}, not {', '.join(unknown)}")
    return chosen


def postgres_server(config: pytest.Config) -> str:
    """The run's one server, started by the first who asks and stopped when pytest ends, however it ends."""
    if hasattr(config, "workerinput"):
        return str(config.workerinput["postgres"])
    if SERVER not in config.stash:
        stack = ExitStack()
        config.add_cleanup(stack.close)
        config.stash[SERVER] = stack.enter_context(running_server())
    return config.stash[SERVER]


@pytest.fixture(scope="session")
def database_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Iterator[str]:
    """One database per backend and process, empty at first: what is in it is the test's own to isolate."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path_factory.mktemp("sqlite"))
        return
    with postgres_url(postgres_server(request.config), f"till_{worker_id}") as url:
        yield url


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One per module, not per run: while playwright runs, its event loop counts as running for other tests as well."""
    if reason := missing():
        if "CI" in os.environ:
            pytest.fail(f"CI must run the browser tests: {reason}")
        pytest.skip(reason)
    with running_chromium() as browser:
        yield browser


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[OpenPage]:
    """`open_page(viewport=PHONE, color_scheme="dark")`: a page with cookies of its own."""
    with ExitStack() as stack:

        def new_page(viewport: ViewportSize = DESKTOP, color_scheme: ColorScheme = "light", **options: object) -> Page:
            context = chromium.new_context(viewport=viewport, color_scheme=color_scheme, **options)  # type: ignore[arg-type]
            stack.callback(context.close)
            return context.new_page()

        yield new_page
