"""What a web process loads before its first answer, and what is there all the same when it is asked for: each process
of every deployment pays in seconds and in memory."""

import socket
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click
import pytest

from web import cli
from web.withheld import postponed

ROOT = Path(__file__).parents[2]
HEAVY = {
    *("aiohttp", "aiosmtpd", "alembic", "cryptography", "css_inline", "dbos", "httpx", "PIL", "psycopg", "pygments"),
    *("requests", "rich", "segno", "spectree", "sqlalchemy.dialects.postgresql", "stripe", "urllib3"),
    *("web.api.surface", "web.bank", "web.checkup", "web.cli.demo", "web.console", "web.sandbox", "web.simulator"),
}
"""What only commands, jobs, PostgreSQL, merchants or the sandbox need, or nobody at all."""


def _loaded(code: str, database_url: str) -> Sequence[set[str]]:
    """What of HEAVY a process has that gunicorn started, wherever `code` prints its modules."""
    code = f"import sys; sys.argv = ['/usr/bin/gunicorn']; import wsgi\n{code}"
    environment = {
        "DATABASE_URL": database_url,
        "SECRET_KEY": "0123456789abcdef" * 4,
        "SMTP_URL": "smtp://127.0.0.1:9",
        "STRIPE_SECRET_KEY": "sk_live_0",
        "STRIPE_WEBHOOK_SECRET": "whsec_0",
        "TILL_BASE_URL": "https://till.example",
    }
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return [HEAVY & set(line.split()) for line in run.stdout.splitlines()]


def test_it_loads_nothing_before_somebody_needs_it(tmp_path: Path) -> None:
    code = """
assert "/p/<token>" in [rule.rule for rule in wsgi.app.url_map.iter_rules()]
print(*sys.modules)
import web.jobs
print(*sys.modules)
wsgi.app.extensions["till"].ports.gateway.forget
print(*sys.modules)
"""
    at_first, at_work, with_a_payment = _loaded(code, f"sqlite:///{tmp_path}/till.sqlite3")
    assert at_first == set()
    assert at_work == {"dbos", "sqlalchemy.dialects.postgresql"}
    assert with_a_payment - at_work == {"requests", "stripe", "urllib3"}


def test_it_serves_without_the_engine_on_postgresql() -> None:
    code = """
from web.app import start
start(wsgi.app)
wsgi.app.extensions["till.warming"].join()
print(*sys.modules)
"""
    assert _loaded(code, "postgresql+psycopg://127.0.0.1:9/nowhere") == [{"psycopg", "sqlalchemy.dialects.postgresql"}]


def test_what_was_postponed_comes_when_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "far_away"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "errors.py").write_text("class Lost(Exception): ...")
    monkeypatch.syspath_prepend(tmp_path)
    with postponed("far_away", "errors"):
        package, module = import_module("far_away"), import_module("far_away.errors")
        with pytest.raises(AttributeError, match=r"far_away\.errors, postponed, has no Lost yet"):
            module.Lost  # noqa: B018
    assert not {"far_away", "far_away.errors"} & set(sys.modules)
    assert package.errors is module
    assert module.Lost is import_module("far_away.errors").Lost


def test_gunicorn_itself_loads_nothing_that_a_release_may_change() -> None:
    code = "import runpy, sys; runpy.run_path('gunicorn.conf.py'); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    loaded = {name.partition(".")[0] for name in run.stdout.split()}
    assert loaded & {"bot", "models", "payments", "web", "wsgi", "flask", "prometheus_client", "sqlalchemy"} == set()
    assert "gc" in loaded


def test_gunicorn_leaves_it_to_who_serves_to_say_that_they_do() -> None:
    code = """
import os, runpy
settings = runpy.run_path("gunicorn.conf.py")
assert "NOTIFY_SOCKET" not in os.environ
settings["_tell_systemd"]()
"""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("")  # the kernel finds a name
        environment = {"NOTIFY_SOCKET": systemd.getsockname().decode().replace("\0", "@")}
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)
        assert systemd.recv(100, socket.MSG_DONTWAIT) == b"READY=1"


def test_it_lists_every_command_and_loads_each_by_its_name() -> None:
    app = cli.bare_app()
    told = app.test_cli_runner().invoke(args=["--help"]).output
    commands = {name: app.cli.get_command(click.Context(app.cli), name) for name in cli.COMMANDS}
    assert {name: command and command.name for name, command in commands.items()} == {name: name for name in commands}
    assert all(f"\n  {name} " in told for name in commands)


@pytest.mark.parametrize("program", ["/srv/till/.venv/bin/gunicorn", "/srv/flask/.venv/bin/gunicorn"])
def test_it_is_the_whole_application_for_a_server_without_a_word(program: str) -> None:
    assert not cli.is_standalone([program])


@pytest.mark.parametrize("program", ["/srv/till/.venv/bin/flask", "/venv/site-packages/flask/__main__.py"])
def test_it_is_bare_for_newcomers_commands(program: str) -> None:
    assert cli.is_standalone([program])
    assert cli.is_standalone([program, "--app", "wsgi", "db", "check"])
    assert not cli.is_standalone([program, "--app", "wsgi", "db", "upgrade"])
